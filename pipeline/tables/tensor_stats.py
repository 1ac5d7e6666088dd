"""What do a tensor's entries look like? Moments, quantiles, outliers, sparsity."""

from pipeline.tables.column import (
    COUNT,
    FLAG,
    REAL,
    SINGLES,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)


def _count(name: str, meaning: str) -> Column:
    return Column(name, COUNT, meaning, "elements", f"#{{{meaning}}}", (0, None))


def _value(name: str, meaning: str, formula: str, low: float | None = None) -> Column:
    return Column(name, REAL, meaning, "", formula, (low, None))


def _fraction(name: str, meaning: str, formula: str) -> Column:
    return Column(name, REAL, meaning, "fraction", formula, (0, 1))


def _quantile(permille: int) -> Column:
    percent = permille / 10
    return _value(
        f"q{permille:03d}",
        f"{percent:g} % quantile",
        f"inf{{x : F(x) ≥ {permille / 1000:g}}}",
    )


def _below(exponent: int) -> Column:
    return _fraction(
        f"below_1e_{exponent}_fraction",
        f"finite elements at or under 1e-{exponent} of the largest magnitude",
        f"#{{|w| ≤ 1e-{exponent}·abs_max}} / n_finite",
    )


def _sqnr(bits: int, scope: str, meaning: str) -> Column:
    return Column(
        f"int{bits}_{scope}_sqnr_db",
        REAL,
        f"signal to noise of round-to-nearest int{bits}, one scale per {meaning}",
        "dB",
        "10·log₁₀(Σw² / Σ(w − q(w))²)",
        worse="low",
    )


def _law(name: str, words: str) -> tuple[Column, ...]:
    distance = _fraction(
        f"{name}_ks_distance",
        f"largest distance to the best-fitting {words} law",
        "max |F_n − F|",
    )
    if name == "normal":
        return (distance,)
    meaning = f"AIC per element won over the normal law by the {words} law"
    formula = "(AIC_normal − AIC) / n_finite"
    return distance, Column(f"{name}_aic_gain", REAL, meaning, "nats", formula)


TENSOR_STATS = Table(
    name="tensor_stats",
    grain="one row per measured tensor (aliases have none of their own)",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        status_column("ok", "empty", "all_non_finite", "overflow"),
        Column(
            "n_elements", COUNT, "elements", "elements", "N", (0, None), nullable=False
        ),
        _count("n_finite", "finite elements"),
        _count("n_zero", "elements equal to zero"),
        _count("n_nan", "elements that are NaN"),
        _count("n_pos_inf", "elements that are +Inf"),
        _count("n_neg_inf", "elements that are -Inf"),
        _count(
            "n_distinct", "distinct finite values, null where the counts are not exact"
        ),
        _value("min", "smallest finite value", "min w"),
        _value("max", "largest finite value", "max w"),
        _value("abs_max", "largest finite magnitude", "max |w|", 0),
        _value("mean", "mean of the finite values", "μ = Σw / n_finite"),
        _value(
            "std", "population standard deviation", "σ = √(Σ(w − μ)² / n_finite)", 0
        ),
        _value(
            "skewness",
            "third standardised moment, null when σ = 0",
            "Σ((w − μ)/σ)³ / n_finite",
        ),
        _value(
            "kurtosis",
            "excess kurtosis, 0 for a normal, null when σ = 0",
            "Σ((w − μ)/σ)⁴ / n_finite − 3",
            -2,
        ),
        _value("l1_norm", "sum of magnitudes", "Σ|w|", 0),
        _value("frobenius_norm", "root of the sum of squares", "√Σw²", 0),
        _value("rms", "root mean square", "√(Σw² / n_finite)", 0),
        _value(
            "median",
            "0.5 quantile: the lower middle value of an even number",
            "inf{x : F(x) ≥ 0.5}",
        ),
        _value(
            "mad",
            "median absolute deviation from the median, not scaled",
            "median |w − median|",
            0,
        ),
        *(_quantile(permille) for permille in (1, 10, 50, 250, 750, 950, 990, 999)),
        Column(
            "entropy_bits",
            REAL,
            "entropy of the counted patterns",
            "bits",
            "−Σ p·log₂ p",
            (0, 64),
        ),
        Column(
            "value_resolution",
            REAL,
            "relative width of a counted value; 0 is exact",
            "relative",
            "",
            (0, 1),
        ),
        Column("is_exact", FLAG, "whether quantiles and counts by value are exact"),
        _fraction(
            "zero_fraction", "finite elements equal to zero", "n_zero / n_finite"
        ),
        *(_below(exponent) for exponent in (8, 6, 4, 3, 2)),
        _fraction(
            "outlier_6_sigma_fraction",
            "finite elements beyond six σ",
            "#{|w − μ| > 6σ} / n_finite",
        ),
        _fraction(
            "outlier_mad_fraction",
            "finite elements beyond six robust σ",
            "#{|w − median| > 6·1.4826·mad} / n_finite",
        ),
        _fraction(
            "outlier_iqr_1_5_fraction",
            "finite elements outside Tukey's inner fences",
            "#{w ∉ [q250 − 1.5·IQR, q750 + 1.5·IQR]} / n_finite",
        ),
        _fraction(
            "outlier_iqr_3_fraction",
            "finite elements outside Tukey's outer fences",
            "#{w ∉ [q250 − 3·IQR, q750 + 3·IQR]} / n_finite",
        ),
        _fraction(
            "pattern_2_4_fraction",
            "groups of four along a row with at least two zeros, null below 2-D",
            "#groups with ≥ 2 zeros / #groups",
        ),
        _fraction(
            "pattern_2_4_cols_fraction",
            "groups of four along a column with at least two zeros, null below 2-D",
            "#groups with ≥ 2 zeros / #groups",
        ),
        _fraction(
            "zero_block_fraction",
            "16 × 16 blocks that are all zero, null below 2-D",
            "#all-zero blocks / #blocks",
        ),
        Column(
            "zero_map",
            SINGLES,
            "share of zeros in each cell of a grid of at most 32 × 32 over the matrix, row by row; null without a zero and below 2-D",
        ),
        Column("zero_map_rows", COUNT, "rows of that grid", "cells", "", (1, 32)),
        _sqnr(8, "tensor", "tensor"),
        _sqnr(8, "row", "row"),
        _sqnr(8, "group", "128 consecutive elements of a row"),
        _sqnr(4, "tensor", "tensor"),
        _sqnr(4, "row", "row"),
        _sqnr(4, "group", "128 consecutive elements of a row"),
        Column(
            "int4_clip_gain_db",
            REAL,
            "int4 SQNR won by the best clipped scale of the tensor",
            "dB",
            "max_c SQNR(c·abs_max) − SQNR(abs_max)",
            (0, None),
        ),
        Column(
            "best_fit",
            TEXT,
            "law of smallest AIC: normal, laplace, logistic or student_t; null without spread",
        ),
        *_law("normal", "normal"),
        *_law("laplace", "Laplace"),
        *_law("logistic", "logistic"),
        *_law("student_t", "Student t"),
        Column(
            "student_t_df",
            REAL,
            "degrees of freedom of the best Student t law, on a grid up to 200",
            "",
            "argmax_ν L(ν)",
            (1, 200),
        ),
    ),
)
