"""How is a model run on a probe set? Batch by batch, reduced on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.probes.activations import ActivationReducer
from pipeline.probes.attention.punctuation import punctuation_of
from pipeline.probes.attention.reducer import AttentionReducer
from pipeline.probes.batch import Batch
from pipeline.probes.blocks import BlockReducer, RouterReducer
from pipeline.probes.capture import Closing, Forward, Reducer, capturing
from pipeline.probes.fitting import run_all
from pipeline.probes.head import (
    CHUNK,
    can_predict,
    last_states,
    predicted,
    token_losses,
)
from pipeline.probes.lens import LensReducer, SimilarityReducer
from pipeline.probes.load import DType
from pipeline.probes.losses import DocumentLosses
from pipeline.probes.neuron_effects import NeuronEffects, join_neurons
from pipeline.probes.probe_set import TokenSet, make_batches
from pipeline.probes.site_rows import join_blocks, name_tokens

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class ProbeParameters:
    """What decides the rows, beside model and probe set; goes into their stamp.

    `batch_tokens` are the places of a batch at most; `head_chunk` the positions whose
    logits are there at once. `lens` and `cka` ask for the logit lens and for the
    similarity of layers, which cost a head per layer and products of all layers;
    `skips` for the loss without each block, two forwards for each. `attention` asks
    for what each head looks at; `gradients` and `ablation` for what the loss owes to
    each head and neuron, which cost a backward pass each, and to each head by a forward
    per head.
    """

    dtype: DType = "float32"
    batch_tokens: int = 2048
    head_chunk: int = CHUNK
    lens: bool = True
    cka: bool = True
    attention: bool = True
    gradients: bool = False
    ablation: bool = False
    window: int = 0
    stride: int = 0
    skips: bool = False


@dataclass
class Ran:
    """Rows by table, how many tokens, and what had to be done otherwise."""

    tables: Tables
    n_tokens: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """What a run uses and its rows do not depend on.

    `tokenizer` spells tokens in rows; `progress` is given the tokens of each batch.
    """

    tokenizer: Any | None = None
    threads: int = 1
    memory_bytes: int = 1 << 29
    progress: Callable[[int], None] | None = None


def run_probe(
    forward: Forward,
    tokens: TokenSet,
    parameters: ProbeParameters,
    around: Surroundings = Surroundings(),
) -> Ran:
    """Run every window once; rows of all tables, without whose they are.

    Where memory runs out the batches are halved, down to a window at a time, and then
    the processor is used; `notes` say so.
    """
    losses = DocumentLosses(tokens)
    reducers = _reducers(forward, tokens, parameters, around)
    notes: list[str] = []
    has_head = can_predict(forward)

    def run(batch: Batch) -> None:
        answer = _observe(forward, batch, reducers)
        if has_head:
            found = token_losses(forward, batch, answer, chunk=parameters.head_chunk)
            losses.add(forward, batch, found, predicted(forward, batch)[1])
        for one in reducers:
            if isinstance(one, Closing):
                one.close(batch, answer)
        if around.progress is not None:
            around.progress(batch.n_counted)

    batches = make_batches(tokens, n_tokens=parameters.batch_tokens)
    run_all(forward, batches, run, notes)
    tables = _tables(reducers, tokens, around)
    tables["probe_documents"] = losses.rows()
    tables["probe_sets"] = [_set_row(forward, tokens, losses) | _captured(reducers)]
    return Ran(tables, tokens.n_tokens, notes)


def _tables(
    reducers: Sequence[Reducer], tokens: TokenSet, around: Surroundings
) -> Tables:
    """The rows of all reducers, with their tokens spelled."""
    tables: Tables = {}
    for one in reducers:
        for name, rows in one.finish().items():
            tables.setdefault(name, []).extend(dict(row) for row in rows)
    join_blocks(tables)
    join_neurons(tables)
    spell = speller(around.tokenizer)
    name_tokens(tables["neurons"], tokens, spell)
    for row in tables["token_activations"]:
        row["token"] = spell([row["token_id"]])
    for row in tables["block_activations"]:
        ids = row.pop("lens_top_ids", None)
        row["lens_top_tokens"] = [spell([one]) for one in ids] if ids else None
    return tables


def _reducers(
    forward: Forward,
    tokens: TokenSet,
    parameters: ProbeParameters,
    around: Surroundings,
) -> list[Any]:
    config: Any = forward.model.config
    vocabulary_size = int(config.get_text_config().vocab_size)
    k = next(
        (
            int(getattr(config, name))
            for name in ("num_experts_per_tok", "moe_topk", "top_k_experts")
            if isinstance(getattr(config, name, None), int)
        ),
        1,
    )
    found: list[Any] = [
        ActivationReducer(
            tokens, vocabulary_size=vocabulary_size, threads=around.threads
        ),
        BlockReducer(),
        RouterReducer(k),
    ]
    if parameters.lens and can_predict(forward):
        found.append(LensReducer(forward, chunk=parameters.head_chunk))
    if parameters.cka:
        found.append(SimilarityReducer(forward, memory_bytes=around.memory_bytes // 4))
    if parameters.attention:
        marks = punctuation_of(tokens, around.tokenizer)
        found.append(AttentionReducer(marks, asked=parameters))
    if parameters.gradients:
        found.append(NeuronEffects(forward))
    return found


def _observe(forward: Forward, batch: Batch, reducers: Sequence[Reducer]) -> Any:
    import torch

    with torch.no_grad(), capturing(forward, batch, reducers):
        return last_states(forward, batch)


def speller(tokenizer: Any | None) -> Callable[[list[int]], str]:
    """From numbers of tokens to text; bytes without a tokenizer."""

    def spell(ids: list[int]) -> str:
        if tokenizer is not None:
            return str(tokenizer.decode(ids, skip_special_tokens=False))
        try:
            return bytes(ids).decode("utf-8", "replace")
        except ValueError:  # numbers that are no bytes
            return " ".join(map(str, ids))

    return spell


def _captured(reducers: Sequence[Any]) -> Row:
    """How attentions were seen, where they were asked for."""
    for one in reducers:
        if isinstance(one, AttentionReducer):
            return {"attention_capture": one.capture}
    return {}


def _set_row(forward: Forward, tokens: TokenSet, losses: DocumentLosses) -> Row:
    import torch

    return {
        "probe_set": tokens.probe_set.name,
        "probe_digest": tokens.probe_set.digest,
        "tokens_digest": tokens.digest,
        "kind": forward.kind,
        "tokenizer": tokens.tokenizer,
        "window": tokens.window,
        "stride": tokens.stride,
        "n_documents": len(tokens.documents),
        "n_windows": len(tokens.windows),
        "n_tokens": tokens.n_tokens,
        "device": forward.device.type,
        "dtype": str(next(forward.model.parameters()).dtype).removeprefix("torch."),
        "torch": torch.__version__.partition("+")[0],
    } | losses.total()
