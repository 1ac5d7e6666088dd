"""Which texts are run? Read from a file or a list, or drawn; not tokenised yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow.parquet as pq
import xxhash

from pipeline.errors import SourceError, UsageError

Drawn = Literal["repeated", "uniform"]
DRAWN: tuple[Drawn, ...] = get_args(Drawn)
BUILT_IN = "small_texts"


@dataclass(frozen=True)
class ProbeSet:
    """Documents and how they are cut into windows; the same for every model.

    `documents` are texts, or token numbers where a file gives them. Of `drawn` tokens
    there are `n_documents` of `length` each, made for a model's vocabulary: `repeated`
    says the same random tokens again and again, after a quarter to a half of the length
    (another period in each document, so that no lag does for all), `uniform` is the
    null without any order. A window of None is as long as the model's positions, at
    most 512; a stride of None is half of it.
    """

    name: str
    documents: tuple[str | tuple[int, ...], ...] = ()
    drawn: Drawn | None = None
    n_documents: int = 0
    length: int = 0
    seed: int = 0
    window: int | None = None
    stride: int | None = None

    @cached_property
    def digest(self) -> str:
        """xxh3-128 over all that decides which tokens a tokenizer makes of it."""
        how = [self.drawn, self.n_documents, self.length, self.seed]
        parts = [json.dumps([*how, self.window, self.stride])]
        parts += [json.dumps(document) for document in self.documents]
        return xxhash.xxh3_128_hexdigest("\n".join(parts).encode())


def read_probe_set(
    what: str | Path | Sequence[str],
    *,
    column: str = "text",
    window: int | None = None,
    stride: int | None = None,
    seed: int = 0,
) -> ProbeSet:
    """A probe set from a file, a list of texts, or one of the names that are known.

    A .txt file is one document; .jsonl has one in each line, a string or an object with
    `column` or `tokens`; .parquet has a column of them. `small_texts` travels with the
    package; `repeated` and `uniform` are drawn (`repeated:32x256` is 32 of 256 tokens).
    Raises SourceError for a file that cannot be read or holds no text.
    """
    _check_windows(window, stride)
    read = _read(what, column, seed)
    return replace(read, window=window, stride=stride)


def _read(what: str | Path | Sequence[str], column: str, seed: int) -> ProbeSet:
    if not isinstance(what, str | Path):
        return ProbeSet("list", _not_empty(tuple(what), "list of texts"))
    name, _, size = str(what).partition(":")
    if name in DRAWN:
        return _drawn(name, size, seed)
    if str(what) == BUILT_IN:
        texts = files("pipeline.probes").joinpath("small_texts.jsonl")
        lines = texts.read_text(encoding="utf-8").splitlines()
        documents = tuple(json.loads(line)["text"] for line in lines)
        return ProbeSet(BUILT_IN, documents)
    path = Path(what)
    documents = _not_empty(_read_file(path, column), str(path))
    return ProbeSet(path.stem, documents)


def _drawn(name: Any, size: str, seed: int) -> ProbeSet:
    count, _, length = (size or "16x256").partition("x")
    if not (count.isdecimal() and length.isdecimal() and int(count) and int(length)):
        raise UsageError(
            f"{size!r} is no number of documents and tokens",
            fix=f"Write {name}:16x256 for 16 documents of 256 tokens",
        )
    return ProbeSet(
        f"{name}:{count}x{length}",
        drawn=name,
        n_documents=int(count),
        length=int(length),
        seed=seed,
    )


def _check_windows(window: int | None, stride: int | None) -> None:
    for name, value in (("window", window), ("stride", stride)):
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}", fix=f"Give a {name} of 1 or more")
    if window is not None and stride is not None and stride > window:
        raise UsageError(
            f"a stride of {stride} passes over tokens between windows of {window}",
            fix="Give a stride no longer than the window",
        )


def _not_empty(documents: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    kept = tuple(
        one for one in documents if one and (not isinstance(one, str) or one.strip())
    )
    if not kept:
        raise SourceError(
            "holds no text", where=where, fix="Give at least one text that is not empty"
        )
    return kept


def _read_file(path: Path, column: str) -> tuple[Any, ...]:
    if not path.is_file():
        raise SourceError(
            "no such file",
            where=str(path),
            fix="Name a .txt, .jsonl or .parquet file, or a probe set by its name",
        )
    if path.suffix == ".parquet":
        return _read_parquet(path, column)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"is not UTF-8 (byte {error.start})",
            where=str(path),
            fix=f"Convert it, as with: iconv -f LATIN1 -t UTF-8 {path.name}",
        ) from error
    if path.suffix in {".jsonl", ".ndjson"}:
        lines = [line for line in text.splitlines() if line.strip()]
        return tuple(
            _document(line, column, f"{path} line {number}")
            for number, line in enumerate(lines, 1)
        )
    return (text,)


def _read_parquet(path: Path, column: str) -> tuple[Any, ...]:
    try:
        table = pq.read_table(path, columns=[column])
    except (OSError, ValueError) as error:
        raise SourceError(
            f"cannot be read ({str(error).partition(chr(10))[0]})",
            where=str(path),
            fix=f"Name a Parquet file with a column {column!r} of texts",
        ) from error
    if column not in table.column_names:
        raise SourceError(
            f"has no column {column!r}",
            where=str(path),
            fix="Name the column of texts with --column",
        )
    return tuple(table[column].to_pylist())


def _document(line: str, column: str, where: str) -> str | tuple[int, ...]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise SourceError(
            f"is not JSON ({error})",
            where=where,
            fix="Write one JSON value in each line",
        ) from error
    value = found
    if isinstance(found, dict):
        value = found.get(column, found.get("tokens"))
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(type(one) is int and one >= 0 for one in value):
        return tuple(value)
    raise SourceError(
        f"holds neither {column!r} nor 'tokens'",
        where=where,
        fix='Write {"text": "…"} or {"tokens": [1, 2, …]}; --column names another key',
    )
