"""Which weights matter? Scores by tensor and head, and the weights of the largest."""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    REAL,
    SINGLES,
    TEXT,
    Column,
    Table,
    status_column,
)
from pipeline.tables.probe_columns import count, fraction, number, probe_columns

_STATUS = (
    "ok",
    "all_zero",
    "non_finite",
    "non_finite_loss",
    "no_head",
    "no_mask_token",
    "no_gradient",
    "no_input",
    "frozen",
    "integer",
    "too_large",
)


def _place_columns() -> tuple[Column, ...]:
    return (
        Column(
            "tensor",
            TEXT,
            "key in the checkpoint; of tied tensors the first, of fused ones the parameter's name",
            nullable=False,
        ),
        Column("stack", TEXT, "encoder, decoder, … as in tensors"),
        Column(
            "layer", COUNT, "0-based block of its stack", "blocks", bounds=(0, None)
        ),
        Column("component", TEXT, "as in tensors", nullable=False),
        Column("expert", COUNT, "0-based expert, as in tensors", bounds=(0, None)),
    )


def _metric_column() -> Column:
    return Column(
        "metric",
        TEXT,
        "magnitude, grad_x_weight, abs_grad_x_weight, snip, fisher, hutchinson_diag, hessian_diag, obd, wanda, obs, random, or a name of your own",
        nullable=False,
    )


SENSITIVITIES = Table(
    name="sensitivities",
    grain="one row per parameter of a model and metric, on a probe set",
    key=("model", "revision", "parameter_set", "tensor", "metric"),
    columns=(
        *probe_columns(),
        Column("probe_set", TEXT, "name of the probe set", nullable=False),
        Column(
            "tokens_digest", TEXT, "as in probe_sets, of all its tokens", nullable=False
        ),
        *_place_columns(),
        Column("parameter", TEXT, "weight, bias, … as in tensors"),
        _metric_column(),
        status_column(*_STATUS),
        Column("seed", COUNT, "of what is drawn: probes, windows, random scores"),
        count("n_windows", "windows that the scores are from", "windows"),
        count("n_samples", "tokens, windows or probes that they are means over", ""),
        count("n_elements", "weights of the tensor", "weights"),
        count("n_values", "finite scores", "weights"),
        count("n_non_finite", "scores that are NaN or Inf", "weights"),
        count("n_zero", "scores of exactly zero", "weights"),
        count("n_negative", "negative scores", "weights"),
        count(
            "n_uncertain",
            "scores within two standard errors of zero: they have no rank",
            "weights",
        ),
        number("score_sum", "sum of the scores", "Σs"),
        number("sum_stderr", "its standard error, of estimates", "σ(Σs) / √n", low=0),
        number("score_abs_sum", "sum of the magnitudes", "Σ|s|", low=0),
        fraction(
            "share", "of all the model's magnitudes, what it has", "Σ|s| / Σ_all |s|"
        ),
        number("mean", "mean score", "Σs / n"),
        number(
            "mean_stderr", "mean standard error of its scores", "Σ se(s) / n", low=0
        ),
        number("std", "population standard deviation", "σ = √(Σ(s − μ)² / n)", low=0),
        number("skewness", "third standardised moment", "Σ((s − μ)/σ)³ / n"),
        number("kurtosis", "excess kurtosis", "Σ((s − μ)/σ)⁴ / n − 3", low=-2),
        number("min", "smallest score", "min s"),
        number("max", "largest score", "max s"),
        number("abs_max", "largest magnitude", "max |s|", low=0),
        fraction(
            "gini",
            "inequality of the magnitudes: 0 alike, 1 one has all",
            "Σ(2i − n − 1)|s|_(i) / (n Σ|s|)",
        ),
        fraction("top_01_share", "what the largest 0.1 % have", "Σ_top |s| / Σ|s|"),
        fraction("top_1_share", "what the largest 1 % have", "Σ_top |s| / Σ|s|"),
        fraction("top_10_share", "what the largest 10 % have", "Σ_top |s| / Σ|s|"),
        Column(
            "octave_counts",
            COUNTS,
            "nonzero scores by octave below the largest magnitude, 32 of them",
            "weights",
        ),
        Column(
            "row_sums",
            SINGLES,
            "Σ|s| of each row as stored; null for vectors",
        ),
        Column("col_sums", SINGLES, "Σ|s| of each column as stored; null for vectors"),
    ),
)

HEAD_SENSITIVITIES = Table(
    name="head_sensitivities",
    grain="one row per attention head's part of q, k, v or o and metric",
    key=("model", "revision", "parameter_set", "tensor", "part", "head", "metric"),
    columns=(
        *probe_columns(),
        *_place_columns(),
        Column(
            "part", TEXT, "q, k, v or o", nullable=False, words=("q", "k", "v", "o")
        ),
        Column(
            "head",
            COUNT,
            "0-based head of the part, a key head for k and v",
            bounds=(0, None),
            nullable=False,
        ),
        _metric_column(),
        count("n_elements", "weights of the head's part", "weights"),
        number("score_abs_sum", "sum of the magnitudes", "Σ|s|", low=0),
        number("mean_abs", "mean magnitude", "Σ|s| / n", low=0),
        number("abs_max", "largest magnitude", "max |s|", low=0),
    ),
)

CRITICAL_WEIGHTS = Table(
    name="critical_weights",
    grain="one row per weight of the largest scores of a metric: of all, of its layer or of its head",
    key=("model", "revision", "parameter_set", "metric", "tensor", "flat_index"),
    columns=(
        *probe_columns(),
        *_place_columns(),
        _metric_column(),
        Column("part", TEXT, "q, k, v or o, where the tensor has heads"),
        Column("head", COUNT, "0-based head of the part", bounds=(0, None)),
        Column(
            "flat_index",
            COUNT,
            "place in the tensor as stored, row by row",
            bounds=(0, None),
            nullable=False,
        ),
        Column("coordinates", COUNTS, "0-based index along each dimension"),
        Column("value", REAL, "the weight"),
        Column("score", REAL, "its score"),
        number("score_stderr", "standard error of an estimated score", "se(s)", low=0),
        Column(
            "rank_global",
            COUNT,
            "1 for the largest |score| of the model; null beyond topk",
            bounds=(1, None),
        ),
        Column(
            "rank_layer",
            COUNT,
            "of its block; null outside blocks and beyond topk",
            bounds=(1, None),
        ),
        Column(
            "rank_head",
            COUNT,
            "of its head's part; null without heads and beyond head_topk",
            bounds=(1, None),
        ),
    ),
)
