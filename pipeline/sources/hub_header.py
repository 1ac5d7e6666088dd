"""Which tensors does a hub model hold? Its headers are read, its weights stay there.

The hub's library asks for the first bytes of each safetensors file; config.json comes
whole. Other formats have no header of their own that could be read so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.refs import Checkpoint, CheckpointSource, ModelRef, TensorRef
from pipeline.sources.hub import list_hub_files
from pipeline.sources.hub_calls import ask, import_hub
from pipeline.sources.model_config import ADAPTER_CONFIG, MODEL_CONFIG


def read_hub_headers(source: CheckpointSource) -> Checkpoint:
    """A hub checkpoint as `open_checkpoint` gives it, at some KB of each file.

    `folder` is empty: nothing is there to read values from. Raises SourceError when
    the hub refuses, or its weights are no safetensors.
    """
    files = list_hub_files(source)
    commit = files[0].name.partition("/")[0]
    names = [stamp.name.partition("/")[2] for stamp in files]
    weights = [name for name in names if name.endswith(".safetensors")]
    if not weights:
        raise SourceError(
            "only safetensors list their tensors without being fetched",
            where=source.location,
            fix="Measure it with weightlake extract, or name a config.json",
        )
    tensors = tuple(
        tensor for name in weights for tensor in _list_tensors(source, name, commit)
    )
    config_name = next((n for n in (MODEL_CONFIG, ADAPTER_CONFIG) if n in names), None)
    is_adapter = config_name == ADAPTER_CONFIG
    return Checkpoint(
        source=source,
        folder="",
        format="safetensors",
        files=files,
        tensors=tensors,
        kind="adapter" if is_adapter else "model",
        commit=commit,
        config=_read_config(source, config_name, commit) if config_name else {},
        notes=("only its headers were read: quantised weights are seen as codes",),
    )


def _list_tensors(source: CheckpointSource, name: str, commit: str) -> list[TensorRef]:
    model = ModelRef.parse(source.location).model
    hub = import_hub(source.location)
    header = ask(
        source.location,
        lambda: hub.HfApi().parse_safetensors_file_metadata(
            model, name, revision=commit
        ),
    )
    tensors = [
        TensorRef(
            tensor_name,
            info.dtype,
            tuple(info.shape),
            name,
            info.data_offsets[1] - info.data_offsets[0],
            info.data_offsets[0],
        )
        for tensor_name, info in header.tensors.items()
    ]
    return sorted(tensors, key=lambda tensor: (tensor.offset, tensor.name))


def _read_config(source: CheckpointSource, name: str, commit: str) -> dict[str, Any]:
    model = ModelRef.parse(source.location).model
    hub = import_hub(source.location)
    path = ask(
        source.location, lambda: hub.hf_hub_download(model, name, revision=commit)
    )
    try:
        config = json.loads(Path(path).read_bytes())
    except ValueError:
        return {}  # as for a folder: weights can be recognised without a config
    return config if isinstance(config, dict) else {}
