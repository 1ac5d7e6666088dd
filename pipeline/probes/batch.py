"""Which tokens run together? Equal-length rows, and which of their tokens count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Window:
    """A stretch of a document: its number, and the place of the first token in it.

    The first `n_context` tokens are context that an earlier window has counted.
    """

    document: int
    start: int
    n_tokens: int
    n_context: int = 0


@dataclass(frozen=True)
class Batch:
    """Rows of tokens, padded to one length T; every mask is (B, T).

    `mask` marks the tokens, `counted` those that enter statistics (each token of a
    document in one window alone). `positions` are places in the window, 0 at its first
    token and at padding. A plain module has `inputs` instead of tokens: everything
    counts.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    counted: torch.Tensor
    positions: torch.Tensor
    windows: tuple[Window, ...] = ()
    inputs: Mapping[str, Any] | None = field(default=None, repr=False)

    @cached_property
    def n_counted(self) -> int:
        return int(self.counted.sum())

    @cached_property
    def is_full(self) -> bool:
        """Whether every place holds a token that counts."""
        return bool(self.counted.all())

    @cached_property
    def is_padded_left(self) -> bool:
        return bool((~self.mask[:, 0]).any())

    @cached_property
    def flat(self) -> torch.Tensor:
        """Places of the counted tokens in the flattened (B·T) batch, ascending."""
        return self.counted.reshape(-1).nonzero().squeeze(1)

    def select(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The counted tokens' rows of a tensor, as (n, d), in the order of `flat`.

        Takes (B, T, …, d) and (B·T, d); None for a tensor that has no row per token, as
        those of routed experts. No copy where every place counts.
        """
        if self.inputs is not None:
            return _as_rows(tensor)
        n_rows, n_places = self.mask.shape
        if tensor.ndim >= 3 and tensor.shape[:2] == self.mask.shape:
            rows = tensor.reshape(n_rows * n_places, -1)
        elif tensor.ndim == 2 and tensor.shape[0] == n_rows * n_places:
            rows = tensor
        else:
            return None
        return rows if self.is_full else rows.index_select(0, self.flat)

    def rows(self, first: int, last: int) -> Batch:
        """Some of the rows; their padding stays."""
        part = slice(first, last)
        return Batch(
            self.tokens[part],
            self.mask[part],
            self.counted[part],
            self.positions[part],
            self.windows[part],
        )

    def to(self, device: str | torch.device) -> Batch:
        return replace(
            self,
            tokens=self.tokens.to(device),
            mask=self.mask.to(device),
            counted=self.counted.to(device),
            positions=self.positions.to(device),
        )


def _as_rows(tensor: torch.Tensor) -> torch.Tensor | None:
    """(…, d) as (n, d); an image of (B, C, H, W) has its channels as features."""
    if tensor.ndim < 2:
        return None
    if tensor.ndim == 4:
        tensor = tensor.movedim(1, -1)
    return tensor.reshape(-1, tensor.shape[-1])


def bare_batch(inputs: Mapping[str, Any], n_rows: int) -> Batch:
    """A batch for a module that takes no tokens: every value that it sees counts."""
    import torch

    ones = torch.ones((n_rows, 1), dtype=torch.bool)
    zeros = torch.zeros((n_rows, 1), dtype=torch.int64)
    return Batch(zeros, ones, ones, zeros, inputs=inputs)
