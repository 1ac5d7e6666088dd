"""How likely is a continuation to an encoder? Pseudo-log-likelihood, token by token.

An encoder sees both sides of a token, so it has no likelihood of a text. Each token of
the continuation is masked in turn, all others shown, and ln p of the right one summed
(Salazar et al. 2020, arXiv 1910.14659). It compares choices; it is no probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward
from pipeline.probes.head import last_states, logits_of
from pipeline.tasks.encode import Pair
from pipeline.tasks.score import Batching, Scored


@dataclass(frozen=True)
class Frame:
    """The special tokens around a text, and the one that hides a token."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    mask: int

    @property
    def n_tokens(self) -> int:
        return len(self.before) + len(self.after)


@dataclass(frozen=True)
class _Masked:
    """A sequence with one token hidden: where, which, and of which pair."""

    ids: tuple[int, ...]
    place: int
    token: int
    pair: int


def find_frame(tokenizer: Any | None) -> Frame | None:
    """What the tokenizer puts around a text; None where it has no mask token."""
    mask = getattr(tokenizer, "mask_token_id", None)
    if tokenizer is None or mask is None:
        return None
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    n = len(whole) - len(bare)
    at = next((k for k in range(n + 1) if whole[k : k + len(bare)] == bare), 0)
    return Frame(tuple(whole[:at]), tuple(whole[at + len(bare) :]), int(mask))


def score_masked(
    forward: Forward, pairs: Sequence[Pair], frame: Frame, how: Batching
) -> list[Scored | None]:
    """A pseudo-score for each pair; None where it has a problem."""
    import torch

    sums = [0.0] * len(pairs)
    greedy = [True] * len(pairs)
    rows = list(_masked(pairs, frame, how.max_length))
    rows.sort(key=lambda row: (-len(row.ids), row.pair, row.place))
    for first in range(0, len(rows), how.size):
        part = rows[first : first + how.size]
        batch = _batch(part).to(forward.device)
        with torch.no_grad():
            answer = last_states(forward, batch)
            width = batch.tokens.shape[1]
            hidden = answer[0].reshape(-1, answer[0].shape[-1])
            at = [number * width + row.place for number, row in enumerate(part)]
            shown = hidden.index_select(0, torch.tensor(at, device=hidden.device))
            scores = torch.log_softmax(logits_of(forward, shown, answer), dim=-1).cpu()
        for number, row in enumerate(part):
            sums[row.pair] += float(scores[number, row.token])
            greedy[row.pair] &= int(scores[number].argmax()) == row.token
        if how.progress is not None:
            how.progress(batch.n_counted)
    return [
        None if pair.problem else Scored(sums[k], greedy[k], _n_cut(pair, how))
        for k, pair in enumerate(pairs)
    ]


def _n_cut(pair: Pair, how: Batching) -> int:
    return max(len(pair.context) + len(pair.target) - how.max_length, 0)


def _masked(pairs: Sequence[Pair], frame: Frame, n_room: int) -> Iterator[_Masked]:
    for k, pair in enumerate(pairs):
        if pair.problem is not None:
            continue
        text = (pair.context + pair.target)[-n_room:]
        whole = frame.before + text + frame.after
        end = len(frame.before) + len(text)
        for place in range(end - len(pair.target), end):
            ids = (*whole[:place], frame.mask, *whole[place + 1 :])
            yield _Masked(ids, place, whole[place], k)


def _batch(rows: Sequence[_Masked]) -> Batch:
    import torch

    width = max(len(row.ids) for row in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    mask = torch.zeros((len(rows), width), dtype=torch.bool)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = True
    positions = torch.arange(width).expand(len(rows), width)
    return Batch(ids, mask, mask, positions)
