"""Which model does a config describe? transformers' class on the meta device.

Only classes that transformers ships are used: remote code that a config names
(`auto_map`) is never run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.structure.module import describe_module
from pipeline.structure.tree import Structure

# More blocks, stages or experts than any network has: without a limit a malformed
# config could take hours.
_MOST_BLOCKS = 2000
_COUNTS = ("layers", "n_layer", "blocks", "depth", "experts")
# Keys about loading or running a model, not about its structure.
_IGNORED = ("auto_map", "quantization_config", "_attn_implementation", "_name_or_path")


def describe_config(config: Mapping[str, Any], *, name: str = "") -> Structure:
    """The tree of the model that a config describes, made without memory.

    Raises SourceError when transformers is missing or cannot make the model.
    """
    module = make_module(config, where=name)
    return describe_module(module, name=name or _title(config), config=config)


def read_config(path: Path) -> dict[str, Any]:
    """The content of config.json; raises SourceError if it is not a JSON object."""
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(
            f"cannot be read as JSON ({error})",
            where=str(path),
            fix="Name a config.json as transformers writes it",
        ) from error
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise SourceError(
            "names no model_type",
            where=str(path),
            fix="Name a config.json as transformers writes it",
        )
    return config


def make_module(config: Mapping[str, Any], *, where: str = "") -> Any:
    """A module of the config's architecture on the meta device.

    The class is the first of `architectures` if transformers has it, else the language
    model of the config's type, else its base model. Raises SourceError as
    `describe_config`.
    """
    cls, made = class_of(config, where=where)
    import torch
    import transformers

    with _explained(where), _quiet(transformers), torch.device("meta"):
        return cls(made)


def class_of(config: Mapping[str, Any], *, where: str = "") -> tuple[Any, Any]:
    """The class that `make_module` makes, and transformers' config for it."""
    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            raise SourceError(
                f"a model is made of its config by {library}, which is not installed",
                where=where,
                fix="pip install transformers torch",
            )
    _refuse_giants(config, where)
    import transformers

    stated = {key: value for key, value in config.items() if key not in _IGNORED}
    with _explained(where), _quiet(transformers):
        made = transformers.AutoConfig.for_model(**stated)
        return _model_class(transformers, made, stated), made


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn any error inside transformers into a SourceError about the config."""
    try:
        yield
    except Exception as error:
        raise SourceError(
            f"transformers makes no model of its config ({_first_line(error)})",
            where=where,
            fix="Check model_type and the sizes against transformers' documentation",
        ) from error


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Silence transformers' warnings on token ids, which do not concern a tree."""
    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)


def _model_class(transformers: Any, made: Any, stated: Mapping[str, Any]) -> Any:
    names = stated.get("architectures")
    name = names[0] if isinstance(names, list) and names else ""
    cls = getattr(transformers, name, None) if isinstance(name, str) and name else None
    if isinstance(cls, type) and issubclass(cls, transformers.PreTrainedModel):
        return cls
    auto = transformers.AutoModelForCausalLM
    known = type(made) in auto._model_mapping  # noqa: SLF001  no public look-up
    mapping = auto if known else transformers.AutoModel
    return mapping._model_mapping[type(made)]  # noqa: SLF001


def _refuse_giants(config: Mapping[str, Any], where: str) -> None:
    for key, value in config.items():
        if isinstance(value, Mapping):
            _refuse_giants(value, where)
        values = value if isinstance(value, list) else [value]
        largest = max((n for n in values if type(n) is int), default=0)
        if largest > _MOST_BLOCKS and any(word in str(key) for word in _COUNTS):
            raise SourceError(
                f"{key} is {largest}: at most {_MOST_BLOCKS} of a kind are made",
                where=where,
                fix="Correct the config",
            )


def _title(config: Mapping[str, Any]) -> str:
    names = config.get("architectures")
    first = names[0] if isinstance(names, list) and names else None
    return str(first or config.get("model_type") or "model")


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return (text or type(error).__name__)[:200]
