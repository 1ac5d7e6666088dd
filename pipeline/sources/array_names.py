"""Which files of arrays hold weights, and which data, by their names?

Of the forms below, .npy, .npz and .h5 hold data sets as often as weights: they count
only where nothing else in the folder is a model, or where their names say weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

ArrayFormat = Literal["keras", "onnx", "numpy", "flax"]

ARRAY_FORMATS: dict[str, ArrayFormat] = {
    ".weights.h5": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
    ".keras": "keras",
    ".onnx": "onnx",
    ".npz": "numpy",
    ".npy": "numpy",
    ".msgpack": "flax",
}
_DATA = (".h5", ".hdf5", ".npz", ".npy")
_WEIGHTS = re.compile(r"(.*[._-])?(model|weights?|params?|embeddings?)([._-].*)?")


def without_data(names: Sequence[str]) -> list[str]:
    """The names without arrays that lie beside weights, and .npy of any other name."""
    has_model = any(not name.endswith(_DATA) for name in names)
    return [
        name
        for name in names
        if not name.endswith(_DATA)
        or _WEIGHTS.fullmatch(name)
        or not (has_model or name.endswith(".npy"))
    ]
