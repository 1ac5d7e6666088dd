"""Which token does each row of an embedding stand for? The tokenizer beside it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# No tokenizer is near it; a file that is would only fill the memory.
_MAX_BYTES = 1 << 28

Tokens = dict[int, str]


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id as the tokenizer spells them, and the file that says so.

    Without a file that can be read `tokens` is None; `problem` says what was wrong.
    """

    tokens: Mapping[int, str] | None = None
    file: str = ""
    problem: str = ""


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read tokenizer.json, else vocab.json, else vocab.txt; no code of a model runs.

    Weights can be measured without: what cannot be read is a problem, not an error.
    """
    problems = []
    for name, parse in _READERS.items():
        path = folder / name
        if not path.is_file():
            continue
        try:
            tokens = parse(_check_size(path))
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            problems.append(f"{name}: {error}")
            continue
        if not tokens:
            problems.append(f"{name}: it names no token")
            continue
        return Vocabulary(tokens, name, "; ".join(problems))
    return Vocabulary(None, "", "; ".join(problems))


def _check_size(path: Path) -> Path:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    return path


def _read_tokenizer(path: Path) -> Tokens:
    """The model's vocabulary and the tokens that were added to it."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = whole["model"]["vocab"]
    if isinstance(vocabulary, list):  # Unigram: [token, score] in order of the ids
        tokens = {i: _text(entry[0]) for i, entry in enumerate(vocabulary)}
    else:
        tokens = _by_id(vocabulary)
    added = whole.get("added_tokens") or []
    return tokens | {_id(one["id"]): _text(one["content"]) for one in added}


def _read_json(path: Path) -> Tokens:
    tokens = _by_id(json.loads(path.read_text(encoding="utf-8")))
    added = path.with_name("added_tokens.json")
    if added.is_file():
        tokens |= _by_id(json.loads(added.read_text(encoding="utf-8")))
    return tokens


def _read_lines(path: Path) -> Tokens:
    """WordPiece: one token a line, nothing but a line feed ends it."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[-1] == "":
        lines.pop()
    return {i: line.removesuffix("\r") for i, line in enumerate(lines)}


_READERS: dict[str, Callable[[Path], Tokens]] = {
    "tokenizer.json": _read_tokenizer,
    "vocab.json": _read_json,
    "vocab.txt": _read_lines,
}


def _by_id(vocabulary: Mapping[str, Any]) -> Tokens:
    if not isinstance(vocabulary, Mapping):
        raise TypeError("the vocabulary is no object of tokens and ids")
    return {_id(number): _text(token) for token, number in vocabulary.items()}


def _id(number: Any) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError(f"{number!r} is no token id")
    return number


def _text(token: Any) -> str:
    """A token as a table can hold it: half a surrogate pair becomes its escape."""
    if not isinstance(token, str):
        raise TypeError(f"{token!r} is no token")
    return token.encode("utf-8", "backslashreplace").decode("utf-8")
