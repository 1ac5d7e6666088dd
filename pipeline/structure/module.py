"""What is a torch module made of? Its state dict as a tree; no value is read.

A module on the meta device has shapes but no memory, so that a module of any size is
described in the time that it takes to make it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.layout import identify
from pipeline.refs import TensorRef
from pipeline.structure.grow import grow, sizes_of
from pipeline.structure.tree import Structure, Tensor

if TYPE_CHECKING:
    from torch import nn


def describe_module(
    module: nn.Module, *, name: str = "", config: Mapping[str, Any] | None = None
) -> Structure:
    """The tree of a module: its parameters and the buffers that its state dict holds.

    An empty `name` stands for the class's name. `config` has the form of config.json;
    by default it is the module's own, if it has one as modules of transformers do. A
    parameter with several names is tied and counts under its first name.
    """
    stated = _own_config(module) if config is None else dict(config)
    entries = list(_entries(module))
    refs = [_ref(key, value) for key, value, _ in entries]
    layout = identify(refs, stated)
    chains = class_chains(module)
    first_names: dict[int, str] = {}
    tensors = []
    for ref, (key, value, is_parameter) in zip(refs, entries, strict=True):
        first = first_names.setdefault(id(value), key)
        location = layout.locate(key, ref.shape)
        tensors.append(
            Tensor(
                key,
                ref.dtype,
                ref.shape,
                location,
                ref.n_bytes,
                is_trainable=is_parameter and bool(value.requires_grad),
                alias_of="" if first == key else first,
                is_tied=first != key,
                reason="" if is_parameter or location.is_buffer else "buffer",
                classes=chains.get(key.rpartition(".")[0], ()),
            )
        )
    class_name = type(module).__name__
    return Structure(
        name or class_name,
        layout.family,
        grow(tensors),
        architecture=class_name,
        sizes=sizes_of(layout),
        config=stated,
    )


def class_chains(module: nn.Module) -> Mapping[str, tuple[str, ...]]:
    """For every module by path its class and those around it, innermost first.

    Classes have full names, such as `torch.nn.modules.linear.Linear`; lists and
    dictionaries of modules are skipped.
    """
    from torch import nn

    containers = (nn.ModuleList, nn.ModuleDict, nn.Sequential)
    chains: dict[str, tuple[str, ...]] = {}
    for path, one in module.named_modules():
        around = chains.get(path.rpartition(".")[0], ()) if path else ()
        own = () if isinstance(one, containers) else (_full_name(type(one)),)
        chains[path] = (*own, *around)
    return chains


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _entries(module: nn.Module) -> Iterator[tuple[str, Any, bool]]:
    """Name, tensor and whether it is a parameter, in the order of the state dict."""
    saved = module.state_dict(keep_vars=True)
    parameters = dict(module.named_parameters(remove_duplicate=False))
    for key, value in saved.items():
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            yield key, value, key in parameters


def _ref(key: str, value: Any) -> TensorRef:
    from pipeline.sources.torch_names import TORCH_CODES

    dtype = str(value.dtype).removeprefix("torch.")
    shape = tuple(int(size) for size in value.shape)
    n_bytes = int(value.numel() * value.element_size())
    return TensorRef(key, TORCH_CODES.get(dtype, dtype), shape, "", n_bytes)


def _own_config(module: Any) -> dict[str, Any]:
    config = getattr(module, "config", None)
    to_dict = getattr(config, "to_dict", None)
    return dict(to_dict()) if callable(to_dict) else {}
