"""Is each kind of change named as what it was made as, and nothing else?"""

from __future__ import annotations

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.table import Rate
from pipeline.metrics.changes.kinds import name_change

TITLE = "Kinds of change"
INTRO = (
    "`change_kind` of normal and Student t matrices of 64×64, 256×128 and 100×30, each "
    "changed in a known way; the share named as made. Dense changes are of 1e-5 to 0.1 "
    "of the norm, in float32 and bfloat16, with and without decay of 1 %."
)

Floats = NDArray[np.float64]
_SHAPES = ((64, 64), (256, 128), (100, 30))
_N = 8


def measure() -> list[Rate]:
    rng = np.random.default_rng(9)
    hits: dict[str, list[bool]] = {}
    for shape in _SHAPES:
        for i in range(_N):
            draw = rng.standard_normal(shape) if i % 2 else rng.standard_t(4, shape)
            old = _single(0.02 * draw)
            for made, eps, before, after in _changes(old, rng):
                if np.array_equal(before, after):
                    continue
                sigma = np.linalg.svd(after - before, compute_uv=False)
                found = name_change(before, after, sigma=sigma, eps=eps)["change_kind"]
                hits.setdefault(made, []).append(found == made.split(":")[0])
    return [Rate(made, "all", len(found), sum(found)) for made, found in hits.items()]


def _changes(
    old: Floats, rng: np.random.Generator
) -> list[tuple[str, float, Floats, Floats]]:
    single, half = 2.0**-23, 2.0**-7
    rows = rng.uniform(0.5, 2, (len(old), 1))
    rank = rng.standard_normal((len(old), 3)) @ rng.standard_normal((3, old.shape[1]))
    coarse = _cast(old, ml_dtypes.bfloat16)
    found = [
        ("rounded: bfloat16", single, old, coarse),
        ("rounded: float16", single, old, _cast(old, np.float16)),
        ("rounded: float8", single, old, _cast(old, ml_dtypes.float8_e4m3fn)),
        ("rounded: int8 a row", single, old, _grid(old, 127, 1)),
        ("rounded: int8", single, old, _grid(old, 127, None)),
        ("rounded: int4 a row", single, old, _grid(old, 7, 1)),
        ("pruned: half", single, old, np.where(abs(old) < 0.0135, 0, old)),
        ("scaled: rows", single, old, _single(old * rows)),
        ("sign_flipped", single, old, old * rng.choice([-1, 1], old.shape)),
        ("permuted", single, old, old[rng.permutation(len(old))]),
        ("low_rank: float32", single, old, _single(old + 0.004 * rank)),
        ("low_rank: bfloat16", half, coarse, _cast(coarse + 0.004 * rank)),
    ]
    for size in (1e-5, 1e-3, 1e-1):
        moved = 0.02 * size * rng.standard_normal(old.shape)
        found.append(("dense: float32", single, old, _single(old + moved)))
        found.append(("dense: with decay", single, old, _single(0.99 * old + moved)))
        found.append(("dense: bfloat16", half, coarse, _cast(coarse + moved)))
    # Decay of 1 % beside a change of a thousandth of it is a scale, and is called so.
    return [
        each
        for each in found
        if each[0] != "dense: with decay" or abs(each[3] - 0.99 * old).max() > 1e-4
    ]


def _single(x: Floats) -> Floats:
    return _cast(x, np.float32)


def _cast(x: Floats, dtype: type = ml_dtypes.bfloat16) -> Floats:
    return np.asarray(x.astype(dtype), np.float64)


def _grid(x: Floats, most: int, axis: int | None) -> Floats:
    step = np.abs(x).max(axis=axis, keepdims=True) / most
    return _single(np.round(x / step) * step)
