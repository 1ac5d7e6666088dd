"""In which conventions do files store one weight, and how is one turned into another?

Converters reorder rows or shift values without training anything. Each convention is
declared here, with its inverse; a comparison tries those of the tensor's component on
either side and takes one only where it explains most of the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.components import Component, load_components

Block = NDArray[np.floating]
Side = Literal["old", "new"]

# Below this cosine the rows of q and k may lie in another order. Trained changes of one
# weight are smaller, and a wrong guess costs only another pass.
CLOSE = 0.98
# A convention is taken where it leaves at most this share of the difference. No order
# of unrelated rows removes half of it.
EXPLAINED = 0.5
# Head sizes to try where neither side's config gives one.
HEAD_SIZES = (128, 64, 96, 80, 112, 160, 256, 32, 16)


@dataclass(frozen=True)
class Convention:
    """One way to store a weight, besides that of transformers.

    `fits` says of which components. `apply` turns blocks of rows from transformers'
    convention into this one, `invert` turns them back; the second argument is the head
    size. A vector is one block. With `in_heads` blocks hold whole heads. `only_gguf`:
    no other files store it so.
    """

    name: str
    meaning: str
    fits: Callable[[Component], bool]
    parameters: frozenset[str]
    apply: Callable[[Block, int], Block]
    invert: Callable[[Block, int], Block]
    in_heads: bool = False
    only_gguf: bool = False


def _to_pairs(rows: Block, size: int) -> Block:
    """Of each head: row i of the first half, then row i of the second."""
    halves = rows.reshape(-1, 2, size // 2, *rows.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows.shape)


def _to_halves(rows: Block, size: int) -> Block:
    pairs = rows.reshape(-1, size // 2, 2, *rows.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows.shape)


def _raise_by_one(rows: Block, _: int) -> Block:
    return rows.astype(np.float32) + np.float32(1)


def _lower_by_one(rows: Block, _: int) -> Block:
    return rows.astype(np.float32) - np.float32(1)


def _to_decay(rows: Block, _: int) -> Block:
    return -np.exp(rows.astype(np.float32))


def _to_log(rows: Block, _: int) -> Block:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(-rows.astype(np.float32))


CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "rotary pairs",
        "rows of each head in rotary pairs, as Meta and llama.cpp store them; halves in"
        " transformers",
        lambda word: word.rotates,
        frozenset({"weight", "bias"}),
        _to_pairs,
        _to_halves,
        in_heads=True,
    ),
    Convention(
        "1 + w",
        "a norm's whole factor, as llama.cpp stores Gemma's; w in transformers",
        lambda word: word.norm,
        frozenset({"weight"}),
        _raise_by_one,
        _lower_by_one,
        only_gguf=True,
    ),
    Convention(
        "-exp(w)",
        "the decay itself, as llama.cpp stores Mamba's; its log in transformers",
        lambda word: word.name == "ssm_a_log",
        frozenset({"weight"}),
        _to_decay,
        _to_log,
        only_gguf=True,
    ),
)


@dataclass(frozen=True)
class Candidate:
    """A convention in which one side may lie: the other side is brought to it."""

    convention: Convention
    stored_by: Side
    head_size: int = 0

    @property
    def text(self) -> str:
        return f"{self.stored_by} in {self.convention.name}"

    def bring(
        self, old: Iterator[Block], new: Iterator[Block]
    ) -> tuple[Iterator[Block], Iterator[Block]]:
        """Both sides' blocks in the convention of the side that has it."""
        if self.stored_by == "new":
            return self._applied(old), new
        return old, self._applied(new)

    def bring_matrices(self, old: Block, new: Block) -> tuple[Block, Block]:
        """The same of whole tensors."""
        one, other = self.bring(iter((old,)), iter((new,)))
        return next(one), next(other)

    def _applied(self, blocks: Iterator[Block]) -> Iterator[Block]:
        return (self.convention.apply(block, self.head_size) for block in blocks)


_ONLY_GGUF: Mapping[tuple[bool, bool], tuple[Side, ...]] = {
    (True, False): ("old",),
    (False, True): ("new",),
}


def list_candidates(
    component: str,
    parameter: str,
    n_outputs: int,
    *,
    head_size: int | None,
    gguf: tuple[bool, bool],
) -> list[Candidate]:
    """The conventions in which one of two tensors of this role may be stored.

    `gguf` says of old and new whether it is a GGUF file.
    """
    found = []
    for one in CONVENTIONS:
        word = load_components()[component]
        if not one.fits(word) or parameter not in one.parameters:
            continue
        sides: tuple[Side, ...] = ("new", "old")
        if one.only_gguf:
            sides = _ONLY_GGUF.get(gguf, ())
        sizes = (head_size,) if head_size else HEAD_SIZES
        for size in sizes if one.in_heads else (1,):
            fits = size > 2 and size % 2 == 0 and n_outputs % size == 0
            if fits or not one.in_heads:
                found += [Candidate(one, side, size) for side in sides]
    return found
