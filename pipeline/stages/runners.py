"""Where do tasks run? Here one after the other, on threads, in processes, or elsewhere.

A runner is a value with a `width`, the tasks it has side by side, and a call that runs
a function over tasks and yields each one's place and outcome as it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol

from pipeline.stages.outcome import Outcome
from pipeline.stages.stage import Task

Do = Callable[[Task], Outcome]
Ended = Iterator[tuple[int, Outcome]]


class Runner(Protocol):
    """What `run_stage` asks of a runner."""

    @property
    def width(self) -> int: ...
    def __call__(self, do: Do, tasks: Sequence[Task], /) -> Ended: ...


@dataclass(frozen=True)
class Sequential:
    """In this thread, one after the other."""

    width: int = 1

    def __call__(self, do: Do, tasks: Sequence[Task]) -> Ended:
        yield from enumerate(map(do, tasks))


@dataclass(frozen=True)
class Threads:
    """In this process, `width` at a time: one's writing overlaps another's reading."""

    width: int = 2

    def __call__(self, do: Do, tasks: Sequence[Task]) -> Ended:
        with ThreadPoolExecutor(self.width, "stage") as pool:
            yield from _submit(pool, do, tasks)


@dataclass(frozen=True)
class Processes:
    """In processes of this machine, `width` at a time, each started anew."""

    width: int = 2

    def __call__(self, do: Do, tasks: Sequence[Task]) -> Ended:
        # A fork would copy locks that threads of ours hold, and hang on them.
        context = get_context("spawn")
        with ProcessPoolExecutor(self.width, mp_context=context) as pool:
            yield from _submit(pool, do, tasks)


@dataclass(frozen=True)
class OnExecutor:
    """On any executor that stands already: dask's `Client.get_executor()`, MPI's, …"""

    executor: Executor
    width: int

    def __call__(self, do: Do, tasks: Sequence[Task]) -> Ended:
        yield from _submit(self.executor, do, tasks)


SEQUENTIAL = Sequential()


def _submit(pool: Executor, do: Do, tasks: Sequence[Task]) -> Ended:
    places = {pool.submit(do, task): place for place, task in enumerate(tasks)}
    for future in as_completed(places):
        yield places[future], future.result()
