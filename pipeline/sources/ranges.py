"""Are the bytes that a reader is asked for those that the headers declared?"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.refs import Checkpoint, TensorRef


def file_sizes(checkpoint: Checkpoint) -> dict[str, int]:
    """Sizes of the weight files as they were when the headers were read."""
    return {stamp.name.rpartition("/")[2]: stamp.n_bytes for stamp in checkpoint.files}


def check_range(tensor: TensorRef, start: int, out: NDArray[np.uint8]) -> None:
    """Raise ValueError for bytes outside the tensor: a mistake of the caller."""
    if out.dtype != np.uint8 or not out.flags.c_contiguous or out.ndim != 1:
        raise ValueError("out must be a contiguous one-dimensional uint8 array")
    if start < 0 or start + len(out) > tensor.n_bytes:
        raise ValueError(
            f"bytes {start} to {start + len(out)} of {tensor.name!r},"
            f" which has {tensor.n_bytes}"
        )


def refuse_changed(path: Path) -> NoReturn:
    """Raise SourceError for a file that is not what its header said."""
    raise SourceError(
        "the file changed while it was being read",
        where=str(path),
        fix="Wait until whatever writes it has finished, then run again",
    )
