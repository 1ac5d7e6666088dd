"""What does a model predict? Its head is run in chunks of positions.

The model's own forward is run with its trunk's answer put in: scaling, soft capping and
whatever else a family does to its logits happen as it does them, and no more than a
chunk of logits is there at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward, run_trunk

if TYPE_CHECKING:
    import torch
    from torch import nn

CHUNK = 256


def can_predict(forward: Forward) -> bool:
    """Whether there is a head that makes scores of the vocabulary."""
    embeddings = getattr(forward.model, "get_output_embeddings", lambda: None)()
    return forward.kind != "module" and embeddings is not None


def predicted(forward: Forward, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Places in the flattened batch, and the places of the tokens that they predict.

    A decoder's position predicts the next token, one of an encoder-decoder its own (the
    input is shifted), one of an encoder the token that it is given. Targets are the
    tokens that count; the first of a document has nothing before it.
    """
    counted = batch.counted
    if forward.kind == "decoder":
        import torch

        before = torch.zeros_like(batch.mask)
        before[:, 1:] = batch.mask[:, :-1]
        targets = (counted & before).reshape(-1).nonzero().squeeze(1)
        return targets - 1, targets
    targets = counted.reshape(-1).nonzero().squeeze(1)
    return targets, targets


def last_states(forward: Forward, batch: Batch) -> Any:
    """The trunk's answer with the last hidden state; a head inside it is left out."""
    inner = _inner(forward)
    if inner is None:
        return run_trunk(forward, batch)
    kept: list[Any] = []
    handle = inner.register_forward_hook(lambda _m, _i, output: kept.append(output))
    embeddings: Any = forward.model.get_output_embeddings()  # type: ignore[operator]
    try:
        with _answering(embeddings, lambda hidden: hidden[..., :0]):
            run_trunk(forward, batch)
    finally:
        handle.remove()
    return kept[-1]


def logits_of(forward: Forward, rows: torch.Tensor, like: Any) -> torch.Tensor:
    """Scores (n, V) of hidden rows (n, d), which stand before the head.

    `like` is an answer of the trunk: another with these rows takes its place.
    """
    import torch

    answer = type(like)(last_hidden_state=rows[None])
    ids = torch.zeros((1, len(rows)), dtype=torch.int64, device=rows.device)
    inner = _inner(forward)
    if inner is not None:
        given = {
            "decoder_input_ids": ids,
            "encoder_outputs": (rows[None],),
            "use_cache": False,
        }
        with _answering(inner, lambda *_, **__: answer):
            output = forward.model(**given)
    else:
        given = {"input_ids": ids}
        if forward.kind == "encoder-decoder":
            given["decoder_input_ids"] = ids
        # OPT's head asks its trunk's decoder, the others the trunk.
        asked = [forward.trunk, getattr(forward.trunk, "decoder", None)]
        with ExitStack() as stack:
            for module in filter(None, asked):
                stack.enter_context(_answering(module, lambda *_, **__: answer))
            output = forward.model(**given)
    scores: torch.Tensor = output.logits[0]
    return scores.float()


def token_losses(
    forward: Forward,
    batch: Batch,
    answer: Any,
    *,
    ids: torch.Tensor | None = None,
    chunk: int = CHUNK,
) -> torch.Tensor:
    """−ln p of each predicted token (n,), in the order of `predicted`.

    `ids` are the tokens asked for where the batch hides some of them.
    """
    import torch

    places, targets = predicted(forward, batch)
    hidden = answer[0].reshape(-1, answer[0].shape[-1])
    ids = (batch.tokens if ids is None else ids).reshape(-1)
    found = []
    for first in range(0, len(places), chunk):
        at = places[first : first + chunk]
        scores = logits_of(forward, hidden.index_select(0, at), answer)
        wanted = ids[targets[first : first + chunk]]
        found.append(
            torch.nn.functional.cross_entropy(scores, wanted, reduction="none")
        )
    return torch.cat(found) if found else hidden.new_zeros(0)


def before_head(forward: Forward) -> Callable[[torch.Tensor], torch.Tensor]:
    """What lies between the last block and the head: a normalisation, a projection."""
    stack = "decoder" if forward.kind != "encoder" else "encoder"
    modules = dict(forward.model.named_modules())
    steps = [
        modules[path]
        for component in ("final_norm", "embedding_projection")
        for path, at in forward.places.modules.items()
        if at.component == component
        and at.stack in {stack, None}
        and path in modules
        and not path.endswith("project_in")  # of OPT, before the first block
    ]

    def run(rows: torch.Tensor) -> torch.Tensor:
        for step in steps:
            rows = step(rows)
        return rows

    return run


def _inner(forward: Forward) -> nn.Module | None:
    """The decoder of a model that is its own trunk and holds its head, as T5's is."""
    if forward.trunk is not forward.model or forward.kind != "encoder-decoder":
        return None
    found = getattr(forward.model, "decoder", None)
    return found if can_predict(forward) else None


@contextmanager
def _answering(module: nn.Module, answer: Callable[..., Any]) -> Iterator[None]:
    """While open, the module gives this answer; its own forward is back afterwards."""
    module.forward = answer
    try:
        yield
    finally:
        del module.forward
