"""Tiny models ready to run, and batches for them."""

import torch

from pipeline.probes.batch import Batch
from pipeline.probes.capture import make_forward
from tests.tiny_models import make_tiny_model

# One of each way to be made; the last have attention code of their own.
DECODERS = ("gpt2", "llama", "qwen3", "gpt_neox", "opt", "gemma2")
MIXTURES = ("mixtral", "qwen3_moe", "gpt_oss")
SEQ2SEQ = ("t5", "bart")
OWN_ATTENTION = ("bloom", "falcon", "gptj", "mamba")
FAMILIES = (*DECODERS, *MIXTURES, "bert", *SEQ2SEQ, *OWN_ATTENTION)


def forward_of(name):
    return make_forward(make_tiny_model(name).module)


def made_batch(lengths=(7, 4), *, side="right", seed=0, width=None):
    """Rows of random tokens of the given lengths, padded on one side."""
    width = width or max(lengths)
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros((len(lengths), width), dtype=torch.bool)
    tokens = torch.zeros((len(lengths), width), dtype=torch.int64)
    for row, length in enumerate(lengths):
        drawn = torch.randint(3, 48, (length,), generator=generator)
        place = slice(0, length) if side == "right" else slice(width - length, width)
        mask[row, place] = True
        tokens[row, place] = drawn
    positions = (mask.cumsum(1) - 1).clamp(min=0).masked_fill(~mask, 0)
    return Batch(tokens, mask, mask, positions)


class Recorder:
    """A reducer that keeps every tensor: what the others are held against."""

    def __init__(self, *kinds):
        self.kinds = frozenset(kinds)
        self.seen = {}

    def observe(self, site, value, batch):
        self.seen.setdefault(site, []).append(
            batch.select(value).clone() if isinstance(value, torch.Tensor) else value
        )

    def finish(self):
        return {}
