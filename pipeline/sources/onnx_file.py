"""Which initializers does an ONNX model hold, in itself or in files beside it?"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.array_file import Array, import_library, leads_out, not_such
from pipeline.sources.files import read_head, refuse_pointer

# TensorProto's names of types, where safetensors has a code.
_CODES = {
    "FLOAT": "F32",
    "DOUBLE": "F64",
    "FLOAT16": "F16",
    "BFLOAT16": "BF16",
    "FLOAT8E4M3FN": "F8_E4M3",
    "FLOAT8E4M3FNUZ": "F8_E4M3FNUZ",
    "FLOAT8E5M2": "F8_E5M2",
    "FLOAT8E5M2FNUZ": "F8_E5M2FNUZ",
    "BOOL": "BOOL",
    **{f"INT{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}


class OnnxFile:
    """`arrays` are initializers and constants of the graph, by name."""

    def __init__(self, path: Path) -> None:
        self._onnx = import_library(path, _import, "onnx")
        self._path = path
        refuse_pointer(path, read_head(path))
        model = self._onnx.load(str(path), load_external_data=False)
        if not model.HasField("graph") or not model.graph.node:
            raise not_such(path, "it holds no graph")
        self.notes: list[str] = []
        self._tensors: dict[str, Any] = {t.name: t for t in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant" and node.output:
                for attribute in node.attribute:
                    if attribute.HasField("t"):
                        self._tensors.setdefault(node.output[0], attribute.t)
        n_sparse = len(model.graph.sparse_initializer)
        if n_sparse:
            self.notes.append(f"{n_sparse} sparse initializers are not read")
        self.arrays = [self._describe(name, t) for name, t in self._tensors.items()]

    def _describe(self, name: str, tensor: Any) -> Array:
        kind = self._onnx.TensorProto.DataType.Name(tensor.data_type)
        code = _CODES.get(kind)
        if self._is_external(tensor):
            self._place(tensor)
        reason = "" if code else "unsupported_dtype"
        return Array(name, name, code or kind, tuple(tensor.dims), reason)

    def _is_external(self, tensor: Any) -> bool:
        return bool(tensor.data_location == self._onnx.TensorProto.EXTERNAL)

    def _place(self, tensor: Any) -> tuple[Path, int, int]:
        """File, offset and length of external data, which lies within the folder."""
        facts = {entry.key: entry.value for entry in tensor.external_data}
        folder = self._path.parent.resolve()
        file = (folder / facts.get("location", "")).resolve()
        if folder not in file.parents:
            location = facts.get("location", "")
            raise leads_out(self._path, f"{tensor.name!r} lies in {location!r}")
        offset, length = int(facts.get("offset", 0)), int(facts.get("length", -1))
        n_bytes = file.stat().st_size
        length = n_bytes - offset if length < 0 else length
        if offset < 0 or offset + length > n_bytes:
            raise not_such(file, f"{tensor.name!r} ends at byte {offset + length}")
        return file, offset, length

    def rows(self, key: str, start: int, stop: int) -> NDArray[Any]:
        tensor = self._tensors[key]
        n_rows = tensor.dims[0] if tensor.dims else 1
        if self._is_external(tensor):
            file, offset, length = self._place(tensor)
            n_row = length // max(n_rows, 1)
            with file.open("rb") as stream:
                stream.seek(offset + start * n_row)
                return np.frombuffer(stream.read((stop - start) * n_row), np.uint8)
        raw = tensor.raw_data
        if not raw:
            values = np.ascontiguousarray(self._onnx.numpy_helper.to_array(tensor))
            raw = values.tobytes()
        n_row = len(raw) // max(n_rows, 1)
        if prod(tensor.dims) and not raw:
            raise EOFError(f"{key} has no values")
        return np.frombuffer(raw, np.uint8)[start * n_row : stop * n_row]

    def close(self) -> None:
        self._tensors = {}


def _import() -> Any:
    import onnx
    import onnx.numpy_helper

    return onnx
