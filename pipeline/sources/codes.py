"""Which of an opened checkpoint's tensors are codes of a quantised weight?"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.quantised import recognise
from pipeline.refs import Checkpoint, TensorRef
from pipeline.sources.reader import TensorReader, open_reader

# What states a shape is a line of JSON or two numbers.
_MAX_BYTES = 1 << 16


def see_codes(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint, its codes seen as weights, their scales skipped.

    Only what states the shape of a weight is read. Nothing raises: a weight whose parts
    do not fit says so when it is measured.
    """
    readers: list[TensorReader] = []
    with ExitStack() as stack:

        def read(tensor: TensorRef) -> NDArray[np.uint8]:
            if tensor.n_bytes > _MAX_BYTES:
                raise SourceError(
                    f"{tensor.n_bytes} bytes long, too many for what it should say",
                    where=tensor.name,
                    fix="Download or convert the checkpoint again",
                )
            if not readers:
                readers.append(stack.enter_context(open_reader(checkpoint)))
            out = np.empty(tensor.n_bytes, np.uint8)
            readers[0].read_into(tensor, 0, out)
            return out

        tensors = recognise(checkpoint.tensors, checkpoint.config, read)
    return replace(checkpoint, tensors=tensors)
