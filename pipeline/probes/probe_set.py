"""Which tokens does a model see, in which windows? Each token counts exactly once.

A document longer than a window is cut with overlap: a window counts the tokens that no
earlier one has, and shows those before them as context, so that each token is seen with
the longest left context that the stride allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.probes.batch import Batch, Window
from pipeline.probes.texts import ProbeSet

BYTES = "bytes"
_DEFAULT_WINDOW = 512
_N_BYTES = 256


@dataclass(frozen=True)
class TokenSet:
    """A probe set as one model reads it: its documents' tokens, and their windows.

    `tokenizer` is the class of the model's own, or `bytes`. A token's number is its
    place in all documents taken one after another.
    """

    probe_set: ProbeSet
    documents: tuple[NDArray[np.int64], ...]
    windows: tuple[Window, ...]
    window: int
    stride: int
    tokenizer: str
    pad: int = 0

    @cached_property
    def digest(self) -> str:
        """xxh3-128 over tokens and windows: results with the same one saw the same."""
        text = xxhash.xxh3_128()
        text.update(f"{self.window} {self.stride}".encode())
        for document in self.documents:
            text.update(len(document).to_bytes(8, "little"))
            text.update(np.ascontiguousarray(document, "<i8").tobytes())
        return text.hexdigest()

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Number of each document's first token."""
        sizes = [len(document) for document in self.documents]
        return np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)

    @property
    def n_tokens(self) -> int:
        return sum(len(document) for document in self.documents)

    @cached_property
    def _lists(self) -> tuple[list[int], ...]:
        return tuple(document.tolist() for document in self.documents)

    def contexts(
        self, places: Sequence[int], n_around: int
    ) -> Iterator[tuple[list[int], int, list[int]]]:
        """Of each token by its number: those before it, itself, and those after."""
        of = np.searchsorted(self.starts, places, side="right") - 1
        within = np.asarray(places, np.int64) - self.starts[of]
        for document, place in zip(of.tolist(), within.tolist(), strict=True):
            own = self._lists[document]
            first, last = max(place - n_around, 0), place + n_around + 1
            yield own[first:place], own[place], own[place + 1 : last]


def tokenise(
    probe_set: ProbeSet,
    tokenizer: Any | None,
    *,
    vocabulary_size: int,
    max_positions: int | None,
    pad: int | None = None,
) -> TokenSet:
    """A probe set as a model reads it: with its tokenizer, or without one as bytes.

    Raises SourceError where the tokens are not the model's: numbers beyond its
    vocabulary, bytes that it has no room for, windows longer than its positions.
    """
    window, stride = _sizes(probe_set, max_positions)
    if probe_set.drawn:
        documents, name = _draw(probe_set, vocabulary_size), "drawn"
    else:
        documents, name = _encode(probe_set, tokenizer, vocabulary_size)
    largest = max(int(one.max()) for one in documents)
    if largest >= vocabulary_size:
        raise SourceError(
            f"token {largest} is beyond the model's vocabulary of {vocabulary_size}",
            where=probe_set.name,
            fix="Use the model's own tokenizer, or texts instead of token numbers",
        )
    windows = tuple(
        one
        for number, tokens in enumerate(documents)
        for one in cut_windows(number, len(tokens), window, stride)
    )
    filler = pad if pad is not None and 0 <= pad < vocabulary_size else 0
    return TokenSet(probe_set, documents, windows, window, stride, name, filler)


def cut_windows(document: int, n: int, window: int, stride: int) -> Iterator[Window]:
    """Windows over n tokens: every stride, to the first that reaches the end."""
    counted = start = 0
    while counted < n:
        stop = min(start + window, n)
        yield Window(document, start, stop - start, counted - start)
        counted, start = stop, start + stride


