"""What passes each site of a model? Sums by dimension, position, length and token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.columns import Columns, count_block
from pipeline.metrics.activations.places import (
    N_BUCKETS,
    GroupSums,
    bucket_of,
    sum_magnitudes,
)
from pipeline.metrics.activations.summary import neuron_rows
from pipeline.metrics.activations.tiles import Tokens
from pipeline.probes.batch import Batch
from pipeline.probes.capture import Rows
from pipeline.probes.probe_set import TokenSet, token_numbers
from pipeline.probes.site_rows import (
    N_SHARES,
    SiteState,
    bucket_rows,
    place,
    position_lists,
    site_row,
    token_rows,
)
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]
I64 = NDArray[np.int64]

# Where a dimension is a neuron: it fires, and its largest values mean something.
_NEURONS = ("mlp_activation",)
_BY_TOKEN = ("block_output", "mlp_activation")
N_TOP = 5


@dataclass
class _Block:
    """What one tensor left, kept until another tensor comes."""

    tensor: Any
    site: Site
    columns: Columns
    rows: Tokens
    by_position: NDArray[np.float64] | None = None


class ActivationReducer:
    """Statistics of every site; what the same tensor passes twice is counted once.

    `n_tokens` may grow without bound: what is kept is of the size of the sites, and of
    the vocabulary for tables by token.
    """

    kinds: frozenset[SiteKind] = frozenset(
        {
            "block_input",
            "block_output",
            "attention_output",
            "mlp_output",
            "mlp_activation",
            "linear_input",
        }
    )

    def __init__(
        self, tokens: TokenSet | None, *, vocabulary_size: int = 0, threads: int = 1
    ) -> None:
        self._tokens = tokens
        self._vocabulary_size = vocabulary_size
        self._threads = threads
        self._states: dict[Site, SiteState] = {}
        self._skipped: dict[Site, str] = {}
        self._last: _Block | None = None
        self._batch: Batch | None = None
        self._groups: tuple[I64, I64, I64, I64]

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        if batch is not self._batch:
            self._last, self._batch = None, batch
            self._groups = self._find_groups(batch)
        if self._last is None or self._last.tensor is not value:
            rows = batch.select(value)
            if rows is None:
                shape = tuple(value.shape)
                self._skipped[site] = f"has no row per token: {shape}"
                return
            self._last = self._count(site, value, rows)
        self._take(site, self._last, batch)

    def _count(self, site: Site, value: Any, rows: torch.Tensor) -> _Block:
        array = np.ascontiguousarray(rows.detach().float().cpu().numpy())
        numbers = self._groups[0] if self._tokens else np.arange(len(array))
        columns, sums = (
            count_block(array, numbers, n_top=N_TOP, threads=self._threads)
            if site.kind in _NEURONS
            else count_block(array, numbers, threads=self._threads)
        )
        if site.kind not in _NEURONS or not len(self._groups[1]):
            return _Block(value, site, columns, sums)
        by_position = sum_magnitudes(array, self._groups[1], N_BUCKETS)
        return _Block(value, site, columns, sums, by_position)

    def _take(self, site: Site, block: _Block, batch: Batch) -> None:
        state = self._states.get(site)
        if state is None:
            state = self._states[site] = self._new_state(site, block)
        # Only what was the same every time is the same.
        same = block.site if block.site != site else None
        state.same_as = same if state.is_first or state.same_as == same else None
        state.is_first = False
        state.columns.merge(block.columns)
        if batch.inputs is not None:
            return
        d = block.columns.n_columns
        _, positions, lengths, tokens = self._groups
        state.positions.add(positions, block.rows, d)
        state.lengths.add(lengths, block.rows, d)
        if block.by_position is not None:
            before = 0.0 if state.by_position is None else state.by_position
            state.by_position = before + block.by_position
        if state.tokens is not None:
            state.tokens.add(tokens, block.rows, d)
        shares = np.round(block.rows.positive / d * (N_SHARES - 1)).astype(np.int64)
        state.shares += np.bincount(shares, minlength=N_SHARES)

    def _new_state(self, site: Site, block: _Block) -> SiteState:
        by_token = site.kind in _BY_TOKEN and self._vocabulary_size
        return SiteState(
            Columns(block.columns.n_columns, N_TOP if site.kind in _NEURONS else 0),
            GroupSums(N_BUCKETS),
            GroupSums(N_BUCKETS),
            GroupSums(self._vocabulary_size) if by_token else None,
        )

    def _find_groups(self, batch: Batch) -> tuple[I64, I64, I64, I64]:
        """Number, buckets of position and length, and id of every counted token."""
        if batch.inputs is not None or self._tokens is None:
            none = np.zeros(0, np.int64)
            return none, none, none, none
        counted = batch.counted.cpu().numpy()
        lengths = np.array([one.n_tokens for one in batch.windows], np.int64)
        wide = np.broadcast_to(lengths[:, None], counted.shape)
        return (
            token_numbers(self._tokens, batch),
            bucket_of(batch.positions.cpu().numpy()[counted]),
            bucket_of(wide[counted]),
            batch.tokens.cpu().numpy()[counted],
        )

    def finish(self) -> Rows:
        self._last = None
        tables: dict[str, list[Row]] = {
            "activations": [],
            "neurons": [],
            "position_activations": [],
            "token_activations": [],
        }
        for site, state in self._states.items():
            row = site_row(site, state)
            tables["activations"].append(row)
            if state.same_as is None:
                rms = row.get("rms") or 0.0
                tables["neurons"] += (
                    place(site) | one | position_lists(state, one["neuron"])
                    for one in neuron_rows(state.columns, rms)
                )
            for dimension in ("position", "length"):
                tables["position_activations"] += bucket_rows(site, state, dimension)
            tables["token_activations"] += token_rows(site, state)
        for site, reason in self._skipped.items():
            row = {"status": "skipped", "reason": reason}
            tables["activations"].append(place(site) | row)
        return tables
