"""How does a checkpoint become a model that runs? By our own reading of its bytes.

transformers makes the class that the config names and is given the tensors that the
sources read: no pickle is trusted, no code of a repository runs, codes of quantised
weights arrive decoded, and an adapter is added to its base on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import SourceError, UsageError
from pipeline.probes.states import add_adapter, read_state, some
from pipeline.refs import Checkpoint, CheckpointSource
from pipeline.require import require
from pipeline.sources import discover, open_checkpoint
from pipeline.structure.config import class_of

if TYPE_CHECKING:
    from torch import nn

DType = Literal["float32", "bfloat16", "float16", "float64"]
_TOKENIZER_FILES = (
    *("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model"),
)


@dataclass(frozen=True)
class Loaded:
    """A model in memory: `tokenizer` is None where there is none beside the weights."""

    model: nn.Module
    tokenizer: Any | None
    checkpoint: Checkpoint
    notes: tuple[str, ...] = ()

    @property
    def vocabulary_size(self) -> int:
        config: Any = self.model.config
        found = config.get_text_config().vocab_size
        return int(found)

    @property
    def max_positions(self) -> int | None:
        """How many positions the model has; None where there is no bound."""
        config: Any = self.model.config
        text = config.get_text_config()
        found = getattr(text, "max_position_embeddings", None)
        return int(found) if isinstance(found, int) and found > 0 else None


def load_model(
    source: CheckpointSource,
    *,
    dtype: DType = "float32",
    device: str = "cpu",
    local_files_only: bool = False,
) -> Loaded:
    """The model of a checkpoint, ready to run, with its tokenizer where it has one.

    Raises SourceError where transformers makes no model of the config, or the weights
    are not those that the config asks for.
    """
    for module in ("torch", "transformers"):
        require(module, extra="demo", what="running a model")
    import torch

    checkpoint = open_checkpoint(source, local_files_only=local_files_only)
    base, adapter = _base_of(checkpoint, local_files_only=local_files_only)
    if not base.config.get("model_type"):
        raise SourceError(
            "no config.json beside the weights names a model_type",
            where=source.location,
            fix="Put the model's config.json beside its weights",
        )
    cls, config = class_of(base.config, where=source.location)
    state, notes = read_state(base)
    if adapter is not None:
        notes += add_adapter(adapter, state)
    kind = getattr(torch, dtype)
    model, missing = _make(cls, config, state, kind, base)
    if device != "cpu" and not torch.cuda.is_available():
        raise UsageError(
            f"device {device} is asked for, and there is no such device here",
            fix="Leave --device out, or give cpu",
        )
    model = model.to(device).eval()
    return Loaded(
        model, _find_tokenizer(base, local_files_only), base, (*notes, *missing)
    )


def _base_of(
    checkpoint: Checkpoint, *, local_files_only: bool
) -> tuple[Checkpoint, Checkpoint | None]:
    """The checkpoint itself, or an adapter's base and the adapter."""
    if checkpoint.kind != "adapter":
        return checkpoint, None
    where = checkpoint.source.location
    name = checkpoint.base_model
    if not name:
        raise SourceError(
            "is an adapter, and does not say of which model",
            where=where,
            fix="Name its base in base_model_name_or_path of adapter_config.json",
        )
    found = discover(name, local_files_only=local_files_only)
    if len(found) != 1:
        raise SourceError(
            f"its base {name!r} stands for {len(found)} checkpoints",
            where=where,
            fix="Name one checkpoint in base_model_name_or_path",
        )
    base = open_checkpoint(found[0], local_files_only=local_files_only)
    if base.kind == "adapter":
        raise SourceError(
            f"its base {name!r} is an adapter too",
            where=where,
            fix="Merge the lower adapter first",
        )
    return base, checkpoint


def _make(
    cls: Any, config: Any, state: Mapping[str, Any], dtype: Any, checkpoint: Checkpoint
) -> tuple[nn.Module, tuple[str, ...]]:
    """The class with these tensors in it, and notes of what it had no use for."""
    where = checkpoint.source.location
    try:
        with quiet_transformers():
            model, info = cls.from_pretrained(
                None,
                config=config,
                state_dict=dict(state),
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                local_files_only=True,
                trust_remote_code=False,
            )
    # Whatever a config breaks inside transformers comes out as its own error.
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).partition("\n")[0][:200]
        raise SourceError(
            f"transformers makes no {cls.__name__} of it ({first})",
            where=where,
            fix="Check config.json against the weights",
        ) from error
    odd = sorted(str(one) for one in info.get("mismatched_keys", ()))
    if odd:
        raise SourceError(
            f"config and weights disagree on the shapes of {some(odd)}",
            where=where,
            fix="Put the config.json of these very weights beside them",
        )
    missing = sorted(info.get("missing_keys", ()))
    if missing:
        raise SourceError(
            f"{cls.__name__} has weights that are not there: {some(missing)}",
            where=where,
            fix="Check architectures and the number of layers in config.json",
        )
    unused = sorted(info.get("unexpected_keys", ()))
    return model, (f"no use for: {some(unused)}",) if unused else ()


def may_have_tokenizer(checkpoint: Checkpoint) -> bool:
    """Whether a tokenizer lies beside the weights, or may on the hub."""
    folder = Path(checkpoint.folder)
    return checkpoint.source.kind == "hub" or _has_tokenizer_file(folder)


def _has_tokenizer_file(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def _find_tokenizer(checkpoint: Checkpoint, local_files_only: bool) -> Any | None:
    """The tokenizer beside the weights, of a hub checkpoint that of its commit."""
    import transformers

    folder = Path(checkpoint.folder)
    is_beside = _has_tokenizer_file(folder)
    if not is_beside and checkpoint.source.kind != "hub":
        return None
    place: dict[str, Any] = {"pretrained_model_name_or_path": folder}
    if not is_beside:
        place = {
            "pretrained_model_name_or_path": checkpoint.source.location.partition("@")[
                0
            ],
            "revision": checkpoint.commit,
        }
    try:
        with quiet_transformers():
            return transformers.AutoTokenizer.from_pretrained(
                **place,
                local_files_only=local_files_only or is_beside,
                trust_remote_code=False,
            )
    except (OSError, ValueError, KeyError, ImportError) as error:
        if not is_beside:
            return None
        raise SourceError(
            f"its tokenizer cannot be read ({str(error).partition(chr(10))[0][:160]})",
            where=str(folder),
            fix="Put the tokenizer's own files beside the weights, or take them away",
        ) from error


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Without the advice and the progress bars of transformers."""
    import transformers

    logging: Any = transformers.utils.logging
    before = logging.get_verbosity()
    had_bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if had_bars:
            logging.enable_progress_bar()
