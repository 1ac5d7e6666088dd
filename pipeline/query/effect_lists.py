"""How do two samples go from SQL's lists to an effect size, and back?"""

from __future__ import annotations

import pyarrow as pa

EFFECT = (
    "struct(status varchar, n_a bigint, n_b bigint, mean_a double, mean_b double, "
    "hedges_g double, g_low double, g_high double, cliffs_delta double, "
    "delta_low double, delta_high double, p_value double)"
)
_FIELDS = [
    ("status", pa.string()),
    *((name, pa.int64()) for name in ("n_a", "n_b")),
    *(
        (name, pa.float64())
        for name in (
            "mean_a",
            "mean_b",
            "hedges_g",
            "g_low",
            "g_high",
            "cliffs_delta",
            "delta_low",
            "delta_high",
            "p_value",
        )
    ),
]


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
    return pa.array(rows, pa.struct(_FIELDS))
