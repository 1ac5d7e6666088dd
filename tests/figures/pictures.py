"""What must hold of any picture? Its texts lie inside it and apart from each other.

Also makes the frames that the canned queries would give.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import polars as pl
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from pipeline.figures.shared.style import house_style

NASTY = "org/$a$_{b} <b>&\"'\n模型 ünïcode\x1b[31m {% raw %}"


def heatmap_frame(
    n_layers: int,
    components: Sequence[str] = ("q", "k", "v", "o"),
    value: Callable[[int, int], float | None] = lambda layer, place: layer + place,
    *,
    metric: str = "stable_rank",
    model: str = "m",
) -> pl.DataFrame:
    rows = [
        (model, "main", layer, name, metric, value(layer, place))
        for layer in range(n_layers)
        for place, name in enumerate(components)
    ]
    return pl.DataFrame(
        rows,
        schema={
            "model": pl.String,
            "revision": pl.String,
            "layer": pl.Int64,
            "component": pl.String,
            "metric": pl.String,
            "value": pl.Float64,
        },
        orient="row",
    )


def histogram_frame(
    edges: Iterable[float],
    counts: Iterable[int],
    tensor: str = "t",
    *,
    model: str = "m",
    revision: str = "main",
) -> pl.DataFrame:
    sides = np.array(list(edges), float)
    count = np.array(list(counts), int)
    return pl.DataFrame(
        {
            "model": model,
            "revision": revision,
            "tensor": tensor,
            "bin_low": sides[:-1],
            "bin_high": sides[1:],
            "count": count,
            "density": count / count.sum() / np.diff(sides),
        }
    )


def point_row(value: float, count: int, tensor: str = "t") -> pl.DataFrame:
    """A bin without width: all its entries hold one value."""
    return histogram_frame([value, value + 1], [count], tensor).with_columns(
        bin_high=pl.lit(value), density=pl.lit(None, pl.Float64)
    )


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


def esd_frame(
    lam: Sequence[float], shape: tuple[int, int] = (40, 20), **facts: object
) -> pl.DataFrame:
    """Eigenvalues as query `esd` gives them, with some facts that go with them."""
    usual = {
        "model": "m",
        "revision": "main",
        "tensor": "h.0.w",
        "view": "whole",
        "n_rows": shape[0],
        "n_cols": shape[1],
        "frobenius_norm": float(np.sum(np.clip(lam, 0, None))) ** 0.5,
        "alpha": 3.0,
        "alpha_stderr": 0.2,
        "alpha_xmin": 2.0,
        "n_tail": 5,
        "mp_sigma": 0.2,
        "mp_edge": 4.66,
        "n_spikes": 2,
        "verdict": "structured",
        "q_value": 1e-4,
    }
    listed = sorted((float(value) for value in lam), reverse=True)
    rows = [usual | facts | {"eigenvalue": value} for value in listed]
    return pl.DataFrame(rows, infer_schema_length=None)


def depth_frame(
    n_layers: int,
    components: Sequence[str] = ("q", "up"),
    value: Callable[[int, int], float | None] = lambda layer, place: 2 + layer + place,
    *,
    verdict: Callable[[int, int], str | None] = lambda *_: "structured",
    metric: str = "alpha",
) -> pl.DataFrame:
    rows = [
        ("m", "main", layer, name, metric, value(layer, i), verdict(layer, i))
        for layer in range(n_layers)
        for i, name in enumerate(components)
    ]
    schema = {
        "model": pl.String,
        "revision": pl.String,
        "layer": pl.Int64,
        "component": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
        "verdict": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in visible_texts(figure)]


def visible_texts(figure: Figure) -> list[Text]:
    with house_style():
        figure.draw_without_rendering()
    undrawn = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in _undrawn_labels(axis)
    }
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and text not in undrawn
    ]


def assert_readable(figure: Figure) -> None:
    """One column wide, no text outside the picture, none upon another."""
    assert figure.get_size_inches()[0] == 3.3
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in visible_texts(figure)
    ]
    assert boxes
    frame = figure.bbox.padded(1)
    for text, box in boxes:
        assert frame.x0 <= box.x0, text
        assert frame.y0 <= box.y0, text
        assert box.x1 <= frame.x1, text
        assert box.y1 <= frame.y1, text
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.padded(-0.5).overlaps(beside.padded(-0.5)), (one, other)


def _undrawn_labels(axis: Axis) -> set[Text]:
    """Ticks out of use or beyond the axis limits keep their labels."""
    low, high = sorted(axis.get_view_interval())
    drawn = {
        tick
        for tick in axis.get_major_ticks() + axis.get_minor_ticks()
        if low <= tick.get_loc() <= high
    }
    every = {*axis.majorTicks, *axis.minorTicks}
    return {label for tick in every - drawn for label in (tick.label1, tick.label2)}


def densities_frame(
    tensors: Sequence[str] = ("t",), law: str | None = "normal", df: float | None = None
) -> pl.DataFrame:
    """Normal values of width 1 in ten bins, and a law that is said to fit."""
    edges = np.linspace(-2.5, 2.5, 11)
    heights = np.exp(-((edges[:-1] + 0.25) ** 2) / 2)
    counts = np.round(1000 * heights / heights.sum()).astype(int)
    frames = [histogram_frame(edges, counts, tensor) for tensor in tensors]
    return pl.concat(frames).with_columns(
        law=pl.lit(law, pl.String),
        law_df=pl.lit(df, pl.Float64),
        q25=pl.lit(-0.6745),
        median=pl.lit(0.0),
        q75=pl.lit(0.6745),
    )


def spectrum_frame(
    sigma: Sequence[float], views: Sequence[str] = ("whole",), tensor: str = "t"
) -> pl.DataFrame:
    values = np.array(sigma, float)
    energy = np.cumsum(values**2) / max((values**2).sum(), 1e-300)
    parts = [
        pl.DataFrame(
            {
                "model": "m",
                "revision": "main",
                "tensor": tensor,
                "view": view,
                "index": np.arange(1, len(values) + 1),
                "singular_value": values,
                "relative": values / values[0] if values[0] else [None] * len(values),
                "energy_fraction": energy,
            },
            schema_overrides={"relative": pl.Float64},
        )
        for view in views
    ]
    return pl.concat(parts)


def sizes_frame(counts: dict[tuple[str, str], int]) -> pl.DataFrame:
    """Parameters by model and component."""
    return pl.DataFrame(
        {
            "model": [model for model, _ in counts],
            "revision": "main",
            "component": [component for _, component in counts],
            "n_parameters": list(counts.values()),
        }
    )


def configs_frame(n_models: int = 3, model: str = "model") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "model": [f"{model} {k}" for k in range(n_models)],
            "revision": "main",
            "n_layers": [12 * (k + 1) for k in range(n_models)],
            "hidden_size": [768] * n_models,
            "n_heads": [12] * n_models,
            "n_kv_heads": [None if k else 4 for k in range(n_models)],
            "n_experts": pl.Series([None] * n_models, dtype=pl.Int64),
            "vocabulary_size": [50257] * n_models,
            "n_parameters": [124_439_808 * (k + 1) for k in range(n_models)],
        }
    )


def outliers_frame(z: Sequence[float | None], tensor: str = "t") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "model": "m",
            "revision": "main",
            "tensor": [f"{tensor}.{k}" for k in range(len(z))],
            "component": "q",
            "score": list(z),
            "kurtosis_z": list(z),
            "max_sigmas_z": [0.5] * len(z),
            "outlier_z": [None] * len(z),
        },
        schema_overrides={"outlier_z": pl.Float64, "score": pl.Float64},
    )


def channels_frame(
    norms: Sequence[float | None], outliers: Sequence[int] = (), tensor: str = "t"
) -> pl.DataFrame:
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "model": "m",
                    "revision": "main",
                    "tensor": tensor,
                    "side": side,
                    "channel": range(len(norms)),
                    "norm": pl.Series(norms, dtype=pl.Float64),
                    "over_median": 1.0,
                    "is_outlier": [place in outliers for place in range(len(norms))],
                }
            )
            for side in ("rows", "cols")
        ]
    )


def zeros_frame(shares: Sequence[Sequence[float]], tensor: str = "t") -> pl.DataFrame:
    """A map of zeros over a matrix of a hundred elements a cell."""
    return pl.DataFrame(
        {
            "model": "m",
            "revision": "main",
            "tensor": tensor,
            "n_rows": 10 * len(shares),
            "n_cols": 10 * len(shares[0]),
            "zero_fraction": float(np.mean(shares)),
            "cell_row": [i for i, row in enumerate(shares) for _ in row],
            "cell_col": [j for row in shares for j, _ in enumerate(row)],
            "zeros": [float(share) for row in shares for share in row],
        }
    )


def clusters_frame(n_clusters: int = 2, label: str = "a b") -> pl.DataFrame:
    rows = [
        {
            "model": "m",
            "revision": "main",
            "tensor": "embedding",
            "plane_fraction": 0.25,
            "null_p": 0.05,
            "cluster": number,
            "n_tokens": 100 - number,
            "label": label,
            "centre_x": float(number),
            "centre_y": 0.0,
            "x": number + side,
            "y": side,
        }
        for number in range(n_clusters)
        for side in (-0.1, 0.1)
    ]
    return pl.DataFrame(rows)
