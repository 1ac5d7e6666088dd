"""How well is a spectrum's tail a power law, and what is alpha at equal shapes?"""

from pipeline.tables.column import COUNT, REAL, Column, Table, view_columns

_CLAUSET = "Clauset, Shalizi & Newman 2009, section 4.1"
_FARMS = "Hu et al. 2025, arXiv 2506.06280"

TAIL_FITS = Table(
    name="tail_fits",
    grain="one row per matrix view of a measured tensor; one with status no_view where it has none",
    key=("model", "revision", "tensor", "view"),
    columns=(
        *view_columns("what the status means here, or why a number is null"),
        Column("seed", COUNT, "seed of the synthetic spectra"),
        Column(
            "n_synthetic",
            COUNT,
            "synthetic spectra that were fitted for alpha_p",
            "spectra",
            bounds=(0, None),
        ),
        Column(
            "alpha_p",
            REAL,
            "p of ks_distance if the tail is the power law fitted; small rejects it",
            "",
            "(1 + #{D′ ≥ D}) / (1 + n_synthetic), D′ of a fit to n values drawn anew",
            (0, 1),
            "low",
            _CLAUSET,
        ),
        Column(
            "alpha_farms",
            REAL,
            "alpha_hill at aspect ratio 1: comparable between shapes",
            "",
            "mean over square submatrices of 1 + k / Σ_{i≤k} ln(λᵢ / λₖ₊₁), k = M/2",
            (1, None),
            "",
            _FARMS,
        ),
        Column(
            "alpha_farms_sd",
            REAL,
            "standard deviation over the submatrices, n − 1; null for fewer than two",
            "",
            bounds=(0, None),
        ),
        Column(
            "n_submatrices",
            COUNT,
            "square submatrices with a Hill estimate: ⌈N/M⌉ along the longer side, 8 at most",
            "matrices",
            bounds=(0, 8),
        ),
    ),
)
