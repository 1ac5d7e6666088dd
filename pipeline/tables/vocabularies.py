"""What does an embedding hold? Norms by token id, odd tokens, the scan of clusters."""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    REAL,
    REALS,
    TEXT,
    TEXTS,
    Column,
    Table,
    key_columns,
    status_column,
)

_LAND = "arXiv 2405.05417"


def _rows(name: str, meaning: str) -> Column:
    return Column(name, COUNT, meaning, "rows", "", (0, None))


def _norm(name: str, meaning: str, formula: str) -> Column:
    return Column(name, REAL, meaning, "", formula, (0, None))


VOCABULARIES = Table(
    name="vocabularies",
    grain="one row per token embedding or unembedding; an alias has its original's",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes"),
        status_column(
            "ok",
            "empty",
            "non_finite",
            "all_zero",
            "constant",
            "overflow",
            "too_small",
            "over_budget",
            "unreadable",
            of="of the clusters",
        ),
        Column("reason", TEXT, "what the status means here"),
        _rows("n_rows", "tokens that the matrix has room for"),
        Column("n_cols", COUNT, "width of a row", "dimensions", "", (0, None)),
        _rows("n_non_finite_rows", "rows that hold NaN or Inf: left out everywhere"),
        _rows("n_zero_rows", "rows that are all zero"),
        _rows("n_repeated_rows", "finite rows that are equal to an earlier one"),
        _norm("norm_min", "smallest norm of a row", "min ‖w_i‖"),
        _norm("norm_median", "median norm", "median ‖w_i‖"),
        _norm("norm_max", "largest norm", "max ‖w_i‖"),
        Column(
            "norm_id_spearman",
            REAL,
            "rank correlation of norm and token id, over rows in use; ids of merged vocabularies stand for frequency ranks",
            "",
            "ρ(‖w_i‖, i)",
            (-1, 1),
        ),
        Column(
            "norm_id_z",
            REAL,
            "the same in its standard errors where there is none",
            "σ",
            "ρ·√(n − 1)",
        ),
        Column("tokenizer", TEXT, "file that names the tokens, null without one"),
        Column("tokenizer_problem", TEXT, "why a file of tokens could not be read"),
        Column(
            "n_unused_rows",
            COUNT,
            "rows without a token, or of one called unused or reserved; null without a tokenizer",
            "rows",
            "",
            (0, None),
            reference=_LAND,
        ),
        Column(
            "n_candidates",
            COUNT,
            "tokens that training may hardly have met: short (norm z ≤ −5) and not far from the mean, near the mean (centre z ≤ −5), or like unused rows (ratio ≤ 1)",
            "tokens",
            "#{i : (norm_z ≤ −5 ∧ centre_z ≤ 0) ∨ centre_z ≤ −5 ∨ unused_ratio ≤ 1}",
            (0, None),
            reference=_LAND,
        ),
        Column("candidate_ids", COUNTS, "the first 100 of them, the lowest z first"),
        Column(
            "candidate_tokens",
            TEXTS,
            "their tokens as the tokenizer spells them; null without a tokenizer",
        ),
        Column("candidate_norm_z", REALS, "robust z of their norms among rows in use"),
        Column(
            "candidate_centre_z",
            REALS,
            "robust z of their distances to the mean row among rows in use",
        ),
        Column(
            "candidate_unused_ratio",
            REALS,
            "their distances to the mean unused row over the largest of the unused rows' own",
        ),
        Column(
            "n_clusters",
            COUNT,
            "k: the best silhouette at the knee or beside it",
            "clusters",
            "",
            (2, None),
        ),
        Column(
            "k_knee",
            COUNT,
            "k where the inertia bends",
            "clusters",
            "",
            (2, None),
            reference="Satopää et al. 2011",
        ),
        Column(
            "k_silhouette",
            COUNT,
            "k of the best silhouette of all",
            "clusters",
            "",
            (2, None),
        ),
        Column(
            "inertia",
            REAL,
            "squares left within clusters, of those about the mean",
            "fraction",
            "Σ‖w_i − c_i‖² / Σ‖w_i − μ‖²",
            (0, 1),
        ),
        Column(
            "silhouette",
            REAL,
            "how much nearer rows are to their own cluster than to the next, at n_clusters",
            "",
            "mean (b − a) / max(a, b)",
            (-1, 1),
            reference="Rousseeuw 1987",
        ),
        Column(
            "null_silhouette",
            REAL,
            "mean of the same over Gaussian rows of the same covariance",
            "",
            "mean over 19 draws",
            (-1, 1),
            reference="Liu et al. 2008",
        ),
        Column(
            "null_p",
            REAL,
            "share of null draws, this one counted, with as large a silhouette; 0.05 is the least",
            "",
            "(1 + #{null ≥ silhouette}) / 20",
            (0, 1),
        ),
        _rows("n_sample", "rows that the scan was made of, drawn with the seed"),
        Column("seed", COUNT, "seed of draws and starts"),
        Column("scan_k", COUNTS, "every k that was tried"),
        Column("scan_inertia", REALS, "inertia at each"),
        Column("scan_silhouette", REALS, "silhouette at each, of at most 1500 rows"),
    ),
)
