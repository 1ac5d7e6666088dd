"""Tokens by id from the files that lie beside weights, and from broken ones."""

import json

import pytest

from pipeline.sources import read_vocabulary


def save(folder, name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.txt", "[PAD]\na\nb"),
        ("vocab.txt", "[PAD]\r\na\r\nb\r\n"),
        ("vocab.json", {"a": 1, "b": 2, "[PAD]": 0}),
        ("tokenizer.json", {"model": {"vocab": {"a": 1, "b": 2, "[PAD]": 0}}}),
        (
            "tokenizer.json",
            {"model": {"vocab": [["[PAD]", 0], ["a", -1.5], ["b", -2]]}},
        ),
        (
            "tokenizer.json",
            {
                "model": {"vocab": {"a": 1, "b": 2}},
                "added_tokens": [{"id": 0, "content": "[PAD]"}],
            },
        ),
    ],
)
def test_every_form_says_the_same(tmp_path, name, content):
    save(tmp_path, name, content)
    found = read_vocabulary(tmp_path)
    assert found.tokens == {0: "[PAD]", 1: "a", 2: "b"}
    assert (found.file, found.problem) == (name, "")


def test_added_tokens_beside_vocab_json(tmp_path):
    save(tmp_path, "vocab.json", {"a": 0})
    save(tmp_path, "added_tokens.json", {"<new>": 1})
    assert read_vocabulary(tmp_path).tokens == {0: "a", 1: "<new>"}


def test_without_a_tokenizer_there_are_no_tokens(tmp_path):
    assert read_vocabulary(tmp_path).tokens is None
    assert read_vocabulary(tmp_path).problem == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "tokenizer.json: "),
        ({"model": {}}, "'vocab'"),
        ({"model": {"vocab": {"a": -1}}}, "-1 is no token id"),
        ({"model": {"vocab": {"a": 1.5}}}, "1.5 is no token id"),
        ({"model": {"vocab": 3}}, "no object"),
        ({"model": {"vocab": {}}}, "it names no token"),
        ({"model": {"vocab": [[1, 2]]}}, "1 is no token"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_broken_file_is_a_problem_and_the_next_is_read(tmp_path, content, problem):
    save(tmp_path, "tokenizer.json", content)
    save(tmp_path, "vocab.txt", "a\n")
    found = read_vocabulary(tmp_path)
    assert problem in found.problem
    assert (found.tokens, found.file) == ({0: "a"}, "vocab.txt")


def test_half_a_surrogate_pair_is_escaped(tmp_path):
    save(tmp_path, "vocab.json", '{"\\ud83d": 0}')
    assert read_vocabulary(tmp_path).tokens == {0: "\\ud83d"}
