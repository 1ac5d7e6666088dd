"""What does each head of a model do on a probe set? Watched batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.metrics.attention.sums import N_GROUPS, HeadSums
from pipeline.probes.attention.blocks import Rule, attend
from pipeline.probes.attention.place import Place, place_of
from pipeline.probes.attention.rows import RowTally
from pipeline.probes.attention.sides import SideMaker
from pipeline.probes.attention.switch import can_switch, switched
from pipeline.probes.attention.tally import Tally

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

    `punctuation` says of each token whether it is punctuation.
    """

    punctuation: torch.Tensor | None = None
    kinds: frozenset[SiteKind] = frozenset()
    sums: dict[Place, HeadSums] = field(default_factory=dict)
    capture: Capture = "none"
    _last: tuple[int, torch.Tensor] | None = None

    def observe(self, site: Site, value: object, batch: Batch) -> None:
        """Nothing passes here: attentions come by `watching`."""

    @contextmanager
    def watching(self, forward: Forward, batch: Batch) -> Iterator[None]:
        """While open, the attentions of a run on this batch enter the sums."""
        if not can_switch(forward.model):
            yield
            return
        self.capture = "block"
        sides = SideMaker(forward, batch, self.punctuation, self._last)
        names = {id(module): name for name, module in forward.model.named_modules()}

        def watch(
            module: nn.Module,
            query: torch.Tensor,
            key: torch.Tensor,
            value: torch.Tensor,
            *,
            rule: Rule,
        ) -> torch.Tensor:
            place = place_of(forward, names[id(module)])
            joined = sides.make(place, query, key, rule)
            on_cpu = query.device.type == "cpu"
            tally = (RowTally if on_cpu else Tally)(joined, query.shape[1])
            out = attend(query, key, value, rule, visit=tally)
            self.take(place, tally, batch)
            return out

        with switched(forward.model, watch):
            yield
        self._last = sides.last

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
        return {}


def _groups(batch: Batch) -> Sequence[int]:
    if batch.windows:
        return [one.document % N_GROUPS for one in batch.windows]
    return list(np.arange(len(batch.mask)) % N_GROUPS)
