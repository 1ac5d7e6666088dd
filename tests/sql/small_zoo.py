"""What zoo do the SQL tests ask about? A few checkpoints, each number chosen by hand.

`pair`: 2 layers, revisions main and old. q is 2 × 4, up is 4 × 2, one norm, a bias; the
embedding and an lm_head that is tied to it; one tensor was skipped.
`deep`: 3 layers with q only. `run`: a series of steps 0, 10, 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.query import run_query
from tests.tiny_warehouse import tiny_warehouse

Row = dict[str, Any]


def place(
    tensor: str,
    shape: tuple[int, ...],
    *,
    layer: int | None = None,
    n_layers: int = 2,
    **more: Any,
) -> Row:
    """A row of `tensors`: where the tensor sits, and its sizes."""
    n_elements = 1
    for size in shape:
        n_elements *= size
    depth = None if layer is None else layer / max(n_layers - 1, 1)
    return {
        "tensor": tensor,
        "shape": "×".join(map(str, shape)),
        "n_rows": shape[0] if shape else None,
        "n_cols": n_elements // shape[0] if len(shape) > 1 else None,
        "n_elements": n_elements,
        "n_bytes": 4 * n_elements,
        "layer": layer,
        "depth": depth,
        "digest": f"digest of {tensor}",
        **more,
    }


def entries(tensor: str, values: Sequence[float], **more: Any) -> Row:
    """A row of `tensor_stats` with the moments of a few values."""
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / n
    return {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "n_elements": n,
        "n_finite": n,
        "n_zero": sum(value == 0 for value in values),
        "n_nan": 0,
        "n_pos_inf": 0,
        "n_neg_inf": 0,
        "abs_max": max(map(abs, values)),
        "mean": mean,
        "std": variance**0.5,
        "frobenius_norm": sum(value * value for value in values) ** 0.5,
        "zero_fraction": sum(value == 0 for value in values) / n,
        "outlier_6_sigma_fraction": 0.0,
        **more,
    }


def spectrum(
    tensor: str, sigma: Sequence[float], shape: tuple[int, int], **more: Any
) -> Row:
    """A row of `spectra` with the norms and ranks of chosen singular values."""
    energy = sum(value * value for value in sigma)
    return {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "n_rows": shape[0],
        "n_cols": shape[1],
        "design_rank": min(shape),
        "singular_values": list(sigma),
        "spectral_norm": sigma[0],
        "frobenius_norm": energy**0.5,
        "stable_rank": energy / sigma[0] ** 2,
        **more,
    }


def counted(tensor: str, counts: dict[float, int], **more: Any) -> Row:
    """A row of `value_counts`."""
    return {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "resolution": 0.0,
        "values": list(counts),
        "counts": list(counts.values()),
        **more,
    }


def at(
    rows: Sequence[Row], model: str, revision: str = "main", **more: Any
) -> list[Row]:
    """The rows, said of one checkpoint."""
    return [{"model": model, "revision": revision, **more, **row} for row in rows]


def ask(root: Path, name: str, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of a canned query, as tuples."""
    table = run_query(root, name, {key: str(value) for key, value in params.items()})
    return [tuple(row.values()) for row in table.to_pylist()]


def pick(root: Path, name: str, columns: str, **params: Any) -> list[tuple[Any, ...]]:
    """Some columns of a canned query, named in order."""
    table = run_query(root, name, {key: str(value) for key, value in params.items()})
    return [tuple(row[word] for word in columns.split()) for row in table.to_pylist()]


PAIR_TENSORS = [
    place("emb", (3, 2), position=0, component="embedding"),
    place("h.0.q", (2, 4), layer=0, position=1),
    place("h.0.up", (4, 2), layer=0, position=2, component="up"),
    place("h.0.ln", (2,), layer=0, position=3, component="norm"),
    place("h.0.q.bias", (2,), layer=0, position=4, parameter="bias"),
    place("h.1.q", (2, 4), layer=1, position=5),
    place("h.1.up", (4, 2), layer=1, position=6, component="up"),
    place(
        "head",
        (3, 2),
        position=7,
        component="lm_head",
        alias_of="emb",
        is_tied=True,
        status="aliased",
        digest="digest of emb",
    ),
    place(
        "momentum",
        (9,),
        position=8,
        component="other",
        status="skipped",
        reason="optimizer_state",
        digest=None,
    ),
]

PAIR_STATS = [
    entries("emb", [0, 0, 1, 1, 2, 2]),
    entries("h.0.q", [-1, 1] * 4, kurtosis=-2.0),
    entries("h.0.up", [3] * 4 + [5] * 4, kurtosis=-1.0),
    entries("h.0.ln", [1, 1]),
    entries("h.0.q.bias", [0, 4]),
    entries("h.1.q", [-2, 2] * 4, outlier_6_sigma_fraction=0.25),
    entries("h.1.up", [0] * 8),
]

