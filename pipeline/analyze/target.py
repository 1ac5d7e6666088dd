"""Which number of a model's answer are its tokens held responsible for?

A decoder: the log-probability of the token that it finds likeliest after the text. An
encoder, or a model without a head: how far the mean of its last states lies in the
direction in which it lies on the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.probes.capture import Forward
from pipeline.probes.head import can_predict, last_states, logits_of

if TYPE_CHECKING:
    import torch

    from pipeline.probes.batch import Batch


@dataclass(frozen=True)
class Target:
    """`value(embeddings)` is (n,) of embeddings (n, T, d) in the place of the text's.

    `word` names it: `next_token` or `direction`. `token_id` is the next token.
    """

    word: str
    embeddings: torch.Tensor
    value: Callable[[torch.Tensor], torch.Tensor] = field(repr=False)
    token_id: int | None = None


def find_target(forward: Forward, batch: Batch) -> Target | None:
    """The target of a batch of one text; None where the model takes no tokens."""
    import torch

    table = embedding_table(forward)
    if table is None:
        return None
    kept: list[torch.Tensor] = []
    handle = table.register_forward_hook(lambda _m, _i, out: kept.append(out))
    try:
        with torch.no_grad():
            answer = last_states(forward, batch)
    finally:
        handle.remove()
    embeddings = kept[0].detach()
    if forward.kind == "decoder" and can_predict(forward):
        with torch.no_grad():
            scores = logits_of(forward, answer[0][0, -1:], answer)
        token = int(scores[0].argmax())

        def log_probability(given: torch.Tensor) -> torch.Tensor:
            states = _run(forward, batch, table, given)
            last = logits_of(forward, states[0][:, -1], states)
            return last.log_softmax(-1)[:, token]

        return Target("next_token", embeddings, log_probability, token)
    whole = answer[0][0].mean(0).detach()
    axis = whole / whole.norm().clamp(min=1e-12)

    def along(given: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = _run(forward, batch, table, given)[0]
        found: torch.Tensor = states.mean(1) @ axis
        return found

    return Target("direction", embeddings, along)


def embedding_table(forward: Forward) -> Any | None:
    """The module that makes vectors of tokens, of an encoder-decoder its encoder's."""
    if forward.kind == "module":
        return None
    model: Any = forward.model
    if forward.kind == "encoder-decoder":
        model = model.get_encoder()
    get = getattr(model, "get_input_embeddings", lambda: None)
    return get()


def _run(forward: Forward, batch: Batch, table: Any, given: torch.Tensor) -> Any:
    """The last states of rows of the same tokens with these embeddings."""
    wide = _repeat(batch, len(given))
    with _embedding(table, given):
        return last_states(forward, wide)


def _repeat(batch: Batch, n: int) -> Batch:
    from dataclasses import replace

    return replace(
        batch,
        tokens=batch.tokens.expand(n, -1),
        mask=batch.mask.expand(n, -1),
        counted=batch.counted.expand(n, -1),
        positions=batch.positions.expand(n, -1),
    )


@contextmanager
def _embedding(table: Any, given: torch.Tensor) -> Iterator[None]:
    """While open, the first call of the embedding table answers with `given`.

    BART calls it again for its decoder, whose tokens stay.
    """
    is_done: list[bool] = []

    def answer(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        if is_done:
            return output
        is_done.append(True)
        return given.to(output.dtype)

    handle = table.register_forward_hook(answer)
    try:
        yield
    finally:
        handle.remove()
