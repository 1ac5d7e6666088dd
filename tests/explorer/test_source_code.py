"""Is a class shown as it was written, once, and cut where it is long?"""

import json

from pipeline.explorer import source_code
from pipeline.explorer.source_code import read_sources


def test_a_class_is_shown_as_it_was_written():
    (one,) = read_sources(["json.decoder.JSONDecoder", "json.decoder.JSONDecoder"])
    assert one.code.startswith("class JSONDecoder")
    assert "raw_decode" in one.code
    assert json.decoder.JSONDecoder.__module__ == "json.decoder"


def test_what_has_no_source_has_none():
    names = ["builtins.dict", "no.such.Class", "json.loads", ""]
    assert [one.code for one in read_sources(names)] == [""] * 4


def test_long_classes_are_cut_and_say_so(monkeypatch):
    monkeypatch.setattr(source_code, "MOST_CHARACTERS", 50)
    monkeypatch.setattr(source_code, "MOST_TOTAL", 60)
    names = ["json.decoder.JSONDecoder", "json.encoder.JSONEncoder", "ast.AST"]
    found = read_sources([*names, "ast.NodeVisitor"])
    assert [(len(one.code), one.is_cut) for one in found] == [
        (50, True),
        (50, True),
        (0, False),
        (0, False),
    ]
