"""How are a block's sums taken on the CPU? By compiled code, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from pipeline.metrics.attention import rows
from pipeline.probes.attention.blocks import Block
from pipeline.probes.attention.tally import Tally

_SELF = ("distance", "self", "previous")
_TOKENS = ("duplicate", "induction")
_PARTNERS = ("paired", "control")


@dataclass
class RowTally(Tally):
    """The sums of `Tally` on the CPU."""

    _sums: rows.Sums = field(init=False)
    _has_sink: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        fields = np.zeros((*self.received.shape[:2], len(rows.FIELDS)))
        received, binned = self.received.numpy(), self.binned.numpy()
        self._sums = rows.Sums(fields, received, binned)

    def __call__(self, block: Block) -> None:
        arrays = self.sides.arrays
        self._has_sink = block.sink is not None
        sink = torch.empty(0, 0, 0) if block.sink is None else block.sink
        part = rows.Part(
            block.weights.float().numpy(),
            block.scores.float().numpy(),
            block.total.float().numpy(),
            sink.float().numpy(),
            block.start,
            block.first_key,
        )
        rows.add_block(part, arrays.queries, arrays.keys, arrays.kind, self._sums)

    def finish(self) -> Mapping[str, torch.Tensor]:
        names = ["entropy", "normalised_entropy", "largest"]
        names += ["virtual_sink"] if self._has_sink else []
        kind = self.sides.arrays.kind
        names += _SELF if kind.is_self else ()
        if kind.is_self and kind.is_causal and bool(self.sides.looks_back.any()):
            names.append("lookback")
        names += _TOKENS if kind.has_tokens else ()
        names += _PARTNERS if kind.has_partners else ()
        for name in names:
            place = rows.FIELDS.index(name)
            self.sums[name] = torch.from_numpy(self._sums.fields[:, :, place].copy())
        return super().finish()
