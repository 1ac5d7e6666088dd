"""Which networks does the demo make? A GPT-2 over bytes, and untrained twins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, PreTrainedModel


def byte_model(
    n_layers: int, width: int, n_heads: int, context: int
) -> GPT2LMHeadModel:
    """GPT-2 over bytes: no tokenizer, no dropout, output tied as in the original."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=256,
        n_positions=context,
        n_embd=width,
        n_layer=n_layers,
        n_head=n_heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=0.06,  # GPT-2's 0.02 is meant for a width of 768
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config)


def twin_of(folder: Path, seed: int) -> PreTrainedModel:
    """The architecture that `folder` configures, with fresh weights of its own seed."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    (architecture,) = config.architectures
    with deterministic(seed):
        twin: PreTrainedModel = getattr(transformers, architecture)(config)
    return twin


def save_model(model: PreTrainedModel, folder: Path) -> None:
    """Weights and config as transformers writes them, under their name when whole."""
    from transformers.utils import logging

    had_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        model.save_pretrained(partial)
    finally:
        if had_bar:
            logging.enable_progress_bar()
    partial.replace(folder)


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Two threads and one seed: the same recipe gives the same bytes."""
    torch = _import_torch()
    threads = torch.get_num_threads()
    was_strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(was_strict)
        torch.set_num_threads(threads)


def _import_torch() -> ModuleType:
    """torch, whose threads sleep while they wait for each other.

    OpenMP reads the variable once, as it is loaded. By default its threads spin: on two
    cores that others use too, training took twice as long.
    """
    name = "OMP_WAIT_POLICY"
    before = os.environ.get(name)
    os.environ.setdefault(name, "PASSIVE")
    import torch

    if before is None:
        del os.environ[name]
    return torch
