"""Is the page one file that needs nothing, whatever names it holds?"""

import json
import re
from importlib.resources import files

import pytest

from pipeline.explorer import Exhibit, collect, render
from pipeline.explorer.page import page_files, to_inline_json, to_json
from pipeline.layout import Location
from pipeline.structure.grow import grow
from pipeline.structure.tree import Structure, Tensor

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "quote\"s 'and' `ticks` ${x}",
    "<!--",
    "/*DATA*/ /*STYLE*/",
    "ünï·códe 模型 🦙 \u2028 \u0000",
    "&lt;b&gt;",
)


@pytest.fixture(scope="module")
def page():
    tensors = [
        Tensor(name, "F32", (2, 3), Location(None, None, "other", "weight"))
        for name in HOSTILE
    ]
    structure = Structure(HOSTILE[0], "unknown", grow(tensors), notes=HOSTILE)
    return render(collect([Exhibit(structure)]))


def test_names_cannot_leave_the_data(page):
    assert page.count("</script>") == 2
    assert "onerror=alert" in page
    assert "<img" not in page
    assert "<!--" not in page.split("<body>")[1]


def test_the_data_comes_back_as_it_was(page):
    (text,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    model = json.loads(text)["models"][0]
    assert model["name"] == HOSTILE[0]
    assert [kind[0][0] for kind in model["kinds"]] == list(HOSTILE)


def test_nothing_is_asked_of_a_network(page):
    code = (
        page.split('id="data">')[0] + page.split('id="data">')[1].split("</script>")[1]
    )
    addresses = re.findall(r"https?://[^\s\"']+", code)
    assert set(addresses) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|eval)\b", code)


def test_every_file_of_the_page_is_in_it_and_says_one_thing(page):
    assert page.startswith("<!doctype html>")
    assert "/*SCRIPT*/" not in page
    folder = files("pipeline.explorer").joinpath("page")
    present = {entry.name for entry in folder.iterdir()}
    assert present == set(page_files())
    for name in present - {"page.html", "page.css"}:
        text = folder.joinpath(name).read_text(encoding="utf-8")
        # What joining takes out are whole lines of imports, and the word export.
        lines = [line for line in text.splitlines() if "import {" not in line]
        assert all(line.removeprefix("export ") in page for line in lines)
        assert "?" in text.splitlines()[0]
        assert len(text.splitlines()) <= 250


def test_inline_json_is_json():
    value = {"a": HOSTILE, "b": [1, None, 0.5]}
    text = to_inline_json(value)
    assert json.loads(text) == {"a": list(HOSTILE), "b": [1, None, 0.5]}
    assert not set("<>&\u2028\u2029") & set(text)


def test_half_a_surrogate_pair_can_be_written_and_read():
    value = {"name": "half \ud800", "whole": "\U0001f999"}
    for text in (to_inline_json(value), to_json(value, indent=1)):
        text.encode("utf-8")
        assert json.loads(text) == value
