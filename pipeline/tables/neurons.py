"""What does each neuron do, and how does that differ by position and by token?"""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    FLAG,
    REAL,
    REALS,
    SINGLES,
    TEXT,
    TEXTS,
    Column,
    Table,
)
from pipeline.tables.probe_columns import (
    count,
    fraction,
    moment_columns,
    number,
    probe_columns,
    site_columns,
)

NEURONS = Table(
    name="neurons",
    grain="one row per dimension of a site that no earlier site is the same as",
    key=("model", "revision", "parameter_set", "module", "site", "neuron"),
    columns=(
        *probe_columns(),
        *site_columns(),
        Column(
            "neuron",
            COUNT,
            "0-based dimension: a row of the weight that makes it",
            bounds=(0, None),
            nullable=False,
        ),
        count("n_values", "tokens with a finite value", "tokens"),
        count("n_non_finite", "tokens with NaN or Inf", "tokens"),
        *moment_columns("over tokens"),
        number("mean_abs", "mean magnitude", "Σ|a| / n", low=0),
        Column(
            "mean_abs_rank",
            COUNT,
            "1 for the largest mean magnitude of the site",
            "",
            "",
            (1, None),
        ),
        fraction(
            "positive_rate",
            "tokens at which it is above zero: it fires",
            "#{a > 0} / n",
        ),
        fraction(
            "positive_low", "lower 95 % bound of that rate (Wilson)", "Wilson 1927"
        ),
        fraction("positive_high", "upper 95 % bound", "Wilson 1927"),
        number("positive_mean", "mean where it fires", "Σ_{a>0} a / #{a > 0}", low=0),
        fraction(
            "active_rate",
            "tokens at which its magnitude reaches the site's threshold; null where dimensions are no neurons",
            "#{|a| ≥ t} / n",
        ),
        fraction("active_low", "lower 95 % bound of that rate", "Wilson 1927"),
        fraction("active_high", "upper 95 % bound", "Wilson 1927"),
        Column(
            "gradient_effect",
            REAL,
            "mean over tokens of the change of a document's summed loss, to first order, if it were zero at that one; null unless asked for",
            "nats",
            "mean |a·∂L/∂a|",
            (0, None),
            reference="arXiv 1611.06440",
        ),
        Column("is_dead", FLAG, "active_high is below 1 %"),
        Column("is_always_on", FLAG, "positive_low is above 99 %"),
        Column(
            "position_first",
            COUNTS,
            "first position in the window of each range that was seen; null where dimensions are no neurons",
            "tokens",
        ),
        Column("position_mean_abs", REALS, "mean magnitude in each range"),
        Column("top_values", SINGLES, "its largest values, descending"),
        Column("top_tokens", TEXTS, "the tokens they were seen at"),
        Column("top_contexts", TEXTS, "those tokens in ⟦ ⟧ with six on either side"),
    ),
)


def _group_columns() -> tuple[Column, ...]:
    return (
        count("n_tokens", "tokens", "tokens"),
        number(
            "rms",
            "mean over tokens of the rms of their dimensions",
            "mean √(Σ_j a_j² / d)",
            low=0,
        ),
        fraction(
            "positive_fraction",
            "mean share of positive dimensions",
            "mean #{a_j > 0} / d",
        ),
        number("abs_max", "largest magnitude of any dimension", "max |a|", low=0),
    )


POSITION_ACTIVATIONS = Table(
    name="position_activations",
    grain="one row per site and range of positions in the window, or of its lengths",
    key=("model", "revision", "parameter_set", "module", "site", "dimension", "first"),
    columns=(
        *probe_columns(),
        *site_columns(),
        Column(
            "dimension",
            TEXT,
            "position or length",
            nullable=False,
            words=("position", "length"),
        ),
        Column(
            "first",
            COUNT,
            "first position, or length, of the range",
            "tokens",
            bounds=(0, None),
            nullable=False,
        ),
        Column("last", COUNT, "last of the range", "tokens", bounds=(0, None)),
        *_group_columns(),
    ),
)

TOKEN_ACTIVATIONS = Table(
    name="token_activations",
    grain="one row per site and token: the 50 of the largest mean rms and the 50 seen most often",
    key=("model", "revision", "parameter_set", "module", "site", "token_id"),
    columns=(
        *probe_columns(),
        *site_columns(),
        Column(
            "token_id",
            COUNT,
            "number in the vocabulary",
            bounds=(0, None),
            nullable=False,
        ),
        Column("token", TEXT, "as the tokenizer writes it"),
        *_group_columns(),
    ),
)
