"""A run of seconds instead of a minute: the demo's recipe in miniature."""

from demo.train_series import Recipe

TINY = Recipe(
    n_layers=2,
    width=16,
    n_heads=2,
    context=16,
    batch=2,
    n_checkpoints=5,
    steps_between=3,
    warmup_checkpoints=1,
    spike_after=2,
    spike_steps=1,
    switch_after=3,
)
