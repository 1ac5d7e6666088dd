"""Which tensors hold one vector per token, and along which of their sides?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.components import load_components
from pipeline.layout.layout import Layout
from pipeline.refs import TensorRef


@dataclass(frozen=True)
class Embedding:
    """A tensor with a row per token, a column where `is_transposed`."""

    tensor: TensorRef
    is_transposed: bool


def find_embeddings(
    tensors: Sequence[TensorRef], layout: Layout
) -> tuple[Embedding, ...]:
    """Token embeddings and unembeddings of two dimensions, in the order of the file."""
    found = []
    for tensor in tensors:
        location = layout.locate(tensor.name, tensor.shape)
        if (
            load_components()[location.component].tokens
            and len(tensor.shape) == 2
            and not location.is_buffer
            and location.parameter == "weight"
        ):
            n_rows, n_cols = tensor.shape
            known = layout.vocabulary_size
            is_transposed = n_cols == known and n_rows != known
            found.append(Embedding(tensor, is_transposed))
    return tuple(found)
