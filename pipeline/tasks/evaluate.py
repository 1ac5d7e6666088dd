"""How does a loaded model do the items of a task? All are asked, none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import SourceError
from pipeline.probes.head import CHUNK, can_predict
from pipeline.probes.load import DType, Loaded
from pipeline.tasks.encode import Coder, Pair, encode_items, encode_text, make_coder
from pipeline.tasks.items import TaskSet
from pipeline.tasks.pseudo import Frame, find_frame, score_masked
from pipeline.tasks.rows import Row, bare_row, item_row
from pipeline.tasks.score import Batching, Scored, score_pairs

if TYPE_CHECKING:
    from pipeline.probes.capture import Forward

_N_BYTES = 256


@dataclass(frozen=True)
class EvaluateParameters:
    """What decides the rows, beside model and task; goes into their stamp.

    `limit` is how many items are asked, 0 for all; `batch` how many sequences run at
    once, `head_chunk` the positions whose logits are there at once.
    """

    limit: int = 0
    dtype: DType = "float32"
    batch: int = 16
    head_chunk: int = CHUNK


@dataclass(frozen=True)
class Evaluated:
    """Rows of items, and what is said with every score of them."""

    items: list[Row]
    scoring: str | None
    status: str
    facts: Row


def evaluate(
    loaded: Loaded,
    task: TaskSet,
    parameters: EvaluateParameters,
    *,
    progress: Any = None,
) -> Evaluated:
    """Ask a loaded model every item; no row is left out."""
    from pipeline.probes.capture import make_forward

    forward = make_forward(loaded.model)
    frame = find_frame(loaded.tokenizer) if forward.kind == "encoder" else None
    n_framed = frame.n_tokens if frame else 0
    coder = make_coder(loaded.model, loaded.tokenizer, forward.kind, n_framed=n_framed)
    facts = _facts(loaded, coder)
    status = _status(forward, frame)
    if status != "ok":
        bare = [bare_row(k, item, status) for k, item in enumerate(task.items)]
        return Evaluated(bare, None, status, facts)
    _refuse_without_tokens(loaded)
    how = Batching(parameters.batch, coder.max_length, parameters.head_chunk, progress)
    groups = _encode(coder, task)
    pairs = [pair for group in groups for pair in group]
    scored = iter(_score(forward, pairs, frame, how))
    rows = [
        item_row(
            k, item, group, [next(scored) for _ in group], is_text=task.kind == "text"
        )
        for k, (item, group) in enumerate(zip(task.items, groups, strict=True))
    ]
    scoring = "loglikelihood" if frame is None else "pseudo_loglikelihood"
    return Evaluated(rows, scoring, "ok", facts)


def _refuse_without_tokens(loaded: Loaded) -> None:
    if loaded.tokenizer is None and loaded.vocabulary_size < _N_BYTES:
        raise SourceError(
            "no tokenizer, and no room for bytes in a vocabulary of "
            f"{loaded.vocabulary_size}",
            where=loaded.checkpoint.source.location,
            fix="Put the tokenizer's files beside the weights",
        )


def _encode(coder: Coder, task: TaskSet) -> list[tuple[Pair, ...]]:
    if task.kind == "text":
        return [encode_text(coder, item.choices[0]) for item in task.items]
    return encode_items(coder, task.items)


def _score(
    forward: Forward, pairs: Sequence[Pair], frame: Frame | None, how: Batching
) -> list[Scored | None]:
    if frame is None:
        return score_pairs(forward, pairs, how)
    return score_masked(forward, pairs, frame, how)


def _status(forward: Forward, frame: Frame | None) -> str:
    """Whether the model can be asked at all."""
    if not can_predict(forward):
        return "no_head"
    return "no_mask" if forward.kind == "encoder" and frame is None else "ok"


def _facts(loaded: Loaded, coder: Coder) -> Row:
    import torch

    first = next(iter(loaded.model.parameters()))
    tokenizer = coder.tokenizer
    return {
        "tokenizer": "bytes" if tokenizer is None else type(tokenizer).__name__,
        "max_length": coder.max_length,
        "device": first.device.type,
        "dtype": str(first.dtype).removeprefix("torch."),
        "torch": torch.__version__.partition("+")[0],
        "origin": "weightlake",
    }
