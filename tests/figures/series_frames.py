"""Which frames do the queries of series and models give? Made by hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import polars as pl


def series_frame(
    steps: Sequence[int],
    n_tensors: int = 1,
    value: Callable[[int, int], float | None] = lambda step, place: step + place,
    metric: str = "frobenius_norm",
) -> pl.DataFrame:
    rows = [
        (
            "run",
            f"step-{step}",
            step,
            f"h.{place}.w",
            "whole",
            place,
            "q",
            metric,
            value(step, place),
        )
        for place in range(n_tensors)
        for step in steps
    ]
    return pl.DataFrame(
        rows,
        schema={
            "model": pl.String,
            "revision": pl.String,
            "step": pl.Int64,
            "tensor": pl.String,
            "view": pl.String,
            "layer": pl.Int64,
            "component": pl.String,
            "metric": pl.String,
            "value": pl.Float64,
        },
        orient="row",
    )


def lineage_frame(
    *trees: Sequence[
        tuple[str, str, int | None, str | None, str | None, str | None, float | None]
    ],
) -> pl.DataFrame:
    """Rows (model, revision, step, its parent's two, evidence, distance), by tree."""
    rows = [(place, *row, "kin") for place, tree in enumerate(trees) for row in tree]
    return pl.DataFrame(
        rows,
        schema={
            "tree": pl.Int64,
            **dict.fromkeys(["model", "revision"], pl.String),
            "step": pl.Int64,
            **dict.fromkeys(["parent_model", "parent_revision", "evidence"], pl.String),
            "distance": pl.Float64,
            "relation": pl.String,
        },
        orient="row",
    )


def matrix_frame(checkpoints: Sequence[tuple[str, int | None]]) -> pl.DataFrame:
    """All pairs of checkpoints (model, step), at distances 1, 2, 3, …"""
    named = [
        (model, "main" if step is None else f"s{step}", step)
        for model, step in checkpoints
    ]
    rows = [
        (*a, *b, float(place + 1))
        for place, (a, b) in enumerate(combinations(named, 2))
    ]
    types = {"model": pl.String, "revision": pl.String, "step": pl.Int64}
    sides = {f"{name}_{side}": types[name] for side in "ab" for name in types}
    return pl.DataFrame(rows, schema=sides | {"distance": pl.Float64}, orient="row")


def profiles_frame(
    models: Sequence[str], components: Sequence[str], n_layers: int
) -> pl.DataFrame:
    rows = [
        (model, "main", component, layer, layer / max(n_layers - 1, 1), float(layer))
        for model in models
        for component in components
        for layer in range(n_layers)
    ]
    return pl.DataFrame(
        rows,
        schema={
            "model": pl.String,
            "revision": pl.String,
            "component": pl.String,
            "layer": pl.Int64,
            "depth": pl.Float64,
            "value": pl.Float64,
        },
        orient="row",
    ).with_columns(metric=pl.lit("stable_rank"))


def segments_frame(
    steps: Sequence[int],
    n_tensors: int = 1,
    breaks: Mapping[int, float | None] | None = None,
) -> pl.DataFrame:
    """Every tensor breaks at the steps of `breaks`, which are events by their share."""
    found = breaks or {}
    at = {step: sum(each <= step for each in found) for step in steps}
    frame = series_frame(steps, n_tensors, lambda step, place: at[step] * 9.0 + place)
    kinds = pl.when(pl.col("step").is_in(list(found))).then(pl.lit("level"))
    return frame.with_columns(
        segment=pl.col("step").replace_strict(at, return_dtype=pl.Int64),
        fitted=pl.col("value"),
        kind=kinds.otherwise(None),
        agreement=pl.col("step").replace_strict(
            found or {-1: None}, default=None, return_dtype=pl.Float64
        ),
    ).drop("revision")


def evolution_frame(
    steps: Iterable[int], n_values: int, tensor: str = "h.0.w", view: str = "whole"
) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(
            {
                "model": "run",
                "tensor": tensor,
                "view": view,
                "step": step,
                "index": np.arange(1, n_values + 1),
                "singular_value": (3 + place) / np.arange(1, n_values + 1),
                "noise_edge": 1.5,
            }
        )
        for place, step in enumerate(steps)
    )
