"""What is known of the tokens that an attention joins? Made once for all layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from pipeline.probes.attention.mask import RuleMask

if TYPE_CHECKING:
    from pipeline.probes.attention.blocks import Rule
    from pipeline.probes.batch import Batch

N_BINS = 64
_NO_TOKEN, _NO_PARTNER = -1, -2


@dataclass(frozen=True)
class Text:
    """One side of an attention: rows of places (B, T), of which `mask` hold tokens.

    `counted` are the places whose queries enter statistics. `positions` count from each
    row's first token. `tokens` are null where the places hold none that are known.
    `partners` are the tokens of another document, place by place.
    """

    mask: torch.Tensor
    counted: torch.Tensor
    positions: torch.Tensor
    tokens: torch.Tensor | None = None
    partners: torch.Tensor | None = None
    is_punctuation: torch.Tensor | None = field(default=None, repr=False)

    @cached_property
    def lengths(self) -> torch.Tensor:
        return self.mask.sum(dim=1)

    @cached_property
    def n_counted(self) -> torch.Tensor:
        return self.counted.sum(dim=1)

    @cached_property
    def is_first(self) -> torch.Tensor:
        return self.mask & (self.positions == 0)

    @cached_property
    def bins(self) -> torch.Tensor:
        """Which share of each place lies in each of 64 equal stretches of its row.

        (B, 64, T); the shares of a place sum to 1, those of padding are 0.
        """
        edges = torch.arange(N_BINS, device=self.mask.device)[None, :, None] / N_BINS
        length = self.lengths[:, None, None].clamp(min=1)
        low = self.positions[:, None, :] / length
        high = low + 1 / length
        shared = torch.minimum(high, edges + 1 / N_BINS) - torch.maximum(low, edges)
        shares = shared.clamp(min=0) * self.mask[:, None, :]
        return shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-30)

    @cached_property
    def before(self) -> torch.Tensor | None:
        """The token before each place, -1 before the first of a row."""
        return None if self.tokens is None else _before(self.tokens, self.positions)

    @cached_property
    def partners_before(self) -> torch.Tensor | None:
        return None if self.partners is None else _before(self.partners, self.positions)

    @cached_property
    def has_partner(self) -> torch.Tensor | None:
        """Places that the partner has too."""
        return None if self.partners is None else self.partners != _NO_PARTNER

    @cached_property
    def context(self) -> torch.Tensor:
        """The first half of each row: what the lookback ratio calls its context."""
        return self.mask & (self.positions < self.lengths[:, None] // 2)


def _before(tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    return tokens.roll(1, dims=1).masked_fill(positions == 0, _NO_TOKEN)


def text_of(batch: Batch, punctuation: torch.Tensor | None = None) -> Text:
    """The tokens of a batch as attentions see them. `punctuation` is bool per token."""
    tokens = batch.tokens.to(torch.int32).masked_fill(~batch.mask, _NO_TOKEN)
    marks = None
    if punctuation is not None:
        inside = batch.tokens.clamp(max=len(punctuation) - 1)
        marks = punctuation.to(batch.tokens.device)[inside] & batch.mask
    return Text(batch.mask, batch.counted, batch.positions, tokens, None, marks)


def blank_text(n_rows: int, n_places: int, device: torch.device) -> Text:
    """Places without known tokens, all of which count."""
    ones = torch.ones((n_rows, n_places), dtype=torch.bool, device=device)
    positions = torch.arange(n_places, device=device).expand(n_rows, -1)
    return Text(ones, ones, positions)


def pair_up(
    text: Text, documents: Sequence[int], last: tuple[int, torch.Tensor] | None
) -> torch.Tensor | None:
    """To each row the tokens of a row of another document, at the same positions.

    The row before where it is of another document, for the first row the `last` row of
    the batch before; None unless each row has a partner. Places that the partner lacks
    hold a number that is no token.
    """
    if text.tokens is None:
        return None
    rows = [
        (document, row[mask])
        for document, row, mask in zip(documents, text.tokens, text.mask, strict=True)
    ]
    known = rows if last is None else [last, *rows]
    partners = torch.full_like(text.tokens, _NO_PARTNER)
    for place, (document, own) in enumerate(rows):
        others = [one for other, one in known if other != document]
        if not others:
            return None
        at = place + len(known) - len(rows)
        earlier = [one for other, one in known[:at] if other != document]
        partner = (earlier or others)[-1].to(own.device)
        n_shared = min(len(own), len(partner))
        first = int(text.mask[place].nonzero()[0]) if len(own) else 0
        partners[place, first : first + n_shared] = partner[:n_shared]
    return partners


@dataclass(frozen=True)
class Visibility:
    """How many keys each query may see (B, T), and how many counted queries each key.

    `uniform` is what each key would get of queries that look everywhere alike.
    `is_causal` where no query may see a later key.
    """

    n_keys: torch.Tensor
    n_queries: torch.Tensor
    uniform: torch.Tensor
    is_causal: bool


def see(rule: Rule, queries: Text, keys: Text, step: int = 256) -> Visibility:
    """Counts over the mask, in blocks of queries."""
    shown = keys.mask
    if rule.mask is not None:
        return _see_masked(rule.mask, queries, keys, step)
    counted = queries.counted.double()
    if not rule.is_causal:
        n_keys = keys.lengths[:, None].expand_as(queries.positions)
        seen = counted.sum(dim=1, keepdim=True) * shown
        uniform = seen / keys.lengths[:, None].clamp(min=1)
        return Visibility(n_keys, seen, uniform, is_causal=False)
    n_keys = shown.cumsum(1)
    uniform = _later(counted / n_keys.clamp(min=1)) * shown
    return Visibility(n_keys, _later(counted) * shown, uniform, is_causal=True)


def _later(values: torch.Tensor) -> torch.Tensor:
    """Sums from each place to the end."""
    return values.flip(1).cumsum(1).flip(1)


def _see_masked(
    mask: torch.Tensor | RuleMask, queries: Text, keys: Text, step: int
) -> Visibility:
    n_queries = queries.mask.shape[1]
    n_keys = torch.zeros_like(queries.positions)
    seen = torch.zeros(keys.mask.shape, dtype=torch.float64, device=keys.mask.device)
    uniform = seen.clone()
    is_causal = True
    for start in range(0, n_queries, step):
        stop = min(start + step, n_queries)
        allowed = _allowed(mask, start, stop) & keys.mask[:, None, :]
        shown = allowed.sum(dim=2)
        n_keys[:, start:stop] = shown
        counted = queries.counted[:, start:stop].double()
        seen += (counted[:, None] @ allowed.double()).squeeze(1)
        each = counted / shown.clamp(min=1)
        uniform += (each[:, None] @ allowed.double()).squeeze(1)
        is_causal = is_causal and not bool(allowed.triu(start + 1).any())
    return Visibility(n_keys, seen, uniform, is_causal)


def _allowed(mask: torch.Tensor | RuleMask, start: int, stop: int) -> torch.Tensor:
    """(B or 1, queries, keys); of a mask that differs by head, that of the first."""
    if isinstance(mask, RuleMask):
        return mask.block(start, stop)[:, 0]
    rows = mask[:, 0] if mask.shape[2] == 1 else mask[:, 0, start:stop]
    if rows.dtype == torch.bool:
        return rows
    return rows > torch.finfo(rows.dtype).min / 2
