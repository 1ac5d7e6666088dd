"""How do two samples go from SQL's lists to an effect size, and back?"""

from __future__ import annotations

import pyarrow as pa

from pipeline.tables.functions import EFFECTS
from pipeline.tables.types import struct_of


def effects(a: pa.ChunkedArray, b: pa.ChunkedArray) -> pa.Array:
    """`effect`: what sets the second sample apart from the first."""
    from pipeline.analysis.effects import compare_samples

    rows = []
    for one, other in zip(a.to_pylist(), b.to_pylist(), strict=True):
        found = compare_samples(one, other)
        g = found.hedges_g or (None, None, None)
        delta = found.cliffs_delta or (None, None, None)
        rows.append(
            {
                "status": found.status,
                "n_a": found.n_a,
                "n_b": found.n_b,
                "mean_a": found.mean_a,
                "mean_b": found.mean_b,
                "p_value": found.p_value,
                **dict(zip(("hedges_g", "g_low", "g_high"), g, strict=True)),
                **dict(
                    zip(("cliffs_delta", "delta_low", "delta_high"), delta, strict=True)
                ),
            }
        )
    return pa.array(rows, struct_of(EFFECTS))
