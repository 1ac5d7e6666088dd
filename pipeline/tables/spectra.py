"""What is the spectrum of a matrix? Singular values, norms and ranks by view."""

from pipeline.tables.column import (
    COUNT,
    REAL,
    REALS,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)
from pipeline.tables.tail import NULL_COLUMNS, TAIL_COLUMNS

ENERGY_SHARES = (50, 60, 70, 80, 90, 95, 99)


def _norm(name: str, meaning: str, formula: str) -> Column:
    return Column(name, REAL, meaning, "", formula, (0, None))


def _rank(name: str, meaning: str, formula: str, reference: str = "") -> Column:
    return Column(name, REAL, meaning, "dimensions", formula, (0, None), "", reference)


def _energy_rank(percent: int) -> Column:
    meaning = f"least rank that keeps {percent} % of the energy"
    formula = f"min{{k : Σ_{{i≤k}} σᵢ² ≥ {percent / 100:g}·Σσ²}}"
    return Column(f"rank_{percent}", COUNT, meaning, "dimensions", formula, (0, None))


SPECTRA = Table(
    name="spectra",
    grain="one row per matrix view of a measured tensor; one with status no_view where it has none",
    key=("model", "revision", "tensor", "view"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column(
            "view",
            TEXT,
            "whole, q, k, v, gate, up, expert.3, offset.0.1, … or none",
            nullable=False,
        ),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        Column(
            "view_component",
            TEXT,
            "component of the view: a fused tensor's parts differ",
            nullable=False,
        ),
        Column(
            "view_expert", COUNT, "0-based expert of the view, null outside experts"
        ),
        Column(
            "matrix_view",
            TEXT,
            "how the tensor became a matrix: as_stored, split, expert, convolution, kernel_offset",
            nullable=False,
        ),
        status_column(
            "ok",
            "no_view",
            "empty",
            "all_zero",
            "non_finite",
            "over_budget",
            "not_converged",
        ),
        Column("reason", TEXT, "what the status means here"),
        Column(
            "method",
            TEXT,
            "gram: eigenvalues of the Gram matrix; svd: where their error bound was too wide",
        ),
        Column(
            "device",
            TEXT,
            "cpu or cuda; cuda_out_of_memory: by the processor, as the device had no room",
        ),
        Column("n_rows", COUNT, "rows of the view", "", "N", (0, None)),
        Column("n_cols", COUNT, "columns of the view", "", "M", (0, None)),
        Column("singular_values", REALS, "σ₁ ≥ σ₂ ≥ …, min(N, M) of them"),
        _norm("spectral_norm", "largest singular value", "σ₁"),
        _norm("frobenius_norm", "root of the sum of squared singular values", "√Σσ²"),
        _norm("nuclear_norm", "sum of the singular values", "Σσ"),
        _norm("min_singular_value", "smallest singular value", "σ_min"),
        Column(
            "condition_number",
            REAL,
            "null when σ_min is within its error of 0",
            "ratio",
            "σ₁ / σ_min",
            (1, None),
            "high",
        ),
        _rank("stable_rank", "energy in units of the largest direction", "Σσ² / σ₁²"),
        _rank(
            "effective_rank",
            "exponential of the entropy of σ",
            "exp H(σ / Σσ)",
            "Roy & Vetterli 2007",
        ),
        _rank(
            "participation_ratio",
            "effective number of eigenvalues",
            "(Σλ)² / Σλ², λ = σ²",
        ),
        Column(
            "spectral_entropy",
            REAL,
            "entropy of λ over its largest possible, null when min(N, M) = 1",
            "fraction",
            "H(λ / Σλ) / ln min(N, M)",
            (0, 1),
        ),
        Column(
            "numerical_rank",
            COUNT,
            "singular values above the tolerance",
            "dimensions",
            "#{σ > rank_tolerance}",
            (0, None),
        ),
        Column(
            "rank_tolerance",
            REAL,
            "threshold of the numerical rank",
            "",
            "σ₁·max(N, M)·eps(dtype)",
            (0, None),
        ),
        Column(
            "design_rank", COUNT, "smaller side", "dimensions", "min(N, M)", (0, None)
        ),
        Column(
            "rank_ratio",
            REAL,
            "numerical rank over design rank",
            "fraction",
            "numerical_rank / min(N, M)",
            (0, 1),
            "low",
        ),
        *(_energy_rank(percent) for percent in ENERGY_SHARES),
        *TAIL_COLUMNS,
        *NULL_COLUMNS,
        Column(
            "sigma_error_bound",
            REAL,
            "bound on the absolute error of any singular value",
            "",
            "",
            (0, None),
        ),
    ),
)
