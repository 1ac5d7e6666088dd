"""What does the comparison of two samples return?"""

from pipeline.tables.column import COUNT, REAL, TEXT, Column, Table

_FRACTION = (0.0, 1.0)

EFFECTS = Table(
    "effects",
    "one row per pair of samples",
    (),
    (
        Column("status", TEXT, "ok, too_small or constant"),
        Column("n_a", COUNT, "values of the first sample"),
        Column("n_b", COUNT, "values of the second sample"),
        Column("mean_a", REAL, "mean of the first sample"),
        Column("mean_b", REAL, "mean of the second sample"),
        Column(
            "hedges_g",
            REAL,
            "difference of means in pooled deviations, bias of small samples removed",
            "σ",
        ),
        Column("g_low", REAL, "lower end of its 95 % interval", "σ"),
        Column("g_high", REAL, "upper end of its 95 % interval", "σ"),
        Column("cliffs_delta", REAL, "P(b > a) − P(b < a)", bounds=(-1.0, 1.0)),
        Column("delta_low", REAL, "lower end of its 95 % interval", bounds=(-1.0, 1.0)),
        Column(
            "delta_high", REAL, "upper end of its 95 % interval", bounds=(-1.0, 1.0)
        ),
        Column(
            "p_value", REAL, "of Mann and Whitney's test, two-sided", bounds=_FRACTION
        ),
    ),
)
