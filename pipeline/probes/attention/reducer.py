"""What does each head of a model do on a probe set? Watched batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.metrics.attention.sums import N_GROUPS, HeadSums
from pipeline.probes.attention.blocks import Rule, attend
from pipeline.probes.attention.effects import Asked, HeadEffects
from pipeline.probes.attention.place import Place, place_of
from pipeline.probes.attention.rows import RowTally
from pipeline.probes.attention.sides import SideMaker
from pipeline.probes.attention.switch import can_switch, switched
from pipeline.probes.attention.tables import head_tables
from pipeline.probes.attention.tally import Tally
from pipeline.probes.attention.whole import showing, whole_block

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pipeline.probes.batch import Batch
    from pipeline.probes.capture import Forward, Rows
    from pipeline.probes.sites import Site, SiteKind

Capture = Literal["block", "eager", "none"]


@dataclass
class AttentionReducer:
    """Sums of every attention by its place. It has hooks of its own: `watching`.

    `punctuation` says of each token whether it is punctuation. `capture` says how
    weights were seen: in blocks, as the whole matrix of a model with attention code of
    its own, or not at all. `effects` are what closing heads does to the loss.
    """

    punctuation: torch.Tensor | None = None
    kinds: frozenset[SiteKind] = frozenset()
    sums: dict[Place, HeadSums] = field(default_factory=dict)
    modules: dict[Place, str] = field(default_factory=dict)
    capture: Capture = "none"
    asked: Asked | None = None
    effects: HeadEffects = field(default_factory=HeadEffects)
    _forward: Forward | None = None
    _last: tuple[int, torch.Tensor] | None = None

    def observe(self, site: Site, value: object, batch: Batch) -> None:
        """Nothing passes here: attentions come by `watching`."""

    @contextmanager
    def watching(self, forward: Forward, batch: Batch) -> Iterator[None]:
        """While open, the attentions of a run on this batch enter the sums."""
        self._forward = forward
        sides = SideMaker(forward, batch, self.punctuation, self._last)
        names = {id(module): name for name, module in forward.model.named_modules()}

        def tally_of(
            module: nn.Module, query: torch.Tensor, key: torch.Tensor, rule: Rule
        ) -> tuple[Place, Tally]:
            place = place_of(forward, names[id(module)])
            self.modules[place] = names[id(module)]
            joined = sides.make(place, query, key, rule)
            on_cpu = query.device.type == "cpu"
            return place, (RowTally if on_cpu else Tally)(joined, query.shape[1])

        def watch(
            module: nn.Module,
            query: torch.Tensor,
            key: torch.Tensor,
            value: torch.Tensor,
            *,
            rule: Rule,
        ) -> torch.Tensor:
            self.capture = "block"
            place, tally = tally_of(module, query, key, rule)
            out = attend(query, key, value, rule, visit=tally)
            self.take(place, tally, batch)
            return out

        def look(module: nn.Module, weights: torch.Tensor) -> None:
            self.capture = "eager"
            rule = Rule(1.0, is_causal=forward.kind == "decoder")
            keys = weights.transpose(2, 3)
            place, tally = tally_of(module, weights, keys, rule)
            tally(whole_block(weights))
            self.take(place, tally, batch)

        is_switched = can_switch(forward.model)
        with (
            switched(forward.model, watch)
            if is_switched
            else showing(forward.model, look)
        ):
            yield
        self._last = sides.last

    def close(self, batch: Batch, _answer: object) -> None:
        """Measure what the loss of a batch that has run owes to each head, if asked."""
        if self._forward is None or self.asked is None or self.capture != "block":
            return
        heads = [(at, one) for at, s in self.sums.items() for one in range(s.n_heads)]
        self.effects.add(self._forward, batch, self.asked, heads)

    def take(self, place: Place, tally: Tally, batch: Batch) -> None:
        """Add what one call of an attention gave, to the groups of its documents."""
        groups = _groups(batch)
        into = self.sums.setdefault(place, HeadSums(tally.n_heads))
        for name, values in tally.finish().items():
            into.add(name, groups, values.cpu().numpy())
        for name, counted in tally.counts().items():
            into.add(name, groups, counted.cpu().numpy())
        into.binned += tally.binned.sum(dim=0).cpu().numpy()
        into.n_binned += tally.n_binned.cpu().numpy()

    def finish(self) -> Rows:
        return head_tables(self.sums, self.modules, self.capture, self.effects)


def _groups(batch: Batch) -> Sequence[int]:
    if batch.windows:
        return [one.document % N_GROUPS for one in batch.windows]
    return list(np.arange(len(batch.mask)) % N_GROUPS)
