"""Which tensors do real models have? Pico models of each family, made by transformers.

`make_tiny_model("llama")` returns the family's config as a plain dict, as config.json
holds it, and the state dict of a freshly initialised model. Nothing is downloaded;
torch and transformers are imported at the call.
"""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.refs import TensorRef
from tests.tiny_configs.decoders import DECODERS
from tests.tiny_configs.encoders import ENCODERS

# name: (config class, model class, arguments of the config)
TINY_MODELS = DECODERS | ENCODERS


@dataclass(frozen=True)
class TinyModel:
    """A pico model: its config as config.json has it, its module, its state dict."""

    name: str
    config: dict[str, Any]
    state: dict[str, Any] = field(repr=False)
    module: Any = field(repr=False)

    def tensors(self) -> tuple[TensorRef, ...]:
        return tuple(ref_of(name, value.shape) for name, value in self.state.items())

    def array(self, name: str) -> np.ndarray:
        return self.state[name].detach().numpy()


def ref_of(name: str, shape: tuple[int, ...], dtype: str = "F32") -> TensorRef:
    shape = tuple(int(size) for size in shape)
    n_bytes = 4 * int(np.prod(shape))
    return TensorRef(name, dtype, shape, "model.safetensors", n_bytes)


def make_tiny_model(name: str) -> TinyModel:
    """A seeded pico model of the family; a test may change its own."""
    model = _made(name)
    module = copy.deepcopy(model.module)
    config = copy.deepcopy(model.config)
    return replace(model, config=config, state=module.state_dict(), module=module)


@cache
def _made(name: str) -> TinyModel:
    """The model as it is made once in a process."""
    import torch
    import transformers

    config_class, model_class, arguments = TINY_MODELS[name]
    torch.manual_seed(0)
    config = getattr(transformers, config_class)(**arguments)
    module = getattr(transformers, model_class)(config).eval()
    config.architectures = [model_class]
    return TinyModel(name, config.to_dict(), module.state_dict(), module)


def saved_tensors(model: TinyModel, folder: Path) -> tuple[TensorRef, ...]:
    """The tensors of the file that `save_pretrained` writes into `folder`."""
    model.module.save_pretrained(folder)
    with (folder / "model.safetensors").open("rb") as file:
        (n_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(n_bytes))
    header.pop("__metadata__", None)
    return tuple(
        ref_of(name, entry["shape"], entry["dtype"]) for name, entry in header.items()
    )
