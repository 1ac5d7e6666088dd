"""What does shuffling a matrix's entries leave of its spectrum?"""

from pipeline.tables.column import COUNT, REAL, Column, Table, view_columns
from pipeline.tables.tail import NULL_METRICS

RANDOMISED = Table(
    name="randomised",
    grain="one row per matrix view of a measured tensor; one with status no_view where it has none",
    key=("model", "revision", "tensor", "view"),
    columns=(
        *view_columns(),
        Column("seed", COUNT, "seed of the shuffles"),
        Column(
            "n_shuffles",
            COUNT,
            "shuffles made: 1, or 8 to 12 where entries are far from normal",
            "shuffles",
            bounds=(1, None),
        ),
        Column(
            "random_distance",
            REAL,
            "distance of the spectrum from that of its shuffled entries, mean over shuffles",
            "root mean squares of σ",
            "mean |σᵢ − σᵢ′| / √(mean σ²), σ′ of the shuffle",
            (0, 1.4143),
        ),
        Column(
            "n_traps",
            COUNT,
            "eigenvalues above the noise edge of the first shuffle: made by entries alone",
            "eigenvalues",
            "#{λ′ > mp_edge + 99.9 % margin of Tracy–Widom}, λ′ = σ′²",
            (0, None),
            "high",
        ),
        Column(
            "n_beyond_shuffles",
            COUNT,
            "eigenvalues above those of one more shuffle; of independent entries 1 to 3 % of matrices have one; null with a single shuffle",
            "eigenvalues",
            "#{ln σ > mean + t·sd·√(1 + 1/n) of ln σ₁′}, t the 99 % quantile of n − 1",
            (0, None),
        ),
        *(
            column
            for metric in NULL_METRICS
            for column in (
                Column(
                    f"{metric}_shuffle_z",
                    REAL,
                    f"{metric} against its shuffles; null where noise serves as null",
                    "standard deviations",
                    "(x − mean) / (sd·√(1 + 1/n)) over the shuffles",
                ),
                Column(
                    f"{metric}_shuffle_p",
                    REAL,
                    f"two-sided p of {metric} among its shuffles",
                    "",
                    "2·P(T ≥ |z|), Student's t with n − 1 degrees of freedom",
                    (0, 1),
                ),
            )
        ),
    ),
)
