"""Which frames do the queries of tensors give? Made by hand."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import polars as pl

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
