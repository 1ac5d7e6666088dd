import pytest

from pipeline.errors import UsageError
from pipeline.report import find_templates, to_html, write_page
from tests.figures.frames import NASTY
from tests.report.asked import Reader, answered
from tests.tiny_warehouse import tiny_warehouse

TEXT = (
    "<!-- each: model; contents: Models -->\n# Of {model}\nThe model {model}.\n"
    "```query zoo model=$model\nOf {model}\n```\n"
    "```findings zoo model=$model\n{model}\n```\n"
    "```figure heatmap model=$model metric=mean\n```\n"
)
HOSTILE = '</script><script>alert("1")</script>' + NASTY


@pytest.fixture
def hostile(tmp_path):
    stats = {"mean": 1.0, "n_elements": 4, "n_finite": 4}
    return tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[{"model": HOSTILE, "n_layers": 2}],
        tensors=[{"model": HOSTILE, "tensor": HOSTILE, "layer": 0}],
        tensor_stats=[{"model": HOSTILE, "tensor": HOSTILE, **stats}],
    )


def test_names_that_are_markup_stay_text(hostile):
    page = Reader(to_html(answered(hostile, TEXT)))
    assert "script" not in page.tags
    assert "b" not in page.tags[: page.tags.index("section")]
    assert '</script><script>alert("1")</script>' in page.text
    assert "模型" in page.text


def test_nothing_is_fetched_and_every_link_arrives(zoo):
    from pipeline.report import compose, find_scope
    from tests.report.asked import FACTS

    document = compose(zoo, find_scope(zoo), find_templates(), FACTS)
    page = Reader(to_html(document))
    assert page.fetched
    assert all(each.startswith(("data:", "#")) for each in page.fetched)
    assert {link.removeprefix("#") for link in page.links} <= page.anchors


def test_the_style_is_style_and_not_text(zoo):
    page = to_html(answered(zoo, "# T\nx"))
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "&#34;" not in style
    assert '[style*="stroke: #000000"]' in style


def test_the_same_warehouse_gives_the_same_page(zoo):
    assert to_html(answered(zoo, TEXT)) == to_html(answered(zoo, TEXT))


def test_a_page_appears_whole_or_not_at_all(zoo, tmp_path):
    path = tmp_path / "report.html"
    n_bytes = write_page(answered(zoo, TEXT), path)
    assert path.stat().st_size == n_bytes
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError, match="absent: the folder does not exist"):
        write_page(answered(zoo, TEXT), tmp_path / "absent" / "x.html")


def test_one_tensor_no_value_and_one_step_are_pages_too(tmp_path):
    """Bad input of a whole report: what cannot be shown says why, the rest is there."""
    from pipeline.report import compose, find_scope
    from tests.report.asked import FACTS

    solo = {"model": "solo", "revision": "step-1", "step": 1}
    root = tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[{"model": "one", "n_tensors": 1}, {**solo, "series": "solo"}],
        tensors=[
            {"model": "one", "tensor": "w", "n_rows": 2, "n_cols": 2, "layer": 0},
            {**solo, "tensor": "w", "n_rows": 2, "n_cols": 2, "layer": 0},
        ],
        tensor_stats=[
            {"model": "one", "tensor": "w", "n_elements": 4},  # every metric is null
            {**solo, "tensor": "w", "n_elements": 4, "frobenius_norm": 2.0},
        ],
        spectra=[{"model": "one", "tensor": "w", "status": "non_finite"}],
        training_log=[{**solo, "metric": "loss", "value": 3.0}],
    )
    document = compose(root, find_scope(root), find_templates(), FACTS)
    page = Reader(to_html(document))
    assert {section.title for section in document.sections} >= {
        "At a glance",
        "one",
        "solo over training",
        "Reproduction",
    }
    assert "Nothing to draw" in page.text
    assert "non_finite" in page.text
    assert "Traceback" not in page.text
