"""What does each head of a model attend to on a probe set, and which map does it draw?"""

from pipeline.tables.column import (
    COUNT,
    FLAG,
    REAL,
    SINGLES,
    TEXT,
    Column,
    Table,
    status_column,
)
from pipeline.tables.probe_columns import (
    block_columns,
    count,
    fraction,
    number,
    probe_columns,
)

CAPTURES = ("block", "eager")


def _head_columns() -> tuple[Column, ...]:
    """Which head of which attention."""
    return (
        *probe_columns(),
        *block_columns(),
        Column(
            "attention",
            TEXT,
            "self, or cross: from a decoder to its encoder",
            nullable=False,
            words=("self", "cross"),
        ),
        Column(
            "head", COUNT, "0-based query head", "", bounds=(0, None), nullable=False
        ),
    )


def _verdict_columns(name: str, excess: str, over: str) -> tuple[Column, ...]:
    """Excess over chance, its p- and q-value, and what is announced."""
    return (
        number(f"{name}_excess", excess, over),
        Column(
            f"{name}_p_value",
            REAL,
            "one-sided t-test of an excess of 0 over groups of documents; null with fewer than 8",
            "",
            "P(t ≥ t₀)",
            (0, 1),
        ),
        Column(
            f"{name}_q_value",
            REAL,
            "least false discovery rate at which it is announced, over all heads of the run",
            "",
            "Benjamini–Hochberg",
            (0, 1),
        ),
    )


def _interval_columns(name: str, meaning: str, formula: str) -> tuple[Column, ...]:
    """A mean over documents with the 95 % bootstrap interval over them."""
    return (
        number(name, f"{meaning}; null unless asked for", formula, unit="nats"),
        Column(f"{name}_low", REAL, "lower 95 % bound over documents", "nats"),
        Column(f"{name}_high", REAL, "upper 95 % bound over documents", "nats"),
    )


ATTENTION_HEADS = Table(
    name="attention_heads",
    grain="one row per head of an attention, of a model on a probe set",
    key=("model", "revision", "parameter_set", "module", "attention", "head"),
    columns=(
        *_head_columns(),
        Column(
            "capture",
            TEXT,
            "how its weights were seen: in blocks of queries, or as the model's own whole matrix",
            nullable=False,
            words=CAPTURES,
        ),
        status_column("ok", "no_queries", "non_finite"),
        count("n_queries", "tokens whose attention is averaged", "tokens"),
        number("entropy", "mean over queries", "−Σ_j a_j ln a_j", low=0, unit="nats"),
        fraction(
            "normalised_entropy",
            "the same over the most that the query could have",
            "−Σ_j a_j ln a_j / ln n_keys",
        ),
        fraction("largest_weight", "mean largest weight of a query", "max_j a_j"),
        fraction(
            "sink_mass",
            "mean weight on the key that gets most, of keys that half of the queries see",
            "max_k Σ_{i≥k} a_ik / (T − k)",
        ),
        fraction("uniform_sink_mass", "the same if it looked everywhere alike", "null"),
        fraction(
            "virtual_sink_mass",
            "mean weight on a learned sink beside the keys; null without one",
            "a_sink",
        ),
        number(
            "mean_distance",
            "mean distance from the query to its keys; null in cross-attention",
            "Σ_j a_ij |i − j|",
            low=0,
            unit="tokens",
        ),
        fraction("self_mass", "weight on the query's own token", "a_ii"),
        fraction("previous_token_score", "weight on the token before", "a_i,i−1"),
        fraction("first_token_mass", "weight on the first token", "a_i0"),
        fraction(
            "punctuation_mass",
            "weight on punctuation; null where tokens have no text",
            "Σ_{j punctuation} a_ij",
        ),
        fraction(
            "duplicate_token_score",
            "weight on other places of the query's token",
            "Σ_{j≠i, t_j=t_i} a_ij",
        ),
        Column(
            "induction_score",
            REAL,
            "weight on the tokens after earlier places of the query's token",
            "fraction",
            "Σ_{j: t_{j−1}=t_i} a_ij",
            (0, 1),
            reference="arXiv 2209.11895",
        ),
        Column(
            "lookback_ratio",
            REAL,
            "mean weight on the first half of a text, of the means on both halves; of causal attention",
            "fraction",
            "ā_context / (ā_context + ā_new)",
            (0, 1),
            reference="arXiv 2407.07071",
        ),
        *_verdict_columns(
            "induction",
            "induction score over that for the tokens of another document",
            "score − score of the partner's tokens",
        ),
        Column(
            "is_induction",
            FLAG,
            "excess above 0.05, and p times the number of heads at most 0.01; null with too few documents",
        ),
        *_verdict_columns(
            "sink", "sink mass over a uniform one", "sink_mass − uniform_sink_mass"
        ),
        Column(
            "is_sink",
            FLAG,
            "excess above 0.25, and p times the number of heads at most 0.01; null with too few documents",
        ),
        Column("nearest_module", TEXT, "module of the head that looks most alike"),
        Column("nearest_layer", COUNT, "its layer", "blocks", bounds=(0, None)),
        Column("nearest_head", COUNT, "its head", bounds=(0, None)),
        fraction(
            "agreement",
            "how alike both look, by their maps: 1 the same, 0 never at the same stretch",
            "mean_i Σ_j √(p_ij q_ij)",
        ),
        *_interval_columns(
            "gate_gradient",
            "how fast the loss of a document changes as the head is closed",
            "mean |∂L/∂ξ|",
        ),
        *_interval_columns(
            "ablation_effect",
            "how much the loss of a document grows without the head",
            "L(ξ = 0) − L",
        ),
    ),
)

ATTENTION_MAPS = Table(
    name="attention_maps",
    grain="one row per head of an attention: where in a text it looks from where",
    key=("model", "revision", "parameter_set", "module", "attention", "head"),
    columns=(
        *_head_columns(),
        count("n_bins", "stretches that a text is cut into, of queries and of keys"),
        Column(
            "weights",
            SINGLES,
            "mean weight that each stretch of queries gives to each stretch of keys, query by query: 64 × 64 whatever the length; 0 for stretches without a query",
            "fraction",
        ),
    ),
)
