"""Which rows does an analysis of a text have? Declared once, for every reader."""

from __future__ import annotations

import pyarrow as pa

_TEXT, _WHOLE, _REAL = pa.string(), pa.int64(), pa.float64()
_HEAD = {"stack": _TEXT, "layer": _WHOLE, "attention": _TEXT, "head": _WHOLE}

TOKENS = pa.schema(
    {
        "position": _WHOLE,
        "token": _TEXT,
        "token_id": _WHOLE,
        "loss": _REAL,
        "gradient_x_input": _REAL,
        "integrated_gradients": _REAL,
        "occlusion": _REAL,
        "rollout": _REAL,
    }
)
HEADS = pa.schema(
    _HEAD
    | {
        "pattern": _TEXT,
        "leading": _TEXT,
        "share": _REAL,
        "normalised_entropy": _REAL,
        "previous_token_score": _REAL,
        "self_mass": _REAL,
        "first_token_mass": _REAL,
        "induction_score": _REAL,
        "duplicate_token_score": _REAL,
        "punctuation_mass": _REAL,
        "sink_mass": _REAL,
        "mean_distance": _REAL,
    }
)
PAIRS = pa.schema(
    _HEAD
    | {
        "query": _WHOLE,
        "query_token": _TEXT,
        "key": _WHOLE,
        "key_token": _TEXT,
        "weight": _REAL,
    }
)
LAYERS = pa.schema(
    {
        "stack": _TEXT,
        "layer": _WHOLE,
        "update_share": _REAL,
        "cosine": _REAL,
        "attention_share": _REAL,
        "mlp_share": _REAL,
        "lens_kl": _REAL,
        "lens_rank": _WHOLE,
        "lens_top_tokens": _TEXT,
    }
)
NEURONS = pa.schema(
    {
        "stack": _TEXT,
        "layer": _WHOLE,
        "component": _TEXT,
        "neuron": _WHOLE,
        "value": _REAL,
        "token": _TEXT,
        "context": _TEXT,
    }
)
