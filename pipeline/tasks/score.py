"""How likely is a continuation? Log-likelihoods of pairs, batch by batch.

As the harness does it, each sequence is run whole, padded right, without a mask: what
comes later changes nothing before it. The head is run on what is scored alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import SourceError
from pipeline.probes.capture import Forward
from pipeline.probes.head import CHUNK, logits_of
from pipeline.tasks.encode import Pair

if TYPE_CHECKING:
    import torch

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Scored:
    """Σ ln p of the tokens scored; whether each was the likeliest; tokens cut off."""

    loglikelihood: float
    is_greedy: bool
    n_cut: int = 0


@dataclass(frozen=True)
class Batching:
    """How many sequences at once, logits of how many positions, how long at most."""

    size: int
    max_length: int
    chunk: int = CHUNK
    progress: Progress | None = None


def score_pairs(
    forward: Forward, pairs: Sequence[Pair], how: Batching
) -> list[Scored | None]:
    """A score for each pair; None where it has a problem. The longest are run first.

    Pairs that differ in their last token alone are run once: one row gives the scores
    of several choices of one token.
    """
    if forward.kind == "encoder-decoder":
        return _score_seq2seq(forward, pairs, how)
    found: list[Scored | None] = [None] * len(pairs)
    rows: dict[tuple[int, ...], list[int]] = {}
    for k, pair in enumerate(pairs):
        if pair.problem is None:
            rows.setdefault(_shown(pair, how), []).append(k)
    order = sorted(rows, key=lambda row: (-len(row), row))
    for first in range(0, len(order), how.size):
        part = order[first : first + how.size]
        for k, score in _run(forward, pairs, [(row, rows[row]) for row in part], how):
            found[k] = score
        _report(how, sum(map(len, part)))
    return found


def _shown(pair: Pair, how: Batching) -> tuple[int, ...]:
    """What the model is given: all but the last token, from the left what has room."""
    whole = pair.context + pair.target
    return whole[-(how.max_length + 1) : -1]


def _run(
    forward: Forward,
    pairs: Sequence[Pair],
    rows: list[tuple[tuple[int, ...], list[int]]],
    how: Batching,
) -> Iterator[tuple[int, Scored]]:
    """The rows as one batch; in halves where memory runs out."""
    import torch

    try:
        yield from _run_batch(forward, pairs, rows, how)
    except torch.OutOfMemoryError as error:
        if len(rows) == 1:
            raise SourceError(
                f"a sequence of {len(rows[0][0])} tokens does not fit into memory",
                where=str(forward.device),
                fix="Run it with --device cpu, or with --dtype bfloat16",
            ) from error
        half = len(rows) // 2
        yield from _run(forward, pairs, rows[:half], how)
        yield from _run(forward, pairs, rows[half:], how)


def _run_batch(
    forward: Forward,
    pairs: Sequence[Pair],
    rows: list[tuple[tuple[int, ...], list[int]]],
    how: Batching,
) -> list[tuple[int, Scored]]:
    import torch

    width = max(len(row) for row, _ in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    places: list[int] = []
    wanted: list[tuple[int, int, int]] = []  # of a pair: first place, how many, which
    for number, (row, members) in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        n = max(len(pairs[k].target) for k in members)
        last = len(places) + n
        places += range(number * width + len(row) - n, number * width + len(row))
        wanted += [
            (last - len(pairs[k].target), len(pairs[k].target), k) for k in members
        ]
    with torch.no_grad():
        answer = forward.trunk(**_inputs(forward, ids.to(forward.device)))
        hidden = answer[0].reshape(-1, answer[0].shape[-1])
        shown = hidden.index_select(0, torch.tensor(places, device=hidden.device))
        return _score_rows(forward, shown, answer, pairs=pairs, wanted=wanted, how=how)


def _score_rows(
    forward: Forward,
    shown: torch.Tensor,
    answer: Any,
    *,
    pairs: Sequence[Pair],
    wanted: list[tuple[int, int, int]],
    how: Batching,
) -> list[tuple[int, Scored]]:
    """Σ ln p of each pair's tokens in float32, from chunks of logits."""
    import torch

    at = torch.tensor([f + j for f, n, _ in wanted for j in range(n)])
    target = torch.tensor([token for _, _, k in wanted for token in pairs[k].target])
    likely = torch.empty(len(at))
    greedy = torch.empty(len(at), dtype=torch.bool)
    for first in range(0, len(shown), how.chunk):
        logits = logits_of(forward, shown[first : first + how.chunk], answer)
        scores = torch.log_softmax(logits, dim=-1)
        inside = ((at >= first) & (at < first + how.chunk)).nonzero().squeeze(1)
        row = (at[inside] - first).to(scores.device)
        token = target[inside].to(scores.device)
        likely[inside] = scores[row, token].cpu()
        greedy[inside] = (scores.argmax(dim=-1)[row] == token).cpu()
    found, done = [], 0
    for _, n, k in wanted:
        part = slice(done, done + n)
        done += n
        n_cut = max(len(pairs[k].context) + n - how.max_length - 1, 0)
        one = Scored(float(likely[part].sum()), bool(greedy[part].all()), n_cut)
        found.append((k, one))
    return found


def _inputs(forward: Forward, ids: torch.Tensor) -> dict[str, Any]:
    takes = inspect.signature(forward.trunk.forward).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    given = {"input_ids": ids, "use_cache": False, "return_dict": True}
    return {key: value for key, value in given.items() if takes_any or key in takes}


def _score_seq2seq(
    forward: Forward, pairs: Sequence[Pair], how: Batching
) -> list[Scored | None]:
    """The context goes into the encoder, the continuation is what the decoder says."""
    import torch

    found: list[Scored | None] = [None] * len(pairs)
    todo = [k for k, pair in enumerate(pairs) if pair.problem is None]
    todo.sort(key=lambda k: -len(pairs[k].context) - len(pairs[k].target))
    for first in range(0, len(todo), how.size):
        part = todo[first : first + how.size]
        contexts = [pairs[k].context[-how.max_length :] for k in part]
        given, mask = _padded(contexts)
        labels, _ = _padded([pairs[k].target for k in part])
        device = forward.device
        with torch.no_grad():
            logits = forward.model(
                input_ids=given.to(device),
                attention_mask=mask.to(device),
                labels=labels.to(device),
            ).logits
        scores = torch.log_softmax(logits.float(), dim=-1).cpu()
        for row, k in enumerate(part):
            target = torch.tensor(pairs[k].target)
            own = scores[row, : len(target)]
            likely = own.gather(1, target[:, None]).sum()
            is_greedy = bool((own.argmax(dim=-1) == target).all())
            n_cut = max(len(pairs[k].context) - how.max_length, 0)
            found[k] = Scored(float(likely), is_greedy, n_cut)
        _report(how, given.numel())
    return found


def _padded(rows: Sequence[tuple[int, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    width = max(map(len, rows))
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    mask = torch.zeros((len(rows), width), dtype=torch.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids, mask


def _report(how: Batching, n_tokens: int) -> None:
    if how.progress is not None:
        how.progress(n_tokens)