def make_batches(
    tokens: TokenSet, *, n_tokens: int, side: Literal["left", "right"] = "right"
) -> Iterator[Batch]:
    """Windows of like lengths together, at most `n_tokens` places in a batch.

    The longest come first: what does not fit into memory fails at once.
    """
    import torch

    order = sorted(tokens.windows, key=lambda w: (-w.n_tokens, w.document, w.start))
    while order:
        longest = order[0].n_tokens
        n_rows = max(n_tokens // longest, 1)
        rows, order = order[:n_rows], order[n_rows:]
        yield _make_batch(torch, tokens, rows, side)


def _make_batch(
    torch: Any, tokens: TokenSet, windows: Sequence[Window], side: str
) -> Batch:
    width = max(one.n_tokens for one in windows)
    shape = (len(windows), width)
    values = np.full(shape, tokens.pad, np.int64)
    mask, counted = np.zeros(shape, bool), np.zeros(shape, bool)
    positions = np.zeros(shape, np.int64)
    for row, one in enumerate(windows):
        first = 0 if side == "right" else width - one.n_tokens
        last = first + one.n_tokens
        document = tokens.documents[one.document]
        values[row, first:last] = document[one.start : one.start + one.n_tokens]
        mask[row, first:last] = True
        counted[row, first + one.n_context : last] = True
        positions[row, first:last] = np.arange(one.n_tokens)
    return Batch(
        torch.from_numpy(values),
        torch.from_numpy(mask),
        torch.from_numpy(counted),
        torch.from_numpy(positions),
        tuple(windows),
    )


def token_numbers(tokens: TokenSet, batch: Batch) -> NDArray[np.int64]:
    """The number of each counted token of a batch, in the order of `Batch.flat`."""
    starts = np.array(
        [tokens.starts[one.document] + one.start for one in batch.windows], np.int64
    )
    numbers = starts[:, None] + batch.positions.cpu().numpy()
    found: NDArray[np.int64] = numbers[batch.counted.cpu().numpy()]
    return found


def _sizes(probe_set: ProbeSet, max_positions: int | None) -> tuple[int, int]:
    window = probe_set.window or min(max_positions or _DEFAULT_WINDOW, _DEFAULT_WINDOW)
    if max_positions is not None and window > max_positions:
        raise SourceError(
            f"windows of {window} tokens, the model has {max_positions} positions",
            where=probe_set.name,
            fix=f"Give --window {max_positions} or fewer",
        )
    return window, min(probe_set.stride or max(window // 2, 1), window)


def _draw(probe_set: ProbeSet, vocabulary_size: int) -> tuple[NDArray[np.int64], ...]:
    rng = np.random.default_rng(probe_set.seed)
    shape = (probe_set.n_documents, probe_set.length)
    drawn = rng.integers(0, vocabulary_size, shape, dtype=np.int64)
    if probe_set.drawn == "repeated":
        least = max(probe_set.length // 4, 1)
        most = max(probe_set.length // 2, least)
        periods = rng.integers(least, most + 1, len(drawn))
        drawn = np.stack(
            [
                np.resize(row[:period], len(row))
                for row, period in zip(drawn, periods.tolist(), strict=True)
            ]
        )
    return tuple(drawn)


def _encode(
    probe_set: ProbeSet, tokenizer: Any | None, vocabulary_size: int
) -> tuple[tuple[NDArray[np.int64], ...], str]:
    has_texts = any(isinstance(one, str) for one in probe_set.documents)
    if has_texts and tokenizer is None and vocabulary_size < _N_BYTES:
        raise SourceError(
            f"no tokenizer, and no room for bytes in a vocabulary of {vocabulary_size}",
            where=probe_set.name,
            fix="Put the tokenizer's files beside the weights, or give token numbers",
        )
    documents = tuple(
        np.array(_encode_one(one, tokenizer), np.int64) for one in probe_set.documents
    )
    kept = tuple(one for one in documents if len(one))
    if not kept:
        raise SourceError(
            "the tokenizer makes no token of it",
            where=probe_set.name,
            fix="Give texts that are not empty",
        )
    if not has_texts:
        return kept, "numbers"
    return kept, BYTES if tokenizer is None else type(tokenizer).__name__


def _encode_one(document: str | tuple[int, ...], tokenizer: Any | None) -> Any:
    if not isinstance(document, str):
        return document
    if tokenizer is None:
        return list(document.encode())
    # A long text is cut into windows here: the tokenizer's own warning says nothing.
    return tokenizer(document, verbose=False)["input_ids"]
