"""What loss do weights answer for? −ln p of the predicted tokens, with its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward
from pipeline.probes.head import can_predict, last_states, predicted, token_losses
from pipeline.probes.probe_set import TokenSet, make_batches

if TYPE_CHECKING:
    import torch

_MASKED = 0.15


@dataclass(frozen=True)
class Example:
    """A batch and the tokens it is asked for; an encoder's batch hides some of them."""

    batch: Batch
    ids: torch.Tensor

    @property
    def documents(self) -> tuple[int, ...]:
        return tuple(one.document for one in self.batch.windows)


def loss_problem(forward: Forward, mask_id: int | None) -> str:
    """Why a model has no loss: `no_head`, `no_mask_token`; empty where it has one."""
    if not can_predict(forward):
        return "no_head"
    return "no_mask_token" if forward.kind == "encoder" and mask_id is None else ""


def make_examples(
    forward: Forward,
    tokens: TokenSet,
    *,
    n_tokens: int,
    mask_id: int | None = None,
    seed: int = 0,
) -> list[Example]:
    """Batches of at most `n_tokens` places; those that predict nothing are left out.

    Of an encoder 15 % of the tokens that count are masked, drawn by the seed, and these
    alone are asked for.
    """
    rng = np.random.default_rng(seed)
    found = []
    for batch in make_batches(tokens, n_tokens=n_tokens):
        one = Example(batch, batch.tokens)
        if forward.kind == "encoder" and mask_id is not None:
            one = _hide(batch, mask_id, rng)
        if len(predicted(forward, one.batch)[0]):
            found.append(
                Example(one.batch.to(forward.device), one.ids.to(forward.device))
            )
    return found


def losses(forward: Forward, example: Example, *, chunk: int) -> torch.Tensor:
    """−ln p of each predicted token (n,), in the order of `probes.head.predicted`."""
    answer = last_states(forward, example.batch)
    return token_losses(forward, example.batch, answer, ids=example.ids, chunk=chunk)


def count_predictions(forward: Forward, examples: Sequence[Example]) -> int:
    return sum(len(predicted(forward, one.batch)[0]) for one in examples)


def documents_of(forward: Forward, example: Example) -> Any:
    """The document of each predicted token, in the order of `losses`."""
    width = example.batch.mask.shape[1]
    targets = predicted(forward, example.batch)[1].cpu().numpy()
    return np.array(example.documents, np.int64)[targets // width]


def _hide(batch: Batch, mask_id: int, rng: np.random.Generator) -> Example:
    import torch

    drawn = torch.from_numpy(rng.random(tuple(batch.mask.shape)) < _MASKED)
    hidden = batch.counted & drawn
    if not hidden.any():  # of a short batch one at least
        places = batch.counted.reshape(-1).nonzero().squeeze(1)
        hidden.reshape(-1)[places[int(rng.integers(len(places)))]] = True
    masked = batch.tokens.masked_fill(hidden, mask_id)
    return Example(replace(batch, tokens=masked, counted=hidden), batch.tokens)
