"""What does each block do to what passes it, which are alike, which experts work?"""

from pipeline.tables.column import (
    COUNT,
    FLAG,
    REAL,
    REALS,
    TEXT,
    TEXTS,
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

# Null unless the run was asked for skips.
_SKIPPED = (
    number(
        "skip_loss_change",
        "how much the loss rises when the block hands on what it was given; null unless skips were asked for",
        "loss without − loss",
        unit="nats",
    ),
    number(
        "skip_loss_stderr",
        "its standard error over documents",
        "√(m/(m−1) Σ(s_d − Δ·n_d)²) / n",
        low=0,
        unit="nats",
    ),
    Column("spike_row", COUNT, "largest output of the MLP's last projection"),
    Column("spike_column", COUNT, "largest input of that projection"),
    Column("spike_weight", REAL, "the weight from that input to that output"),
    number(
        "spike_loss_change",
        "how much the loss rises when that one weight is zero",
        "loss without − loss",
        unit="nats",
    ),
    number(
        "spike_loss_stderr",
        "its standard error over documents",
        "√(m/(m−1) Σ(s_d − Δ·n_d)²) / n",
        low=0,
        unit="nats",
    ),
    Column(
        "is_super_weight",
        FLAG,
        "the loss without it rises by over 1 % and by over four standard errors",
        reference="arXiv 2411.07191",
    ),
)

BLOCK_ACTIVATIONS = Table(
    name="block_activations",
    grain="one row per block of a model on a probe set",
    key=("model", "revision", "parameter_set", "module"),
    columns=(
        *probe_columns(),
        *block_columns(),
        status_column("ok", "non_finite"),
        count("n_tokens", "tokens", "tokens"),
        number(
            "update_share",
            "what the block adds over what leaves it, mean over tokens",
            "‖y − x‖ / ‖y‖",
            low=0,
        ),
        Column(
            "cosine",
            REAL,
            "direction kept from in to out, mean over tokens",
            "",
            "cos(x, y)",
            (-1, 1),
        ),
        number(
            "attention_share",
            "what the attention's last projection puts out, over what leaves the block",
            "‖attention‖ / ‖y‖",
            low=0,
        ),
        number("mlp_share", "the same of the MLP", "‖mlp‖ / ‖y‖", low=0),
        number(
            "lens_kl",
            "how far the prediction made from this block is from the final one; null without a head",
            "KL(p_final ‖ p_block)",
            low=0,
            unit="nats",
        ),
        number(
            "lens_loss",
            "loss of the prediction made from this block; of an encoder of the token that it sees",
            "−ln p",
            low=0,
            unit="nats",
        ),
        fraction(
            "lens_agreement",
            "predictions with the final likeliest token",
            "#{argmax same} / n",
        ),
        number(
            "lens_rank",
            "median rank of the target, rounded down to a power of two",
            "median rank",
            low=1,
        ),
        Column(
            "lens_top_tokens",
            TEXTS,
            "the five tokens of the largest mean probability from this block",
        ),
        Column("lens_top_shares", REALS, "their mean probabilities", "fraction"),
        fraction(
            "load_entropy",
            "how evenly its experts are used: 1 all alike; null without experts",
            "−Σ p ln p / ln E",
        ),
        *_SKIPPED,
    ),
)

SIMILARITIES = Table(
    name="similarities",
    grain="one row per pair of block outputs of a model, itself with itself too",
    key=("model", "revision", "parameter_set", "module", "to_module"),
    columns=(
        *probe_columns(),
        *block_columns(),
        Column("to_module", TEXT, "the other block's module", nullable=False),
        Column("to_stack", TEXT, "its stack"),
        Column("to_layer", COUNT, "its layer", "blocks", bounds=(0, None)),
        count("n_tokens", "tokens that both were seen at", "tokens"),
        Column(
            "cka",
            REAL,
            "linear centred kernel alignment; null where one does not vary",
            "",
            "‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖)",
            (0, 1),
            reference="arXiv 1905.00414",
        ),
    ),
)

EXPERT_ACTIVATIONS = Table(
    name="expert_activations",
    grain="one row per expert of a mixture layer",
    key=("model", "revision", "parameter_set", "module", "expert"),
    columns=(
        *probe_columns(),
        *block_columns(),
        Column("expert", COUNT, "0-based expert", bounds=(0, None), nullable=False),
        count("n_tokens", "tokens that were routed", "tokens"),
        count("n_chosen", "tokens sent to it", "tokens"),
        fraction("load", "share of tokens sent to it", "n_chosen / n_tokens"),
        fraction("load_low", "lower 95 % bound of the load", "Wilson 1927"),
        fraction("load_high", "upper 95 % bound", "Wilson 1927"),
        number("load_ratio", "load over an even one", "load · E / k", low=0),
        number("mean_weight", "mean weight of its output where chosen", "mean g"),
        Column("is_dropped", FLAG, "load_high is below a tenth of an even load"),
        Column(
            "partner",
            COUNT,
            "the expert chosen with it most above chance",
            bounds=(0, None),
        ),
        number(
            "partner_lift",
            "how often together, over chance",
            "n_ab · n / (n_a · n_b)",
            low=0,
        ),
    ),
)
