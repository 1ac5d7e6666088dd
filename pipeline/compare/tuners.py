"""Which formula belongs to which kind of adapter?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.compare import low_rank, rotations
from pipeline.compare.effects import Effect, Given

Tuner = Callable[[Given], Effect]

TUNERS: Mapping[str, Tuner] = {
    "lora": low_rank.lora,
    "dora": low_rank.dora,
    "adalora": low_rank.adalora,
    "lora_bias": low_rank.lora_bias,
    "loha": low_rank.loha,
    "lokr": low_rank.lokr,
    "vera": low_rank.vera,
    "ia3": rotations.ia3,
    "oft": rotations.oft,
    "boft": rotations.boft,
    "hra": rotations.hra,
    "tokens": rotations.tokens,
}
