"""Which columns do tables of a model's behaviour share? Whose, measured how, and where."""

from pipeline.tables.column import (
    COUNT,
    REAL,
    TEXT,
    Column,
    key_columns,
    set_column,
)

SITES = (
    "block_input",
    "block_output",
    "attention_output",
    "mlp_output",
    "mlp_activation",
    "linear_input",
)


def probe_columns() -> tuple[Column, ...]:
    """The columns that every table of a probe begins with."""
    return (*key_columns(), set_column())


def block_columns() -> tuple[Column, ...]:
    """Which module, and in which block it is."""
    return (
        Column("module", TEXT, "path of the module in the model", nullable=False),
        Column("stack", TEXT, "encoder, decoder, vision, … as in tensors"),
        Column(
            "layer", COUNT, "0-based block of its stack", "blocks", bounds=(0, None)
        ),
    )


def site_columns() -> tuple[Column, ...]:
    """Which tensor of which module."""
    return (
        *block_columns(),
        Column(
            "site",
            TEXT,
            "what is looked at: the stream into or out of a block, what attention or MLP adds to it, what a non-linearity puts out, what a linear layer takes in",
            nullable=False,
            words=SITES,
        ),
        Column(
            "component",
            TEXT,
            "as in tensors; block for a whole block, gate or up for a non-linearity",
            nullable=False,
        ),
    )


def count(name: str, meaning: str, unit: str = "values", formula: str = "") -> Column:
    return Column(name, COUNT, meaning, unit, formula, (0, None))


def number(
    name: str, meaning: str, formula: str, *, low: float | None = None, unit: str = ""
) -> Column:
    return Column(name, REAL, meaning, unit, formula, (low, None))


def fraction(name: str, meaning: str, formula: str) -> Column:
    return Column(name, REAL, meaning, "fraction", formula, (0, 1))


def moment_columns(of: str) -> tuple[Column, ...]:
    """Moments and extremes, of all values of a site or of one dimension."""
    return (
        number("mean", f"mean {of}", "μ = Σa / n"),
        number("std", "population standard deviation", "σ = √(Σ(a − μ)² / n)", low=0),
        number("skewness", "third standardised moment", "Σ((a − μ)/σ)³ / n"),
        number("kurtosis", "excess kurtosis", "Σ((a − μ)/σ)⁴ / n − 3", low=-2),
        number("min", "smallest finite value", "min a"),
        number("max", "largest finite value", "max a"),
        number("abs_max", "largest magnitude", "max |a|", low=0),
        number("rms", "root mean square", "√(Σa² / n)", low=0),
    )
