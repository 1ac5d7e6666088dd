"""Which columns of an analysis does a screen keep, and under which question?"""

from __future__ import annotations

from weightlake.output.fitting import Shows

_HEAD = ("layer", "attention", "head")

SECTIONS: dict[str, tuple[str, Shows]] = {
    "tokens": (
        "What does the answer owe to each token? (bar: integrated gradients)",
        Shows(("position", "token"), ("bar", "integrated_gradients", "loss")),
    ),
    "heads": (
        "What does each head look at on this text?",
        Shows(_HEAD, ("pattern", "share", "normalised_entropy", "mean_distance")),
    ),
    "pairs": (
        "Which tokens look most at which, but for themselves and the first?",
        Shows(_HEAD, ("query_token", "key_token", "weight")),
    ),
    "layers": (
        "What does each block add, and what would it predict?",
        Shows(("stack", "layer"), ("update_share", "lens_kl", "lens_top_tokens")),
    ),
    "neurons": (
        "Which neurons have the largest values, and where?",
        Shows(("layer", "neuron"), ("value", "context")),
    ),
}
