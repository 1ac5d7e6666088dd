"""What are we talking about? Names of models, checkpoints and tensors, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

from pipeline.errors import UsageError

DEFAULT_REVISION = "main"

# What a checkpoint holds of its weights beside them, and may be measured instead.
Copies = Literal["", "ema", "master"]

# What stands in the place of a model or revision where a table holds what is nobody's:
# schemas, compacted files, the logs of whole series. No checkpoint is called so.
SCHEMA, COMPACTED, OF_SERIES = "__schema__", "__compacted__", "__series__"
RESERVED_LABELS = frozenset({SCHEMA, COMPACTED, OF_SERIES})


@dataclass(frozen=True, order=True)
class ModelRef:
    """`model@revision`: a hub id or local label, and a git ref or checkpoint label."""

    model: str
    revision: str = DEFAULT_REVISION

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Read `model` or `model@revision`; the last `@` divides.

        Raises UsageError when either side is empty.
        """
        model, at, revision = text.rpartition("@")
        if not at:
            model, revision = text, DEFAULT_REVISION
        if not model or not revision:
            raise UsageError(
                f"{text!r} is not a model reference",
                fix="Write it as model or model@revision",
            )
        return cls(model, revision)

    def __str__(self) -> str:
        return f"{self.model}@{self.revision}"


@dataclass(frozen=True)
class CheckpointSource:
    """Where one checkpoint lies and what it will be called; nothing is opened yet.

    `location` is a file or folder for `local`, `org/name@revision` for `hub`; for
    `rows` it is a file of what someone else measured of the checkpoint.
    `series` is the training run's name and `step` its optimiser step, when known.
    `copies` (averages, an optimizer's) are to be measured in the weights' place.
    """

    ref: ModelRef
    location: str
    kind: Literal["local", "hub", "rows"] = "local"
    series: str | None = None
    step: int | None = None
    copies: Copies = ""


@dataclass(frozen=True)
class FileStamp:
    """A file as it was seen: `name` is relative to the checkpoint's folder."""

    name: str
    n_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class TensorRef:
    """One tensor as its header declares it; no value is read.

    `dtype` is the safetensors code (`F32`, `BF16`, `F8_E4M3`, …). `offset` counts bytes
    from the start of `file` where the format has one, else it is 0. A non-empty
    `skip_reason` says why its values are not to be measured (`optimizer_state`, …);
    with `is_side` it is part of what codes mean, such as their scales.
    `shared_with` names the earlier tensor whose storage this one shares, if any;
    `pieces` are the parts of a tensor that lies in several files.
    Where `quantised` is set, dtype, shape and bytes are those of the decoded values,
    and `stored` is what the header declares.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: str
    n_bytes: int
    offset: int = 0
    skip_reason: str = ""
    is_side: bool = False
    shared_with: str = ""
    pieces: Pieces | None = None
    quantised: Quantised | None = None

    @property
    def n_elements(self) -> int:
        return prod(self.shape)

    @property
    def stored(self) -> TensorRef:
        """The tensor as its file holds it: itself, or the codes of its values."""
        return self.quantised.codes if self.quantised else self


@dataclass(frozen=True)
class Pieces:
    """The parts of a tensor that several files hold together, in order along `axis`.

    Each part holds `blocks` runs of it: first come the first runs of all parts.
    """

    axis: int
    parts: tuple[TensorRef, ...]
    blocks: int = 1


@dataclass(frozen=True)
class Quantised:
    """How a tensor's values are stored: as codes, and parts that give their meaning.

    `scheme` is for people (`gptq int4 g128`); `form` and `options` are what
    `pipeline.quantised` decodes by. `codes` and the `parts`, by role, are as their
    headers declare them. A non-empty `problem` says why they cannot be decoded.
    """

    scheme: str
    form: str
    codes: TensorRef
    parts: tuple[tuple[str, TensorRef], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class LogEntry:
    """One value that training wrote down: `metric` at optimiser step `step`."""

    step: int
    metric: str
    value: float


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint with its headers read: every tensor listed, in file order.

    `folder` holds `files`; `config` is config.json (or adapter_config.json) as read;
    `kind` says whether the tensors are a whole model or a LoRA adapter; `commit` is the
    hub commit; `notes` are things seen on the way that a user should know. `aside`
    names folders below it that hold weights of their own and are part of no checkpoint.
    """

    source: CheckpointSource
    folder: str
    format: Literal[
        "safetensors", "torch", "dcp", "gguf", "keras", "onnx", "numpy", "flax"
    ]
    files: tuple[FileStamp, ...]
    tensors: tuple[TensorRef, ...]
    kind: Literal["model", "adapter"] = "model"
    commit: str | None = None
    base_model: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    training_log: tuple[LogEntry, ...] = ()
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes, and one that names the folders that were left aside."""
        if not self.aside:
            return self.notes
        named = f"its folders {', '.join(self.aside)} hold weights of their own"
        return (*self.notes, named)

    @property
    def n_bytes(self) -> int:
        return sum(tensor.stored.n_bytes for tensor in self.tensors)

    @property
    def n_elements(self) -> int:
        return sum(tensor.stored.n_elements for tensor in self.tensors)
