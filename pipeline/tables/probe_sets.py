"""Which texts was a model run on, and how well did it predict them?"""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    REALS,
    TEXT,
    Column,
    Table,
)
from pipeline.tables.probe_columns import count, number, probe_columns

_LOSS = (
    "−ln p of the next token, in nats; of an encoder null: it sees what it is asked for"
)

PROBE_SETS = Table(
    name="probe_sets",
    grain="one row per model run on a probe set: what was run and how",
    key=("model", "revision", "parameter_set"),
    columns=(
        *probe_columns(),
        Column("probe_set", TEXT, "name of the probe set", nullable=False),
        Column(
            "probe_digest", TEXT, "xxh3-128 over its texts and windows", nullable=False
        ),
        Column(
            "tokens_digest",
            TEXT,
            "xxh3-128 over the tokens: rows with the same one saw the same",
            nullable=False,
        ),
        Column(
            "kind",
            TEXT,
            "what the model is",
            nullable=False,
            words=("decoder", "encoder", "encoder-decoder", "module"),
        ),
        Column(
            "tokenizer",
            TEXT,
            "class of the model's tokenizer; bytes, numbers or drawn without one",
            nullable=False,
        ),
        Column(
            "window",
            COUNT,
            "tokens that the model sees at once, at most",
            "tokens",
            bounds=(1, None),
        ),
        Column(
            "stride",
            COUNT,
            "tokens from window to window of a long document",
            "tokens",
            bounds=(1, None),
        ),
        count("n_documents", "documents", "documents"),
        count("n_windows", "windows", "windows"),
        count("n_tokens", "tokens, each counted once", "tokens"),
        Column("device", TEXT, "where it ran: cpu, cuda"),
        Column("dtype", TEXT, "of the weights when it ran"),
        Column(
            "attention_capture",
            TEXT,
            "how attentions were seen: in blocks of queries, as the model's own whole matrices, or not at all; null where not asked for",
            words=("block", "eager", "none"),
        ),
        Column("torch", TEXT, "version of torch"),
        Column(
            "notes",
            TEXT,
            "what was done otherwise than asked: smaller batches, another device",
        ),
        count("n_predictions", "tokens that were predicted", "tokens"),
        number("loss", f"mean {_LOSS}", "Σ −ln p / n", low=0, unit="nats"),
        number(
            "loss_stderr",
            "its standard error over documents",
            "√(m/(m−1) Σ(s_d − loss·n_d)²) / n",
            low=0,
            unit="nats",
        ),
        Column(
            "context_first",
            COUNTS,
            "fewest tokens before a predicted one, in each range",
            "tokens",
        ),
        Column("context_losses", REALS, "mean loss with so many tokens before", "nats"),
        Column("context_counts", COUNTS, "predictions of each range", "tokens"),
    ),
)

PROBE_DOCUMENTS = Table(
    name="probe_documents",
    grain="one row per document of a probe set, as a model read it",
    key=("model", "revision", "parameter_set", "document"),
    columns=(
        *probe_columns(),
        Column(
            "document",
            COUNT,
            "0-based place in the probe set",
            bounds=(0, None),
            nullable=False,
        ),
        count("n_tokens", "tokens", "tokens"),
        Column(
            "beginning",
            TEXT,
            "its first 80 characters; null for drawn tokens and numbers",
        ),
        count("n_predictions", "tokens that were predicted", "tokens"),
        number("loss", f"mean {_LOSS}", "Σ −ln p / n", low=0, unit="nats"),
    ),
)
