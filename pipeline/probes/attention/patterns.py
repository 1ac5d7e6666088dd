"""Which keys are the same token, or come after the same token? Patterns of a block."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from pipeline.probes.attention.blocks import Block
from pipeline.probes.attention.texts import Text

# Patterns are the same in every layer: they are kept where all of them are small.
_MOST_KEPT = 2**22


@dataclass
class Patterns:
    """Patterns of a self-attention, as 0 and 1 over the pairs (query, key) of a block.

    duplicate: the key is the query's token, elsewhere. induction: the token before the
    key is the query's, elsewhere. paired, control: induction where the partner has the
    query too, and the same by the partner's tokens instead of the own: what is found
    there has nothing to do with the tokens. distance: |query − key|, where a query may
    see later keys.
    """

    text: Text
    is_self: bool
    is_causal: bool
    _kept: dict[tuple[int, ...], torch.Tensor] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        if not self.is_self:
            return ()
        known = () if self.text.tokens is None else ("duplicate", "induction")
        paired = () if self.text.partners is None else ("paired", "control")
        distance = () if self.is_causal else ("distance",)
        return (*known, *paired, *distance)

    def columns(self, block: Block) -> tuple[tuple[str, ...], torch.Tensor]:
        """Names, and (B, names, queries · keys) in float32; only counted queries."""
        names = self.names
        if not names:
            return (), torch.empty(0)
        place = (block.start, block.stop, block.first_key, block.last_key)
        if place in self._kept:
            return names, self._kept[place]
        queries = slice(block.start, block.stop)
        keys = slice(block.first_key, block.last_key)
        made = self._make(names, queries, keys)
        n_rows, n_places = self.text.mask.shape
        if n_rows * n_places**2 * len(names) <= _MOST_KEPT:
            self._kept[place] = made
        return names, made

    def _make(
        self, names: tuple[str, ...], queries: slice, keys: slice
    ) -> torch.Tensor:
        text = self.text
        device = text.mask.device
        shape = (
            len(text.mask),
            len(names),
            queries.stop - queries.start,
            keys.stop - keys.start,
        )
        made = torch.empty(shape, dtype=torch.float32, device=device)
        for column, name in enumerate(names):
            made[:, column] = self._pattern(name, queries, keys)
        if not bool(text.counted.all()):
            made *= text.counted[:, None, queries, None]
        return made.flatten(2)

    def _pattern(self, name: str, queries: slice, keys: slice) -> torch.Tensor:
        text = self.text
        if name == "distance":
            places = torch.arange(text.mask.shape[1], device=text.mask.device)
            return (places[queries, None] - places[None, keys]).abs()[None]
        of_partner = name == "control"
        own = text.partners if of_partner else text.tokens
        before = text.partners_before if of_partner else text.before
        if own is None or before is None:
            raise ValueError(f"{name} needs tokens")
        sought = own[:, queries, None]
        if name == "duplicate":
            found = sought == own[:, None, keys]
        else:
            found = sought == before[:, None, keys]
        # The query itself is no other place with its token.
        shift = queries.start - keys.start + (name != "duplicate")
        found.diagonal(shift, dim1=1, dim2=2).zero_()
        if name in {"paired", "control"} and text.has_partner is not None:
            found &= text.has_partner[:, queries, None]
        return found
