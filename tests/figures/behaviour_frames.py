"""Which frames do the queries of behaviour give? Made by hand."""

import polars as pl

RUN = {"model": "m", "revision": "main", "probe_set": "texts", "stack": "decoder"}


def behaviour_frame(n_layers, **numbers):
    names = ("rms", "update_share", "attention_share", "mlp_share", "lens_kl")
    columns = {name: numbers.get(name, [1.0] * n_layers) for name in names}
    return pl.DataFrame({"layer": range(n_layers), **columns}).with_columns(
        **{name: pl.lit(word) for name, word in RUN.items()}
    )


def similarities_frame(pairs):
    """Rows of (layer, to_layer, cka)."""
    rows = [
        RUN | {"layer": a, "to_stack": "decoder", "to_layer": b, "cka": value}
        for a, b, value in pairs
    ]
    return pl.DataFrame(rows)


def lens_frame(n_layers, top=("a", " b")):
    rows = [
        RUN
        | {
            "layer": layer,
            "kl": 1.0 / (layer + 1),
            "loss": 2.0,
            "agreement": 0.5,
            "rank": 4.0,
            "top_tokens": list(top),
            "top_shares": [0.9, 0.1],
        }
        for layer in range(n_layers)
    ]
    return pl.DataFrame(rows)


def thresholds_frame(n_layers):
    rows = [
        RUN
        | {
            "layer": layer,
            "component": "up",
            "threshold": k / 10,
            "threshold_share": k / 10,
            "zeroed_fraction": k / 10,
            "energy_lost": (k / 10) ** (layer + 2),
        }
        for layer in range(n_layers)
        for k in range(1, 11)
    ]
    return pl.DataFrame(rows)


def positions_frame(n_neurons, firsts=(0, 1, 2, 4)):
    rows = [
        RUN
        | {"layer": 1, "neuron": 7 * neuron, "mean_abs": 2.0, "first": first}
        | {"magnitude": 2.0 * neuron, "share": float(neuron + k)}
        for neuron in range(n_neurons)
        for k, first in enumerate(firsts)
    ]
    return pl.DataFrame(rows)
