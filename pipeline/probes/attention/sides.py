"""Which texts does an attention join? The batch, the decoder's, or the encoder's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.metrics.attention import rows
from pipeline.probes.attention.patterns import Patterns
from pipeline.probes.attention.texts import (
    N_BINS,
    Text,
    Visibility,
    blank_text,
    pair_up,
    see,
    text_of,
)
from pipeline.probes.capture import shift_right

if TYPE_CHECKING:
    from pipeline.probes.attention.blocks import Rule
    from pipeline.probes.batch import Batch
    from pipeline.probes.capture import Forward


@dataclass(frozen=True)
class SideArrays:
    """Both sides of an attention as the compiled code reads them; of all its layers."""

    queries: rows.Queries
    keys: rows.Keys
    kind: rows.Kind


@dataclass(frozen=True)
class Sides:
    """The two texts that an attention joins, and what one sees of the other.

    `is_self` where queries and keys are the same places; `is_causal` where no query
    sees a later key.
    """

    queries: Text
    keys: Text
    visibility: Visibility
    patterns: Patterns
    is_self: bool
    is_causal: bool

    @cached_property
    def log_n_keys(self) -> torch.Tensor:
        """The largest entropy of each query, 0 where it sees one key."""
        return self.visibility.n_keys.clamp(min=1).float().log()

    @cached_property
    def looks_back(self) -> torch.Tensor:
        """Counted queries after the context: those that can look back at it."""
        return self.queries.counted & ~self.queries.context

    @cached_property
    def arrays(self) -> SideArrays:
        """Both sides in the types of the compiled code."""
        return _arrays_of(self)


class SideMaker:
    """The texts of one batch, and what its layers share: counts and patterns."""

    def __init__(
        self,
        forward: Forward,
        batch: Batch,
        punctuation: torch.Tensor | None,
        last: tuple[int, torch.Tensor] | None,
    ) -> None:
        self._texts: dict[str, Text] = {}
        self._made: dict[tuple[object, ...], Sides] = {}
        self._masks: list[object] = []
        self.last = last
        if batch.inputs is not None:
            return
        documents = [one.document for one in batch.windows] or range(len(batch.mask))
        own = _paired(text_of(batch, punctuation), list(documents), last)
        self._texts["own"] = own
        if forward.kind == "encoder-decoder":
            shifted = _shifted(forward, batch)
            decoder = _paired(text_of(shifted, punctuation), list(documents), None)
            self._texts["decoder"] = decoder
        if own.tokens is not None and len(own.tokens):
            self.last = (documents[-1], own.tokens[-1][own.mask[-1]])

    def make(
        self,
        place: tuple[str | None, int | None, str],
        query: torch.Tensor,
        key: torch.Tensor,
        rule: Rule,
    ) -> Sides:
        """The sides of one call. Layers with the same mask and stack share theirs."""
        stack, _, attention = place
        is_self = attention == "self" and query.shape[2] == key.shape[2]
        kept = (stack, is_self, rule.is_causal, id(rule.mask), query.shape[2])
        if kept in self._made:
            return self._made[kept]
        queries = self._text(stack, query)
        keys = queries if is_self else self._text("encoder", key)
        visibility = see(rule, queries, keys)
        is_causal = is_self and visibility.is_causal
        patterns = Patterns(queries, is_self, is_causal)
        sides = Sides(queries, keys, visibility, patterns, is_self, is_causal)
        # The mask is held, so that no other takes its identity while this batch runs.
        self._masks.append(rule.mask)
        self._made[kept] = sides
        return sides

    def _text(self, stack: str | None, states: torch.Tensor) -> Text:
        """The text of a stack, of places without tokens where the lengths differ."""
        name = "decoder" if stack == "decoder" and "decoder" in self._texts else "own"
        text = self._texts.get(name)
        n_rows, n_places = states.shape[0], states.shape[2]
        if text is None or text.mask.shape != (n_rows, n_places):
            return blank_text(n_rows, n_places, states.device)
        return text


def _paired(
    text: Text, documents: list[int], last: tuple[int, torch.Tensor] | None
) -> Text:
    return replace(text, partners=pair_up(text, documents, last))


def _shifted(forward: Forward, batch: Batch) -> Batch:
    return replace(batch, tokens=shift_right(forward, batch))


def _arrays_of(sides: Sides) -> SideArrays:
    """Everything that is known of the two texts, in the types of the compiled code."""
    queries, keys = sides.queries, sides.keys
    has_tokens = sides.is_self and queries.tokens is not None
    kind = rows.Kind(
        sides.is_self,
        sides.is_causal,
        has_tokens,
        has_tokens and queries.partners is not None,
    )
    return SideArrays(
        rows.Queries(
            _integers(queries.counted, queries),
            _integers(sides.looks_back, queries),
            _integers(queries.has_partner, queries),
            _integers(queries.positions, queries),
            _integers(queries.tokens, queries),
            _integers(queries.partners, queries),
            sides.log_n_keys.float().contiguous().numpy(),
            _bins(queries),
            *_bin_ranges(queries),
        ),
        rows.Keys(
            _integers(keys.tokens, keys),
            _integers(keys.before, keys),
            _integers(keys.partners_before, keys),
            np.arange(keys.mask.shape[1], dtype=np.float32),
            keys.context.float().numpy(),
            keys.context.sum(dim=1).to(torch.int32).numpy(),
            _bins(keys),
            *_bin_ranges(keys),
        ),
        kind,
    )


def _integers(values: torch.Tensor | None, text: Text) -> rows.Integers:
    """(B, T) in 32 bits; zeros, which are not read, where nothing is known."""
    if values is None:
        return np.zeros(text.mask.shape, dtype=np.int32)
    return values.to(torch.int32).contiguous().numpy()


def _bin_ranges(text: Text) -> tuple[rows.Integers, rows.Integers]:
    """First and last stretch that a place has a share of; none (0, -1) at padding."""
    length = text.lengths[:, None].clamp(min=1)
    first = text.positions * N_BINS // length
    last = ((text.positions + 1) * N_BINS - 1) // length
    last = last.clamp(max=N_BINS - 1).masked_fill(~text.mask, -1)
    return _integers(first.masked_fill(~text.mask, 0), text), _integers(last, text)


def _bins(text: Text) -> rows.Singles:
    return text.bins.float().transpose(1, 2).contiguous().numpy()
