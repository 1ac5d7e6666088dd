"""What does one attention do with its blocks? Sums per row and head, block by block.

Every statistic of a head is a mean over queries of a number of the query's own row of
weights; those that are linear in the weights are read from a few products with each
block, which is never gone through element by element where that can be helped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from pipeline.probes.attention.blocks import Block
from pipeline.probes.attention.sides import Sides
from pipeline.probes.attention.texts import N_BINS


@dataclass
class Tally:
    """Sums over the counted queries of one call, each (B, H) in float64.

    On any device; `rows.RowTally` gives the same on the CPU, faster.
    """

    sides: Sides
    n_heads: int
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    received: torch.Tensor = field(init=False)
    binned: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        mask = self.sides.keys.mask
        shape = (mask.shape[0], self.n_heads)
        self.received = mask.new_zeros((*shape, mask.shape[1]), dtype=torch.float64)
        self.binned = mask.new_zeros((*shape, N_BINS, N_BINS), dtype=torch.float64)

    def __call__(self, block: Block) -> None:
        queries = slice(block.start, block.stop)
        keys = slice(block.first_key, block.last_key)
        counted = self.sides.queries.counted[:, None, queries]
        self._add_entropies(block, queries, counted)
        self._add_columns(block, queries, keys)
        self._add_patterns(block)
        if self.sides.is_self:
            self._add_diagonals(block, counted)
        if self.sides.is_self and self.sides.is_causal:
            self._add_lookback(block, queries, keys)

    def _add(self, name: str, values: torch.Tensor) -> None:
        """Add (B, H), or (B, H, q) summed over the queries."""
        summed = values.double().sum(dim=-1) if values.ndim == 3 else values.double()
        self.sums[name] = self.sums[name] + summed if name in self.sums else summed

    def _add_entropies(
        self, block: Block, queries: slice, counted: torch.Tensor
    ) -> None:
        """−Σ a ln a by the scores: ln a = score − ln total."""
        expected = torch.einsum("bhij,bhij->bhi", block.weights, block.scores)
        mass = 1.0 if block.sink is None else 1 - block.sink
        entropy = (mass * block.total.log() - expected).masked_fill(~counted, 0)
        limit = self.sides.log_n_keys[:, None, queries]
        share = (entropy / limit.clamp(min=1e-30)).masked_fill(limit == 0, 0)
        largest = (block.weights.amax(dim=-1)).masked_fill(~counted, 0)
        self._add("entropy", entropy)
        self._add("normalised_entropy", share)
        self._add("largest", largest)
        if block.sink is not None:
            self._add("virtual_sink", block.sink.masked_fill(~counted, 0))

    def _add_columns(self, block: Block, queries: slice, keys: slice) -> None:
        """What each stretch of queries gives to each key: one product a block."""
        text = self.sides.queries
        shares = text.bins[:, :, queries] * text.counted[:, None, queries]
        filled = shares.sum(dim=(0, 2)).nonzero()
        if not len(filled):
            return
        rows = slice(int(filled[0]), int(filled[-1]) + 1)
        given = shares[:, None, rows] @ block.weights
        bins = self.sides.keys.bins[:, None, :, keys].transpose(2, 3)
        self.binned[:, :, rows] += given @ bins
        received = given.sum(dim=2).double()
        self.received[:, :, keys] += received
        if self.sides.is_self and self.sides.is_causal:
            self._add_distances(block, queries, received)

    def _add_distances(
        self, block: Block, queries: slice, received: torch.Tensor
    ) -> None:
        """Σ a_ij (i − j), with both counted from the block's first query."""
        device = received.device
        places = torch.arange(block.stop - block.start, device=device)
        ahead = torch.arange(received.shape[2], device=device) + block.first_key
        counted = self.sides.queries.counted[:, None, queries]
        mass = counted.double() if block.sink is None else (1 - block.sink) * counted
        from_queries = mass.double() @ places.double()
        self._add("distance", from_queries - received @ (ahead - block.start).double())

    def _add_patterns(self, block: Block) -> None:
        names, columns = self.sides.patterns.columns(block)
        if not names:
            return
        flat = block.weights.flatten(2)
        found = flat @ columns.transpose(1, 2)
        for place, name in enumerate(names):
            self._add(name, found[:, :, place])

    def _add_diagonals(self, block: Block, counted: torch.Tensor) -> None:
        shift = block.start - block.first_key
        for name, offset in (("self", shift), ("previous", shift - 1)):
            diagonal = block.weights.diagonal(offset, dim1=2, dim2=3)
            first = max(0, -offset)
            rows = counted[:, :, first : first + diagonal.shape[2]]
            self._add(name, diagonal * rows)

    def _add_lookback(self, block: Block, queries: slice, keys: slice) -> None:
        """Mean weight on the context over the sum of the means on both stretches."""
        text = self.sides.queries
        looks = self.sides.looks_back[:, queries]
        if not bool(looks.any()):
            return
        context = text.context[:, None, keys, None].float()
        n_context = text.context.sum(dim=1)[:, None, None].clamp(min=1)
        n_new = (text.positions[:, None, queries] + 1 - n_context).clamp(min=1)
        old = (block.weights @ context).squeeze(-1)
        mass = 1 if block.sink is None else 1 - block.sink
        old, new = old / n_context, (mass - old).clamp(min=0) / n_new
        ratio = old / (old + new).clamp(min=1e-30)
        self._add("lookback", ratio.masked_fill(~looks[:, None], 0))

    def counts(self) -> Mapping[str, torch.Tensor]:
        """How many queries are behind the sums of each row (B,)."""
        text = self.sides.queries
        counts = {"n_queries": text.n_counted}
        if "lookback" in self.sums:
            counts["n_looking_back"] = self.sides.looks_back.sum(dim=1)
        if "control" in self.sums and text.has_partner is not None:
            counts["n_paired"] = (text.counted & text.has_partner).sum(dim=1)
        return counts

    @property
    def n_binned(self) -> torch.Tensor:
        """How many counted queries each 64th of the rows has."""
        text = self.sides.queries
        return (text.bins * text.counted[:, None]).double().sum(dim=(0, 2))

    def finish(self) -> Mapping[str, torch.Tensor]:
        """All sums (B, H); those that are read from what each key received, too."""
        keys = self.sides.keys
        for name, marked in (
            ("first", keys.is_first),
            ("punctuation", keys.is_punctuation),
        ):
            if marked is not None:
                self.sums[name] = (self.received * marked[:, None]).sum(dim=2)
        seen = self.sides.visibility.n_queries[:, None]
        often = seen >= seen.amax(dim=2, keepdim=True).clamp(min=2) / 2
        uniform = self.sides.visibility.uniform[:, None].expand_as(self.received)
        for name, received in (("sink", self.received), ("uniform_sink", uniform)):
            share = (received / seen.clamp(min=1)).masked_fill(~often, 0)
            most = share.amax(dim=2)
            self.sums[name] = most * self.sides.queries.n_counted[:, None]
        return self.sums
