"""How is a model made ready to be scored? Loaded, its texts cut, its weights named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.errors import SourceError
from pipeline.perturb.losses import Example, loss_problem, make_examples
from pipeline.perturb.measure import Texts
from pipeline.perturb.weights import Weight, find_weights
from pipeline.probes.capture import Forward, make_forward
from pipeline.probes.load import DType, Loaded, load_model
from pipeline.probes.probe_set import TokenSet, tokenise
from pipeline.probes.texts import ProbeSet, read_probe_set
from pipeline.stages.stage import Job

# A second derivative holds a batch's graph twice.
SMALL_TOKENS = 256


@dataclass(frozen=True)
class Ready:
    """A model that can be scored, its weights, and its tokens."""

    loaded: Loaded
    forward: Forward
    weights: tuple[Weight, ...]
    tokens: TokenSet
    mask_id: int | None

    @property
    def problem(self) -> str:
        return loss_problem(self.forward, self.mask_id)

    def examples(self, tokens: TokenSet, n_tokens: int, seed: int) -> list[Example]:
        if self.problem:
            return []
        return make_examples(
            self.forward, tokens, n_tokens=n_tokens, mask_id=self.mask_id, seed=seed
        )


@contextmanager
def threads(n: int) -> Iterator[None]:
    """So many threads for torch while open; as before afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def asked_probe_set(job: Job, *, window: int, stride: int) -> ProbeSet:
    """The probe set that the subject names. Raises SourceError where it has changed."""
    beside = job.subject.beside
    if beside is None:
        raise SourceError(
            "no probe set is named", where=str(job.subject.ref), fix="Name one"
        )
    if read_probe_set(beside.location).digest != beside.digest:
        raise SourceError(
            "the probe set has changed since the run began",
            where=beside.location,
            fix="Run it again",
        )
    return read_probe_set(beside.location, window=window or None, stride=stride or None)


def make_ready(job: Job, probe_set: ProbeSet, dtype: DType) -> Ready:
    """The checkpoint loaded, and the probe set as it reads it."""
    loaded = load_model(
        job.subject.source,
        dtype=dtype,
        device=_device(str(job.settings.device)),
        local_files_only=job.settings.local_files_only,
    )
    forward = make_forward(loaded.model)
    tokens = tokens_of(loaded, probe_set)
    names = [one.name for one in loaded.checkpoint.tensors]
    weights = find_weights(forward, names)
    mask_id = getattr(loaded.tokenizer, "mask_token_id", None)
    return Ready(loaded, forward, weights, tokens, mask_id)


def tokens_of(loaded: Loaded, probe_set: ProbeSet) -> TokenSet:
    config: Any = loaded.model.config
    return tokenise(
        probe_set,
        loaded.tokenizer,
        vocabulary_size=loaded.vocabulary_size,
        max_positions=loaded.max_positions,
        pad=getattr(config, "pad_token_id", None),
    )


def some_windows(tokens: TokenSet, n: int, seed: int) -> TokenSet:
    """`n` of the windows, drawn without replacement; all where n is 0 or too many."""
    if n <= 0 or n >= len(tokens.windows):
        return tokens
    drawn = np.random.default_rng(seed).choice(len(tokens.windows), n, replace=False)
    return replace(tokens, windows=tuple(tokens.windows[k] for k in sorted(drawn)))


def some_documents(tokens: TokenSet, documents: Sequence[int]) -> TokenSet:
    """The windows of these documents alone."""
    wanted = set(documents)
    kept = tuple(one for one in tokens.windows if one.document in wanted)
    return replace(tokens, windows=kept)


def make_texts(
    ready: Ready, tokens: TokenSet, *, batch_tokens: int, seed: int = 0
) -> Texts:
    """The tokens in batches, in small batches, and window by window.

    A model without a loss still has inputs: its batches ask for nothing.
    """
    if ready.problem:
        from pipeline.probes.probe_set import make_batches

        bare = [
            Example(one.to(ready.forward.device), one.tokens)
            for one in make_batches(tokens, n_tokens=batch_tokens)
        ]
        return Texts(bare, (), (), ready.problem)
    return Texts(
        ready.examples(tokens, batch_tokens, seed),
        ready.examples(tokens, min(SMALL_TOKENS, batch_tokens), seed),
        ready.examples(tokens, 1, seed),
    )


def _device(asked: str) -> str:
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
