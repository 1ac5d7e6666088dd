"""What passes each site of a model on a probe set? Moments, spread, neurons, ranges."""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    REALS,
    SINGLES,
    TEXT,
    Column,
    Table,
    status_column,
)
from pipeline.tables.probe_columns import (
    count,
    fraction,
    moment_columns,
    number,
    probe_columns,
    site_columns,
)


def _rounded(bits: int) -> tuple[Column, ...]:
    return (
        number(
            f"int{bits}_clip",
            f"magnitude to clip at before rounding to int{bits}: the best of 29 shares of abs_max",
            "argmin_c Σ(a − q_c(a))²",
            low=0,
        ),
        number(
            f"int{bits}_error",
            f"energy lost by int{bits} with one scale at that clip, from the histogram",
            "Σ(a − q(a))² / Σa²",
            low=0,
        ),
        number(
            f"int{bits}_unclipped_error",
            "the same without clipping",
            "Σ(a − q(a))² / Σa²",
            low=0,
        ),
    )


ACTIVATIONS = Table(
    name="activations",
    grain="one row per site that something passed, of a model on a probe set",
    key=("model", "revision", "parameter_set", "module", "site"),
    columns=(
        *probe_columns(),
        *site_columns(),
        status_column("ok", "non_finite", "empty", "skipped"),
        Column("reason", TEXT, "what the status means here"),
        Column(
            "same_as",
            TEXT,
            "an earlier site that the very same tensors passed: it has the neurons' rows",
        ),
        count("n_dimensions", "dimensions of the site", "dimensions"),
        count("n_values", "finite values: tokens × dimensions"),
        count("n_non_finite", "NaN and Inf among the values"),
        *moment_columns("of all finite values"),
        number("abs_median", "median magnitude, to 6 %", "median |a|", low=0),
        number("abs_q990", "99 % quantile of magnitudes, to 6 %", "q₀.₉₉ |a|", low=0),
        number(
            "abs_q999", "99.9 % quantile of magnitudes, to 6 %", "q₀.₉₉₉ |a|", low=0
        ),
        fraction("positive_fraction", "values above zero", "#{a > 0} / n"),
        fraction("zero_fraction", "values of magnitude under 1e-38", "#{a = 0} / n"),
        number(
            "active_threshold",
            "size from which a neuron counts as active: 2^k at or below 1 % of the site's rms; null where dimensions are no neurons",
            "2^⌊log₂ 0.01·rms⌋",
            low=0,
        ),
        fraction(
            "active_fraction", "values at or above the threshold", "#{|a| ≥ t} / n"
        ),
        count(
            "n_dead",
            "neurons whose active rate is below 1 % with 97.5 % confidence",
            "neurons",
            "#{high(active) < 0.01}",
        ),
        fraction("dead_fraction", "of all neurons", "n_dead / n_dimensions"),
        count(
            "n_always_on",
            "neurons whose positive rate is above 99 % with 97.5 % confidence",
            "neurons",
            "#{low(positive) > 0.99}",
        ),
        fraction("always_on_fraction", "of all neurons", "n_always_on / n_dimensions"),
        Column(
            "positive_fraction_counts",
            COUNTS,
            "tokens by their share of positive neurons, in 101 steps from 0 to 1",
        ),
        fraction(
            "compressible_fraction",
            "smallest values that together carry 1 % of Σa²",
            "max share : Σ smallest a² ≤ 0.01 Σa²",
        ),
        Column(
            "energy_lost",
            REALS,
            "share of Σa² that goes when the smallest 5, 10, …, 95 % of values are set to zero",
        ),
        *_rounded(8),
        *_rounded(4),
        number(
            "massive_ratio",
            "largest over median magnitude",
            "max |a| / median |a|",
            low=0,
        ),
        Column(
            "n_massive",
            COUNT,
            "dimensions with a massive activation: above 100 and above 1000 times the median magnitude",
            "dimensions",
            "#{j : max |a_j| > max(100, 1000·median |a|)}",
            (0, None),
            worse="high",
            reference="arXiv 2402.17762",
        ),
        Column("massive_dimensions", COUNTS, "the first 32 of them, the largest first"),
        count(
            "n_outliers",
            "dimensions whose rms is over 6 times that of the median dimension",
            "dimensions",
            "#{j : rms_j > 6 · median rms}",
        ),
        Column("outlier_dimensions", COUNTS, "the first 32 of them, the largest first"),
        number(
            "range_ratio",
            "how far apart dimensions' ranges lie",
            "max_j max |a_j| / median_j max |a_j|",
            low=0,
        ),
        Column(
            "values",
            SINGLES,
            "middles of the occupied bins of the histogram, ascending; bins are an eighth of an octave wide",
        ),
        Column("counts", COUNTS, "values in each bin", "values"),
    ),
)
