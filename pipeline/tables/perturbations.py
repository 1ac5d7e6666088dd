"""What did changing weights do to the loss, and what did random changes do?"""

from pipeline.tables.column import COUNT, REAL, TEXT, Column, Table, status_column
from pipeline.tables.probe_columns import count, fraction, number, probe_columns

PERTURBATIONS = Table(
    name="perturbations",
    grain="one row per experiment (weights, operation, scale, k), arm and draw",
    key=(
        *("model", "revision", "parameter_set", "selector", "operation", "scale", "k"),
        *("arm", "draw"),
    ),
    columns=(
        *probe_columns(),
        Column("probe_set", TEXT, "name of the probe set", nullable=False),
        Column("metric", TEXT, "scores that chose the weights", nullable=False),
        Column(
            "selector",
            TEXT,
            "which weights may be chosen: component=q; empty for all",
            nullable=False,
        ),
        Column(
            "operation",
            TEXT,
            "sign_flip, scale, zero, gaussian, int8, int4, or a name of your own",
            nullable=False,
        ),
        Column("scale", REAL, "strength of the operation", nullable=False),
        count("k", "weights asked for", "weights"),
        Column(
            "arm",
            TEXT,
            "top: largest scores; controls: bottom, random, matched (random, of the same tensors and deciles of |w|), all, norm (random weights, a random step of the same ‖Δ‖), shuffled scores, fresh (scores of a new model)",
            nullable=False,
            words=(
                *("top", "bottom", "random", "matched", "all"),
                *("norm", "shuffled", "fresh"),
            ),
        ),
        Column(
            "draw", COUNT, "0-based draw of the arm", bounds=(0, None), nullable=False
        ),
        status_column("ok", "non_finite_loss"),
        count("n_weights", "weights changed", "weights"),
        count("n_documents", "documents judged on, none of which chose", "documents"),
        number("change_norm", "norm of the change", "‖Δw‖₂", low=0),
        number("loss_before", "mean −ln p before", "Σ −ln p / n", low=0, unit="nats"),
        number("loss_delta", "change of the mean loss", "Δ loss", unit="nats"),
        number("ci_low", "lower 95 % bound over documents", "bootstrap", unit="nats"),
        number("ci_high", "upper 95 % bound", "bootstrap", unit="nats"),
        fraction(
            "p_value",
            "of top, draw 0: matched draws that hurt as much",
            "(1 + #{matched ≥ top}) / (1 + R)",
        ),
        fraction(
            "q_value", "over all experiments of the run", "Benjamini–Hochberg 1995"
        ),
    ),
)
