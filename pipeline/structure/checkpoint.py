"""What is a checkpoint made of? Read from its headers, without weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.components import load_components
from pipeline.layout import Location, identify
from pipeline.refs import Checkpoint, TensorRef
from pipeline.structure.grow import grow, sizes_of
from pipeline.structure.tree import Structure, Tensor


def describe_checkpoint(checkpoint: Checkpoint) -> Structure:
    """The tree of a checkpoint from its headers.

    Every weight that is not a buffer counts as trainable, as no config says otherwise.
    A quantised weight has the shape of its values, with a note of its coding.
    """
    layout = identify(checkpoint.tensors, checkpoint.config)
    located = [layout.locate(one.name, one.shape) for one in checkpoint.tensors]
    tied = _find_tied(checkpoint, located)
    tensors = [
        _describe(tensor, location, tied)
        for tensor, location in zip(checkpoint.tensors, located, strict=True)
    ]
    ref = checkpoint.source.ref
    return Structure(
        ref.model,
        layout.family,
        grow(tensors),
        revision=ref.revision,
        architecture=architecture_of(checkpoint.config),
        kind=checkpoint.kind,
        source=checkpoint.source.location,
        sizes=sizes_of(layout),
        config=checkpoint.config,
        notes=checkpoint.all_notes,
    )


def architecture_of(config: Mapping[str, object]) -> str:
    """The class that a config names first; empty if it names none."""
    names = config.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else ""


def _describe(tensor: TensorRef, location: Location, tied: Mapping[str, str]) -> Tensor:
    coded = tensor.quantised
    return Tensor(
        tensor.name,
        coded.scheme if coded else tensor.dtype,
        tensor.shape,
        location,
        tensor.stored.n_bytes,
        is_trainable=not location.is_buffer,
        alias_of=tied.get(tensor.name, ""),
        is_tied=tensor.name in tied,
        reason=tensor.skip_reason,
    )


def _find_tied(
    checkpoint: Checkpoint, located: Sequence[Location]
) -> Mapping[str, str]:
    """Names of tensors that are the same parameter as an earlier one.

    Shared storage is visible in the header; only the config says whether a saved
    unembedding is tied to the embedding.
    """
    tied = {t.name: t.shared_with for t in checkpoint.tensors if t.shared_with}
    if checkpoint.config.get("tie_word_embeddings") is not True:
        return tied
    ends: dict[tuple[int, ...], str] = {}
    for tensor, location in zip(checkpoint.tensors, located, strict=True):
        is_end = load_components()[location.component].tokens
        if is_end and location.parameter == "weight" and len(tensor.shape) == 2:
            first = ends.setdefault(tensor.shape, tensor.name)
            if first != tensor.name:
                tied.setdefault(tensor.name, first)
    return tied
