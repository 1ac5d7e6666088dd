"""What does noise of a shape look like? Drawn once a shape, used by every run."""

from pipeline.tables.column import COUNT, REAL, REALS, TEXT, Column, Table

_QUANTILES = {"q05": 5, "q25": 25, "q50": 50, "q75": 75, "q95": 95}

NULLS = Table(
    name="nulls",
    grain="one row per shape of noise and metric; model is always noise",
    key=("model", "revision", "metric"),
    columns=(
        Column("model", TEXT, "always noise: no checkpoint's", nullable=False),
        Column("revision", TEXT, "the shape, larger side first", nullable=False),
        Column("metric", TEXT, "metric of spectra", nullable=False),
        Column("n_large", COUNT, "larger side", bounds=(1, None), nullable=False),
        Column("n_small", COUNT, "smaller side", bounds=(1, None), nullable=False),
        Column(
            "n_draws", COUNT, "draws in which the metric is defined", nullable=False
        ),
        Column("seed", COUNT, "seed of the draws", nullable=False),
        Column("mean", REAL, "mean of the draws"),
        Column("sd", REAL, "standard deviation of the draws, n − 1"),
        *(
            Column(name, REAL, f"{percent} % quantile of the draws")
            for name, percent in _QUANTILES.items()
        ),
        Column("draws", REALS, "the metric in every draw, ascending", nullable=False),
    ),
)
