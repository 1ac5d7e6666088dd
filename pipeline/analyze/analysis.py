"""How is one text analysed? A run for statistics, one for pairs, then gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.analyze import tables
from pipeline.analyze.answers import (
    finite,
    heads_table,
    layers_table,
    neurons_table,
    pairs_table,
)
from pipeline.analyze.asked import Asked
from pipeline.analyze.importance import Importance, token_importance
from pipeline.analyze.pairs import Weights, pair_weights, rollout
from pipeline.analyze.target import Target, embedding_table, find_target
from pipeline.probes.head import can_predict, last_states, predicted, token_losses
from pipeline.probes.probe_set import TokenSet, make_batches, tokenise
from pipeline.probes.run import ProbeParameters, Surroundings, run_probe, speller
from pipeline.probes.texts import ProbeSet

if TYPE_CHECKING:
    import torch

    from pipeline.probes.batch import Batch
    from pipeline.probes.capture import Forward
    from pipeline.probes.load import Loaded

_VOCABULARY_PART = 4096


@dataclass(frozen=True)
class Analysis:
    """What a model does with a text: tables by name, and what they cannot hold.

    `tables` are tokens, heads, pairs, layers, neurons, those that were asked for.
    `weights` (H, T, S) by attention are there for short texts alone. `target` names the
    number that importance is about, `target_token` the next token if it is that.
    """

    tables: Mapping[str, pa.Table]
    tokens: tuple[str, ...]
    weights: Weights
    loss: float | None
    target: str = ""
    target_token: str = ""
    importance: Importance | None = None
    notes: tuple[str, ...] = ()


def analyze_text(
    loaded: Loaded,
    forward: Forward,
    text: str,
    *,
    asked: Asked,
    around: Surroundings,
) -> Analysis:
    """Everything that is asked about a text.

    Raises SourceError where the tokenizer makes no token of it.
    """
    tokens = tokenise(
        ProbeSet("text", (text,)),
        loaded.tokenizer,
        vocabulary_size=loaded.vocabulary_size,
        max_positions=loaded.max_positions,
        pad=getattr(loaded.model.config, "pad_token_id", None),
    )
    ran = run_probe(forward, tokens, ProbeParameters(cka=False), around)
    spell = speller(around.tokenizer)
    spelled = tuple(spell([int(one)]) for one in tokens.documents[0])
    is_short = len(tokens.windows) == 1 and tokens.n_tokens <= asked.most_tokens
    notes = [*loaded.notes, *ran.notes]
    weights: Weights = {}
    target = importance = None
    columns = _columns(tokens, spelled)
    if is_short:
        (batch,) = make_batches(tokens, n_tokens=tokens.n_tokens)
        batch = batch.to(forward.device)
        columns["loss"] = _losses(forward, batch)
        if asked.looks_at_pairs:
            weights = pair_weights(forward, batch)
        if "importance" in asked.methods:
            target = find_target(forward, batch)
            importance = _importance(forward, target, notes)
            columns |= _shares(importance, forward, rollout(weights))
    elif asked.looks_at_pairs:
        notes.append(
            f"{tokens.n_tokens} tokens: weights of single pairs and importance of "
            f"single tokens are there up to {asked.most_tokens}, and in one window"
        )
    made = {"tokens": pa.table(columns, schema=tables.TOKENS)}
    if "head_patterns" in asked.methods:
        made["heads"] = heads_table(ran.tables["attention_heads"])
    if "attention" in asked.methods:
        made["pairs"] = pairs_table(weights, spelled)
    if "activations" in asked.methods:
        made["layers"] = layers_table(ran.tables["block_activations"])
        made["neurons"] = neurons_table(ran.tables["neurons"])
    word = target.word if target is not None else ""
    token = target.token_id if target is not None else None
    return Analysis(
        made,
        spelled,
        weights,
        ran.tables["probe_sets"][0].get("loss"),
        word,
        "" if token is None else spell([token]),
        importance,
        tuple(notes),
    )


def _columns(tokens: TokenSet, spelled: Sequence[str]) -> dict[str, list[Any]]:
    ids = tokens.documents[0].tolist()
    empty: list[Any] = [None] * len(ids)
    unknown = (
        *("loss", "gradient_x_input", "integrated_gradients", "occlusion", "rollout"),
    )
    known = {"position": list(range(len(ids))), "token": list(spelled), "token_id": ids}
    return known | dict.fromkeys(unknown, empty)


def _losses(forward: Forward, batch: Batch) -> list[float | None]:
    """−ln p of each token in nats, null where nothing predicts it."""
    import torch

    found: list[float | None] = [None] * batch.tokens.shape[1]
    if not can_predict(forward):
        return found
    with torch.no_grad():
        losses = token_losses(forward, batch, last_states(forward, batch)).tolist()
    for place, loss in zip(predicted(forward, batch)[1].tolist(), losses, strict=True):
        found[place] = loss
    return found


def _importance(
    forward: Forward, target: Target | None, notes: list[str]
) -> Importance | None:
    if target is None:
        notes.append("no importance: the model takes no tokens through embeddings")
        return None
    found = token_importance(target, mean_embedding(forward))
    if found.completeness_error > 0.05:  # a twentieth: what a reader would still see
        notes.append(
            f"integrated gradients miss {100 * found.completeness_error:.0f} % of the "
            f"difference with {found.n_steps} points"
        )
    return found


def mean_embedding(forward: Forward) -> torch.Tensor:
    """(d,), the mean over the vocabulary of what enters the first block as a token."""
    import torch

    table: Any = embedding_table(forward)
    n = int(table.weight.shape[0])
    total = 0.0
    with torch.no_grad():
        for first in range(0, n, _VOCABULARY_PART):
            last = min(first + _VOCABULARY_PART, n)
            ids = torch.arange(first, last, device=forward.device)
            total = total + table(ids).double().sum(0)
    return total / n  # type: ignore[return-value]  # a tensor after the first part


def _shares(
    importance: Importance | None, forward: Forward, joined: np.ndarray | None
) -> dict[str, list[Any]]:
    """The columns of importance; rollout is that into the place of the answer."""
    found: dict[str, list[Any]] = {}
    if importance is not None:
        for name in ("gradient_x_input", "integrated_gradients", "occlusion"):
            found[name] = [finite(one) for one in getattr(importance, name).tolist()]
    if joined is not None:
        is_last = forward.kind == "decoder"
        found["rollout"] = (joined[-1] if is_last else joined.mean(axis=0)).tolist()
    return found
