"""Does the page work in a browser: opened from disk, without a request or an error?"""

import pytest

from pipeline.explorer import Exhibit, collect, find_exhibits, render
from pipeline.extract import Settings, extract_checkpoint
from pipeline.layout import Location
from pipeline.sources import discover
from pipeline.structure import describe_module
from pipeline.structure.grow import grow
from pipeline.structure.tree import Structure, Tensor
from pipeline.warehouse import open_warehouse
from tests.browser import DESKTOP, PHONE, Visit, chromium
from tests.explorer.test_page import HOSTILE
from tests.extract.pico import save_series
from tests.tiny_models import make_tiny_model

MODELS = ("llama", "mixtral", "bert", "t5", "mamba", "gemma2", "deepseek_v3", "resnet")
PARALLEL = "gpt_neox"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A measured series, pico models of many kinds, and one of hostile names."""
    folder = tmp_path_factory.mktemp("explorer")
    series = save_series(folder / "run", n_steps=4)
    lake = open_warehouse(folder / "lake")
    for source in discover(str(series)):
        extract_checkpoint(source, lake, Settings(families=("entries", "spectra")))
    exhibits = find_exhibits((), folder / "lake")
    exhibits += [
        Exhibit(describe_module(make_tiny_model(name).module, name=name))
        for name in (*MODELS, PARALLEL)
    ]
    tensors = [
        Tensor(name, "F32", (2, 3), Location(None, None, "other", "weight"))
        for name in HOSTILE
    ]
    exhibits.append(Exhibit(Structure(HOSTILE[0], "unknown", grow(tensors))))
    path = folder / "page.html"
    path.write_text(render(collect(exhibits)), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser, page):
    """A visit that must end without a problem."""
    made = Visit(browser, page)
    yield made
    made.context.close()
    assert made.problems == []


def text_of(tab, selector):
    return tab.locator(selector).inner_text()


def test_the_tree_opens_and_is_walked_by_keys(visit):
    tab = visit.open()
    rows = tab.locator("#tree [role=treeitem]")
    n_closed = rows.count()
    tab.get_by_role("treeitem", name="layer 1").click()
    assert rows.count() > n_closed
    assert "layer 1" in text_of(tab, "#details h2")
    tab.keyboard.press("Home")
    tab.locator("#tree").focus()
    for key in ("Home", "ArrowDown", "ArrowDown"):
        tab.keyboard.press(key)
    assert text_of(tab, "#details h2") == "before the blocks"
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert text_of(tab, "#details h2") in ("token embedding", "position embedding")


@pytest.mark.parametrize(
    ("query", "n_found", "name"),
    [
        ("layer:1 qkv weight", 1, "h.1.attn.c_attn.weight"),
        ("shape:16x64", 2, "h.0.mlp.c_fc.weight"),
        ("shape:50 f32", 1, "wte.weight"),
        ("category:norm type:f32", 4, "h.0.ln_1.bias"),
        ("nothing-like-it", 0, None),
    ],
)
def test_search_by_name_type_layer_and_shape(visit, query, n_found, name):
    tab = visit.open()
    tab.locator("#query").fill(query)
    assert text_of(tab, "#tensors .summary").startswith(f"{n_found} of ")
    names = tab.locator("#tensors .row .name").all_inner_texts()
    assert len(names) == n_found
    assert name is None or names[0] == name


def test_the_slider_moves_statistics_and_pictures(visit):
    tab = visit.open("#n=t/h.0.mlp.c_fc.weight")
    assert text_of(tab, "#step-name") == "step 300"

    def shown():
        path = tab.locator("#details path.area").get_attribute("d")
        spread = tab.locator("#details tr", has_text="std").inner_text()
        return path, spread

    last = shown()
    tab.locator("#step").fill("0")
    assert text_of(tab, "#step-name") == "step 0"
    first = shown()
    assert first[0] != last[0]
    assert first[1] != last[1]
    tab.locator("body").press(".")
    assert text_of(tab, "#step-name") == "step 100"
    assert tab.locator("#details polyline").count() >= 4


def test_an_address_brings_back_what_was_seen(visit):
    tab = visit.open()
    tab.locator("#model").select_option("llama")
    tab.locator(".views [data-view=tensors]").click()
    tab.locator("#query").fill("down")
    tab.locator("#tensors .row").nth(1).click()
    name = text_of(tab, "#details h2")
    address = tab.evaluate("location.hash")
    tab = visit.open(address)
    assert text_of(tab, "#details h2") == name
    assert tab.locator("#query").input_value() == "down"
    assert tab.locator("#model option:checked").inner_text() == "llama"
    assert tab.locator("#tensors .row.chosen").count() == 1


@pytest.mark.parametrize(
    "fragment",
    ["#m=gone&n=nowhere&s=x&v=none&b=?", "#%", "#n=t/__proto__", "#s=step-000000"],
)
def test_a_stale_address_shows_what_is_nearest(visit, fragment):
    tab = visit.open(fragment)
    assert tab.locator("#diagram .sketch").count() == 1


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_network_is_drawn(visit, name):
    tab = visit.open(f"#m={name}")
    boxes = tab.locator("#diagram .box[role=button]")
    assert boxes.count() >= 4
    boxes.last.click()
    assert text_of(tab, "#details h2")
    assert tab.locator("#details details.class pre").count() >= 1


def test_grouped_heads_and_experts_are_told(visit):
    tab = visit.open("#m=mixtral")
    picture = text_of(tab, "#diagram")
    assert "4 heads of 8, 2 key–value heads" in picture
    assert "experts, 2 of them per token" in picture
    assert tab.locator(".heads .query").count() == 4
    assert tab.locator(".heads .key").count() == 2


def test_parallel_sublayers_are_added_at_once(visit):
    def middle_of(tab, label):
        box = tab.locator("#diagram .box", has_text=label).first.bounding_box()
        return box["x"] + box["width"] / 2, box["y"]

    tab = visit.open(f"#m={PARALLEL}")
    attention, feed_forward = middle_of(tab, "qkv"), middle_of(tab, "up")
    assert attention[0] < feed_forward[0]
    assert attention[1] == pytest.approx(feed_forward[1], abs=2)
    assert tab.locator("#diagram .knot").count() == 1
    assert visit.open("#m=llama").locator("#diagram .knot").count() == 3


def test_two_models_side_by_side(visit):
    tab = visit.open("#m=llama&b=mixtral&v=compare")
    assert tab.locator("#compare .sketch").count() == 2
    assert "not there" in text_of(tab, "#compare")
    tab.get_by_label("Other model").select_option("bert")
    assert "b=bert" in tab.evaluate("location.hash")


def test_a_tensor_stands_beside_its_like_at_the_same_depth(visit):
    tab = visit.open("#m=run&b=llama&v=compare&n=t/h.1.mlp.c_proj.weight")
    names = tab.locator("#compare .beside .name.small").all_inner_texts()
    assert names == ["h.1.mlp.c_proj.weight", "model.layers.1.mlp.down_proj.weight"]
    assert tab.locator("#compare .beside path.area").count() == 1


def test_a_component_shows_what_was_measured_of_its_weight(visit):
    tab = visit.open("#m=run&n=r/decoder/1/qkv")
    assert tab.locator("#details path.area").count() == 1
    assert "Of h.1.attn.c_attn.weight:" in text_of(tab, "#details")
    assert "kurtosis" in text_of(tab, "#details")


def test_one_tensor_of_one_step_is_a_page_too(browser, tmp_path):
    tensor = Tensor("w", "F32", (), Location(None, None, "other", "weight"))
    profile = {
        "revisions": [{"revision": "step-1", "step": 1}],
        "values": [[[None]] * 14],
        "frames": [[]],
        "bins": [[""]],
        "outside": [[0]],
        "spectra": [[[]]],
    }
    alone = Structure("alone", "unknown", grow([tensor]))
    empty = Structure("empty", "unknown", ())
    path = tmp_path / "page.html"
    data = collect([Exhibit(alone, profile), Exhibit(empty)])
    path.write_text(render(data), encoding="utf-8")
    visit = Visit(browser, path)
    tab = visit.open("#n=t/w")
    assert not tab.locator("#steps").is_visible()
    assert "scalar" in text_of(tab, "#details")
    for view in ("diagram", "tensors", "compare"):
        tab.locator(f".views [data-view={view}]").click()
    tab.locator("#model").select_option("empty")
    assert text_of(tab, "#details h2") == "empty"
    visit.context.close()
    assert visit.problems == []


def test_hostile_names_are_text(visit):
    tab = visit.open()
    tab.locator("#model").select_option(HOSTILE[0])
    tab.locator(".views [data-view=tensors]").click()
    names = tab.locator("#tensors .row .name").all_text_contents()
    assert sorted(names) == sorted(HOSTILE)
    for place in range(len(HOSTILE)):
        tab.locator("#tensors .row").nth(place).click()
        assert tab.locator("#details h2").text_content() == names[place]
    assert tab.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_light_and_dark_wide_and_narrow(browser, page, scheme, viewport):
    visit = Visit(browser, page, viewport=viewport, color_scheme=scheme)
    tab = visit.open("#n=t/h.0.mlp.c_fc.weight")
    for view in ("diagram", "tensors", "compare"):
        tab.locator(f".views [data-view={view}]").click()
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert tab.evaluate(overflow) <= 0
    ground = "getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(ground)
    tab.locator("#theme").click()
    assert tab.evaluate(ground) != before
    if viewport is PHONE:
        tab.locator(".views [data-view=tree]").click()
        tab.get_by_role("treeitem", name="layer 1").click()
        assert tab.locator("#details").is_visible()
        tab.get_by_role("button", name="Close").click()
        assert not tab.locator("#details").is_visible()
    visit.context.close()
    assert visit.problems == []


def test_neurons_are_searched_and_shown_with_their_contexts(browser, tmp_path):
    exhibit = Exhibit(
        describe_module(make_tiny_model("llama").module, name="llama"),
        {"neurons": NEURONS},
    )
    path = tmp_path / "neurons.html"
    path.write_text(render(collect([exhibit])), encoding="utf-8")
    made = Visit(browser, path)
    tab = made.open("#v=neurons")
    assert text_of(tab, ".neuron h3") == "decoder 0.gate.5"
    tab.fill("#neurons input", "layer:1")
    assert text_of(tab, "#neurons .summary") == "1 of the 2 loudest neurons"
    assert text_of(tab, ".neuron h3") == "decoder 1.gate.9"
    assert text_of(tab, ".contexts mark") == "·<b>"
    assert tab.locator(".neuron svg rect").count() == 2
    made.context.close()
    assert made.problems == []


def test_without_neurons_the_page_says_how_to_see_some(visit):
    tab = visit.open("#m=llama&v=neurons")
    assert "weightlake probe" in text_of(tab, ".neuron")


LAYER = {"stack": "decoder", "component": "gate", "frame": [-1, 2], "bins": "0z-"}
NEURONS = {
    "probe_set": "texts",
    "revision": "main",
    "layers": [LAYER | {"layer": 0}, LAYER | {"layer": 1}],
    "rows": [
        [0, 5, 0.5, 2, 3, None, 0, [[0, 1], [4, 2]], [[3, "a⟦b⟧c"]]],
        [1, 9, 0.1, 1, 2, 0.5, 1, [[0, 1], [4, 2]], [[2, "x⟦ <b>⟧y"]]],
    ],
}
