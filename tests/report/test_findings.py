import pyarrow as pa
import pytest

from pipeline.errors import UsageError
from pipeline.report.findings import prose_text, read_request, view_findings
from pipeline.report.ledger import Answer
from pipeline.report.prose import to_text


def view(rows, body, n_rows=5):
    names = pa.table({"tensor": pa.array([], pa.string())})
    answer = Answer(pa.Table.from_pylist(rows) if rows else names, {}, 7)
    return view_findings(answer, read_request(body, "t.md"), {"model": "m"}, n_rows)


def test_each_row_is_a_sentence_with_its_evidence():
    names = ("tensor", "effect_size", "ci_low", "ci_high", "q_value")
    rows = [
        dict(zip(names, ("a", 2.0, 1.5, 2.5, 0.01), strict=True)),
        dict(zip(names, ("b", None, None, None, 0.5), strict=True)),
    ]
    found = view(rows, "{tensor} of {model}\n---\nselect 1")
    assert [to_text(item.sentence) for item in found.items] == ["a of m", "b of m"]
    assert [text for _, text in found.items[0].measures] == [
        "effect 2",
        "95 % interval 1.5 … 2.5",
        "q = 0.01",
    ]
    assert [text for _, text in found.items[1].measures] == ["q = 0.5"]
    assert found.evidence == 7


def test_rows_beyond_those_shown_are_counted():
    found = view([{"tensor": str(n)} for n in range(9)], "{tensor}", n_rows=2)
    assert (len(found.items), found.n_more) == (2, 7)


def test_without_a_row_the_template_says_what_to_write():
    found = view([], "{tensor}\nnone: Nothing of {model}.\n---\nselect 1")
    assert not found.items
    assert to_text(found.none) == "Nothing of m."
    assert to_text(view([], "{tensor}").none) == "No row answers this."


def test_a_block_without_a_sentence_is_refused():
    with pytest.raises(UsageError, match="no sentence"):
        read_request("none: x\n---\nselect 1", "t.md, line 3")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "·"),
        (46831104, "46,831,104"),
        (0.0123456, "0.01235"),
        (1.5e7, "15000000"),
        (True, "true"),
        (["a", "b"], "a, b"),
        ("x\x1b[1m", r"x\x1b[1m"),
        (float("nan"), "NaN"),
    ],
)
def test_values_read_as_in_a_sentence(value, text):
    assert prose_text(value) == text