PAIR_SPECTRA = [
    spectrum("emb", [3, 1], (3, 2), view_component="embedding", effective_rank=1.5),
    spectrum("h.0.q", [2, 2], (2, 4), rank_90=2, rank_95=2, effective_rank=2.0),
    spectrum(
        "h.0.up",
        [4, 0],
        (4, 2),
        view_component="up",
        rank_90=1,
        rank_95=1,
        effective_rank=1.0,
    ),
    spectrum("h.1.q", [2, 1], (2, 4), rank_90=2, rank_95=2, effective_rank=1.9),
    {
        "tensor": "h.1.up",
        "status": "not_converged",
        "reason": "as planned",
        "n_rows": 4,
        "n_cols": 2,
        "view_component": "up",
    },
    {
        "tensor": "h.0.ln",
        "view": "none",
        "status": "no_view",
        "reason": "1-D",
        "view_component": "norm",
    },
]

DEEP_TENSORS = [
    place(f"b.{layer}.q", (2, 2), layer=layer, n_layers=3, position=layer)
    for layer in range(3)
]
DEEP_SPECTRA = [
    spectrum(f"b.{layer}.q", sigma, (2, 2), rank_90=1, rank_95=2)
    for layer, sigma in enumerate([[1, 1], [2, 0], [2, 2]])
]

STEPS = (0, 10, 20)


def _run_rows(rows: Sequence[Row]) -> list[Row]:
    return [row for step in STEPS for row in at(rows, "run", f"step-{step}", step=step)]


PROBED = dict.fromkeys(("parameter_set", "probe_digest", "tokens_digest"), "p")
PROBED |= {"probe_set": "texts", "kind": "decoder", "tokenizer": "bytes"}
SCORED = {"parameter_set": "p", "probe_set": "texts", "tokens_digest": "p"}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small zoo as a warehouse; tests only read it."""
    sizes = {"n_elements": 50, "n_parameters": 35, "n_bytes": 200, "dtype": "F32"}
    tallies = {"n_tensors": 9, "n_aliased": 1, "n_skipped": 1, "n_layers": 2}
    run_q = place("q", (2, 2), layer=0, position=0)
    return tiny_warehouse(
        tmp_path_factory.mktemp("small_zoo"),
        checkpoints=[
            *at([{**sizes, **tallies}], "pair"),
            *at([{**sizes, **tallies}], "pair", "old"),
            *at([{"n_layers": 3, "n_tensors": 3, "n_elements": 12}], "deep", "v1"),
            *_run_rows([{"series": "run", "n_tensors": 2, "n_elements": 6}]),
        ],
        probe_sets=at([PROBED], "pair") + at([PROBED], "deep", "v1"),
        sensitivities=at([{"metric": "abs_grad_x_weight"}], "pair"),
        perturbations=at([{"arm": "top"}], "pair"),
        task_items=at([{"task": "t"}], "pair") + at([{"task": "t"}], "deep", "v1"),
        tensor_changes=at(
            [
                {
                    "tensor": "emb",
                    "from_tensor": "emb",
                    "from_model": "pair",
                    "from_revision": "old",
                }
            ],
            "pair",
        ),
        tensors=[
            *at(PAIR_TENSORS, "pair"),
            *at(PAIR_TENSORS, "pair", "old"),
            *at(DEEP_TENSORS, "deep", "v1"),
            *_run_rows(
                [run_q, place("q.bias", (2,), layer=0, position=1, parameter="bias")]
            ),
        ],
        tensor_stats=[
            *at(PAIR_STATS, "pair"),
            *at([entries("h.0.q", [7] * 8)], "pair", "old"),
            *[
                row
                for step in STEPS
                for row in at(
                    [entries("q", [step, -step] * 2), entries("q.bias", [step, step])],
                    "run",
                    f"step-{step}",
                    step=step,
                )
            ],
        ],
        spectra=[*at(PAIR_SPECTRA, "pair"), *at(DEEP_SPECTRA, "deep", "v1")],
        value_counts=[
            *at(
                [
                    counted("emb", {0: 2, 1: 2, 2: 2}),
                    counted("h.0.q", {-1: 4, 1: 4}),
                    counted("h.1.q", {-2: 4, 2: 4}),
                    counted("h.0.ln", {1: 2}),
                ],
                "pair",
            ),
            *at([counted("b.0.q", {-1: 2, 3: 2})], "deep", "v1"),
            *[
                row
                for step in STEPS
                for row in at(
                    [counted("q", {-step: 2, step: 2} if step else {0: 4})],
                    "run",
                    f"step-{step}",
                    step=step,
                )
            ],
        ],
        training_log=[
            # Both logs hold step 10; the later checkpoint's word counts.
            *at([{"step": 10, "metric": "loss", "value": 9.0}], "run", "step-10"),
            *at(
                [
                    {"step": 10, "metric": "loss", "value": 2.5},
                    {"step": 20, "metric": "loss", "value": 1.5},
                    {"step": 20, "metric": "learning_rate", "value": 0.1},
                ],
                "run",
                "step-20",
            ),
        ],
    )
