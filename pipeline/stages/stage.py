"""What is a stage? Its name, subject, tables and parameters, and how it measures one.

Everything else that a measurement needs is the kernel's: see `pipeline.stages.run`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import xxhash

from pipeline.errors import UsageError
from pipeline.refs import Checkpoint
from pipeline.row import Row
from pipeline.sources import open_checkpoint
from pipeline.stages.plan import Plan
from pipeline.stages.progress import Progress
from pipeline.stages.settings import StageSettings
from pipeline.stages.subject import Subject, Takes
from pipeline.stages.work import Costs, Workers, workers
from pipeline.tables import Table
from pipeline.warehouse import Stamp, Warehouse

Standing = Literal["new", "changed", "partial", "unchanged"]


@dataclass(frozen=True)
class Output:
    """Rows of one table, ready to be written, and what they depend on.

    Only a stage whose tables are stamped apart makes these itself; `part` is the name
    under which the log counts them.
    """

    table: Table
    frame: pa.Table
    stamp: Stamp
    part: str


@dataclass(frozen=True)
class Measured:
    """What came of one subject.

    `rows` are by table name, without the columns that say whose they are: the kernel
    adds model, revision and step, from_… of a pair, and parameter_set. Instead of them
    `outputs` may be given; they are written as they come, and `versions` are those of
    their parts. `is_unchanged`: reading showed that all is done, and
    at most stamps are renewed. `n_bytes` were read; None: the files of the subject, or
    nothing of an unchanged one. `problem` is why the rows are not all there could be:
    they are kept, and the subject counts as failed.
    """

    rows: Mapping[str, Iterable[Row]] = field(default_factory=dict)
    outputs: Iterable[Output] = ()
    n_bytes: int | None = None
    n_tensors: int = 0
    n_measured: int = 0
    n_reused: int = 0
    notes: tuple[str, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    is_unchanged: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Stage:
    """A way to measure. The value itself is small and can be pickled.

    `tables` are written in their order, and the last stands for all: a reader who finds
    its rows finds the others. A change of any definition raises `version`. `parameters`
    is a mapping or a frozen dataclass of numbers, texts, lists and the like; results of
    several parameter sets stand side by side in tables that have the column
    `parameter_set`, and replace each other in the other tables. `measure`, `standing`
    and `plan` are functions of a module, not lambdas. `standing` says whether a subject
    is done, by default from the stamps of its tables; `plan` says what measuring it
    would take, by default from the size of its files. The log names the stage, or its
    `part` where its parts are counted apart.
    """

    name: str
    version: int
    takes: Takes
    tables: tuple[Table, ...]
    measure: Callable[[Job], Measured]
    parameters: Any = field(default_factory=dict)
    standing: Callable[[Job], Standing] | None = None
    plan: Callable[[Job], Plan] | None = None
    part: str = ""

    @property
    def main_part(self) -> str:
        """The part that the log has a row of, whatever became of the subject."""
        return self.part or self.name

    def with_options(self, options: Mapping[str, Any]) -> Stage:
        """The stage with some parameters set otherwise.

        Raises UsageError for a name that is none of its parameters, and for a value of
        another type than the default's.
        """
        if not options:
            return self
        known = as_mapping(self.parameters)
        for name, value in options.items():
            _check_option(self.name, known, name, value)
        if isinstance(self.parameters, Mapping):
            return dataclasses.replace(self, parameters={**known, **options})
        # Lists as TOML has them are tuples where the default is one.
        given = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in options.items()
        }
        changed = dataclasses.replace(self.parameters, **given)
        return dataclasses.replace(self, parameters=changed)


@dataclass(frozen=True)
class Task:
    """What crosses a task's border on the way in: one stage and one subject."""

    stage: Stage
    subject: Subject
    warehouse: Warehouse
    settings: StageSettings
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True)
class Job:
    """What a stage's function is given: the task, and what is counted on the way."""

    stage: Stage
    subject: Subject
    warehouse: Warehouse
    settings: Any
    progress: Callable[[int], None] = field(default_factory=Progress)
    costs: Costs = field(default_factory=Costs, compare=False)

    @property
    def parameters(self) -> Any:
        return self.stage.parameters

    @property
    def parameters_json(self) -> str:
        """The parameters and what stands beside the checkpoint, in one fixed form."""
        facts = as_mapping(self.parameters)
        beside = self.subject.beside
        if beside:
            facts |= {"beside": beside.name, "beside_digest": beside.digest}
        return json.dumps(facts, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @property
    def parameter_set(self) -> str:
        """A short stable digest of the parameters: 16 hex digits of xxh3-64."""
        return xxhash.xxh3_64_hexdigest(self.parameters_json.encode())

    def workers(self, *, ahead: int | None = None) -> AbstractContextManager[Workers]:
        """Threads within the task's bounds, their costs counted to the stage."""
        return workers(self.settings, self.costs, self.stage.main_part, ahead=ahead)

    def open(self) -> Checkpoint:
        """The checkpoint with its headers read, and no value."""
        offline = self.settings.local_files_only
        return open_checkpoint(self.subject.source, local_files_only=offline)


def as_mapping(parameters: Any) -> dict[str, Any]:
    """Parameters by name, whether they were a mapping or a dataclass."""
    if dataclasses.is_dataclass(parameters) and not isinstance(parameters, type):
        return dataclasses.asdict(parameters)
    return dict(parameters)


def _check_option(stage: str, known: Mapping[str, Any], name: str, value: Any) -> None:
    if name not in known:
        options = ", ".join(known) or "none"
        raise UsageError(
            f"the stage {stage} has no option {name!r}", fix=f"It has: {options}"
        )
    default = known[name]
    kinds: dict[type, tuple[type, ...]] = {float: (float, int), tuple: (tuple, list)}
    wanted = kinds.get(type(default), (type(default),))
    is_flag = isinstance(value, bool) and bool not in wanted
    if default is not None and (is_flag or not isinstance(value, wanted)):
        raise UsageError(
            f"the option {name} = {value!r} of the stage {stage} is no "
            f"{type(default).__name__}",
            fix=f"Its default is {default!r}",
        )
