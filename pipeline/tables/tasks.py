"""How well does a model do a task, and how likely did it hold each answer?"""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    FLAG,
    REALS,
    TEXT,
    Column,
    Table,
    status_column,
)
from pipeline.tables.probe_columns import count, fraction, number, probe_columns

KINDS = ("choice", "cloze", "text")
SCORINGS = ("loglikelihood", "pseudo_loglikelihood")
# Why an item has no score; the first of a score is for a model that can give none.
ITEM_STATUSES = (
    "ok",
    "no_head",
    "no_mask",
    "merged",
    "too_long",
    "empty",
    "non_finite",
)
SCORE_STATUSES = ("ok", "no_head", "no_mask", "too_small", "non_finite")

_TASK = Column("task", TEXT, "name of the task, as it was asked for", nullable=False)
_SCORING = Column(
    "scoring",
    TEXT,
    "how continuations are weighed: Σ ln p of each token given those before it; of an encoder pseudo, each masked in turn and given all others",
    words=SCORINGS,
)
_KIND = Column(
    "kind",
    TEXT,
    "choice: which of several continuations; cloze: one, word for word; text: all of a text",
    nullable=False,
    words=KINDS,
)

TASK_ITEMS = Table(
    name="task_items",
    grain="one row per item of a task that a model was asked",
    key=("model", "revision", "parameter_set", "item"),
    columns=(
        *probe_columns(),
        _TASK,
        _KIND,
        _SCORING,
        Column(
            "item",
            COUNT,
            "0-based place in the task's file",
            bounds=(0, None),
            nullable=False,
        ),
        Column("item_name", TEXT, "number or id that the file gives it"),
        Column(
            "item_digest",
            TEXT,
            "xxh3-128 over its texts and answer: rows with the same one can be paired",
            nullable=False,
        ),
        Column("source", TEXT, "what it was made from; such items are not independent"),
        Column("beginning", TEXT, "its first 80 characters"),
        status_column(
            *ITEM_STATUSES,
            of="merged: its last token holds what is to be scored; too_long: the answer alone is longer than the model sees",
        ),
        Column("gold", COUNT, "0-based right choice", bounds=(0, None)),
        Column(
            "choice", COUNT, "choice of the largest log-likelihood", bounds=(0, None)
        ),
        Column(
            "choice_norm",
            COUNT,
            "choice of the largest log-likelihood per character",
            bounds=(0, None),
        ),
        Column(
            "choice_bytes",
            COUNT,
            "choice of the largest log-likelihood per byte of UTF-8",
            bounds=(0, None),
        ),
        Column(
            "is_greedy",
            FLAG,
            "whether every token of the right continuation is the likeliest",
        ),
        Column("loglikelihoods", REALS, "Σ ln p of each choice", "nats"),
        Column("n_characters", COUNTS, "length of each choice", "characters"),
        Column("n_bytes", COUNTS, "the same in UTF-8", "bytes"),
        Column("n_tokens", COUNTS, "tokens scored of each choice", "tokens"),
        count("n_words", "of a text: parts between white space", "words"),
        count("n_cut", "tokens cut from the left, to have room", "tokens"),
    ),
)

TASK_SCORES = Table(
    name="task_scores",
    grain="one row per metric of a task that a model was asked",
    key=("model", "revision", "parameter_set", "metric"),
    columns=(
        *probe_columns(),
        _TASK,
        _KIND,
        _SCORING,
        Column("metric", TEXT, "acc, acc_norm, perplexity, …", nullable=False),
        number("value", "the score", "see docs/tasks.md"),
        number(
            "stderr",
            "its standard error: of a mean s/√n, of a perplexity over 100,000 resamples",
            "s / √n",
            low=0,
        ),
        number(
            "ci_low", "lower end of its 95 % interval", "Wilson 1927; exp(m ± 1.96 s)"
        ),
        number("ci_high", "upper end", "Wilson 1927; exp(m ± 1.96 s)"),
        fraction(
            "chance", "accuracy of guessing among the choices", "mean 1/n_choices"
        ),
        status_column(*SCORE_STATUSES),
        count("n", "items that it is of", "items"),
        count("n_items", "items asked, those without a score too", "items"),
        count("n_cut_items", "items that lost tokens from the left", "items"),
        Column(
            "task_digest",
            TEXT,
            "xxh3-128 over the items: rows with the same one were asked the same",
            nullable=False,
        ),
        Column("tokenizer", TEXT, "class of the model's tokenizer, or bytes"),
        count("max_length", "tokens that the model sees", "tokens"),
        Column("device", TEXT, "where it ran: cpu, cuda; null for what was read in"),
        Column("dtype", TEXT, "of the weights when it ran"),
        Column("torch", TEXT, "version of torch"),
        Column("origin", TEXT, "weightlake, or what wrote the file it was read from"),
    ),
)
