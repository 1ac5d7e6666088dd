"""What became of a tensor between two checkpoints?"""

from pipeline.tables.column import (
    COUNT,
    REAL,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)

_MATRIX = "null where it is no matrix or was not asked for"


def _positive(name: str, meaning: str, formula: str, unit: str = "") -> Column:
    return Column(name, REAL, meaning, unit, formula, (0, None))


def _fraction(name: str, meaning: str, formula: str) -> Column:
    return Column(name, REAL, meaning, "fraction", formula, (0, 1))


def _angle(side: str) -> Column:
    meaning = f"largest angle between the leading {side} subspaces, old and new"
    formula = f"max θ(span {side}ₖ(A), span {side}ₖ(B))"
    return Column(
        f"{side}_angle_max",
        REAL,
        f"{meaning}; {_MATRIX}",
        "radians",
        formula,
        (0, 1.5708),
    )


TENSOR_CHANGES = Table(
    name="tensor_changes",
    grain="one row per tensor of a checkpoint and checkpoint it is compared with; and one per tensor that only the other has",
    key=("model", "revision", "from_model", "from_revision", "tensor", "from_tensor"),
    columns=(
        *key_columns(),
        Column("from_model", TEXT, "model that it is compared with: A", nullable=False),
        Column("from_revision", TEXT, "its revision", nullable=False),
        Column(
            "from_step", COUNT, "its optimiser step, null outside a series", "steps"
        ),
        Column("tensor", TEXT, "full state-dict key of B, null where only A has it"),
        Column(
            "from_tensor", TEXT, "its partner by role in A, null where only B has it"
        ),
        Column("layer", COUNT, "0-based block index, null outside blocks"),
        Column(
            "component",
            TEXT,
            "q, k, v, o, up, gate, down, norm, … or other",
            nullable=False,
        ),
        Column(
            "parameter",
            TEXT,
            "weight, bias, …: the last part of its role",
            nullable=False,
        ),
        status_column(
            "ok",
            "identical",
            "only_new",
            "only_old",
            "shape_differs",
            "not_understood",
            "non_finite",
            "overflow",
            "empty",
            "skipped",
            "failed",
        ),
        Column(
            "reason",
            TEXT,
            "what the status means here, and how the two were matched where not as stored",
        ),
        Column(
            "match",
            TEXT,
            "role, name, tied, transposed, resized (the rows that both have), part (of a fused tensor) or adapter",
        ),
        Column(
            "convention",
            TEXT,
            "how both were brought to one convention before they were compared: which part of a fused tensor, turned, rotary pairs, 1 + w; null where compared as stored",
        ),
        Column("n_elements", COUNT, "elements compared", "elements", "", (0, None)),
        Column(
            "n_left_out",
            COUNT,
            "pairs with a non-finite value",
            "elements",
            "",
            (0, None),
        ),
        _positive("from_norm", "Frobenius norm of A", "‖A‖_F"),
        _positive("change_norm", "Frobenius norm of the difference", "‖B − A‖_F"),
        _positive(
            "relative_change",
            "change in units of the old norm, null when A = 0",
            "‖B − A‖_F / ‖A‖_F",
            "ratio",
        ),
        Column(
            "cosine_similarity",
            REAL,
            "of A and B as vectors",
            "",
            "⟨A, B⟩ / ‖A‖‖B‖",
            (-1, 1),
        ),
        _fraction("sign_flip_fraction", "pairs of opposite sign", "#{ab < 0} / n"),
        _fraction("unchanged_fraction", "pairs of equal values", "#{a = b} / n"),
        _positive("abs_max_change", "largest change of an entry", "max |b − a|"),
        Column(
            "change_kind",
            TEXT,
            "what the change is, each by its own test: pruned, scaled, sign_flipped, permuted, rounded, low_rank or dense; null where it was not asked for",
        ),
        Column(
            "change_size",
            REAL,
            "by kind: fraction pruned, factor (the median of several), fraction flipped, fraction of rows or columns moved, bits kept, rank, or relative change",
        ),
        _fraction(
            "change_share",
            "energy of the difference that the kind explains",
            "Σ_kind d² / Σd²",
        ),
        Column(
            "permuted",
            TEXT,
            "what a permutation moves: rows, cols, both, or heads: whole heads of an attention",
        ),
        Column(
            "row_order",
            TEXT,
            "digest of the order of the rows: equal orders, equal digests; null where they stay",
        ),
        Column("col_order", TEXT, "the same of the columns"),
        _positive(
            "change_spectral_norm",
            f"largest singular value of the difference; {_MATRIX}",
            "σ₁(B − A)",
        ),
        _positive(
            "change_stable_rank",
            f"stable rank of the difference; {_MATRIX}",
            "‖D‖²_F / σ₁(D)²",
            "dimensions",
        ),
        _positive(
            "change_effective_rank",
            f"effective rank of the difference; {_MATRIX}",
            "exp H(σ(D) / Σσ(D))",
            "dimensions",
        ),
        Column(
            "change_rank_90",
            COUNT,
            f"least rank that keeps 90 % of the difference's energy; {_MATRIX}",
            "dimensions",
            "min{k : Σ_{i≤k} σᵢ² ≥ 0.9·Σσ²}",
            (0, None),
        ),
        Column(
            "design_rank",
            COUNT,
            "smaller side of the matrix",
            "dimensions",
            "min(N, M)",
            (0, None),
        ),
        Column(
            "n_directions",
            COUNT,
            "leading directions k that the next columns compare",
            "dimensions",
            "",
            (0, None),
        ),
        _fraction(
            "base_share",
            f"energy of the difference inside A's k leading directions; {_MATRIX}",
            "‖UₖᵀDVₖ‖²_F / ‖D‖²_F",
        ),
        _angle("left"),
        _angle("right"),
        Column(
            "n_intruders",
            COUNT,
            f"of B's k leading left directions, those under cosine 0.5 to each of A's 2k; {_MATRIX}",
            "dimensions",
            "#{j ≤ k : max_{i≤2k} |⟨uᵢ(A), uⱼ(B)⟩| < 0.5}",
            (0, None),
            "high",
            "arXiv 2410.21228",
        ),
    ),
)
