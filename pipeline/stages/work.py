"""Within which bounds do threads work, and what does their work cost?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Condition, Lock, local
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from pipeline.stages.settings import StageSettings

# The reader may run ahead by the largest tensor and this much, so that one worker
# busy with an embedding does not leave the others without work.
AHEAD_BYTES = 1 << 25


class _Blas:
    """Keeps BLAS to one thread as long as any worker runs.

    The limit is the process's: of two that each set it and put it back as they found
    it, the one that ends last would leave the limit behind.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_users = 0
        self._limit: threadpool_limits | None = None

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        with self._lock:
            self._n_users += 1
            if self._limit is None:
                self._limit = threadpool_limits(limits=1, user_api="blas")
        try:
            yield
        finally:
            with self._lock:
                self._n_users -= 1
                if self._n_users == 0 and self._limit is not None:
                    self._limit.restore_original_limits()
                    self._limit = None


_BLAS = _Blas()
one_blas_thread = _BLAS.one_thread
Result = TypeVar("Result")


class ByteBudget:
    """Lets the reader run ahead of the workers by so many bytes, and no further."""

    def __init__(self, n_bytes: int) -> None:
        self._free = n_bytes
        self._all = n_bytes
        self._change = Condition()

    def take(self, n_bytes: int) -> int:
        """Wait until `n_bytes` are free, or nothing else is held; what was taken."""
        taken = min(n_bytes, self._all)
        with self._change:
            self._change.wait_for(lambda: self._free >= taken)
            self._free -= taken
        return taken

    def give_back(self, n_bytes: int) -> None:
        with self._change:
            self._free += n_bytes
            self._change.notify_all()


class Costs:
    """CPU seconds by part of a stage, summed over the threads that worked for it.

    Threads that a library starts by itself are not seen; `add` counts for them.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._lock = Lock()
        self._inner = local()

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Count what this thread spends inside, without what an inner block counts."""
        before: float = getattr(self._inner, "seconds", 0.0)
        self._inner.seconds = 0.0
        began = time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - began
            self.add(part, spent - self._inner.seconds)
            self._inner.seconds = before + spent

    def add(self, part: str, seconds: float) -> None:
        with self._lock:
            self._seconds[part] += seconds

    def by_part(self) -> dict[str, float]:
        with self._lock:
            return dict(self._seconds)


@dataclass(frozen=True)
class Workers:
    """Threads that work within a budget of bytes; their costs are counted to `part`."""

    pool: ThreadPoolExecutor
    budget: ByteBudget
    costs: Costs
    part: str

    def submit(
        self, function: Callable[..., Result], *given: Any, taken: int = 0
    ) -> Future[Result]:
        """Run a function on a thread, and give back the bytes `taken` at its end."""
        job = self.pool.submit(self._run, function, *given)
        job.add_done_callback(partial(_release, self.budget, taken))
        return job

    def map(
        self, function: Callable[..., Result], given: Iterable[Any]
    ) -> Iterator[Result]:
        """The results in the order of what was given."""
        return self.pool.map(partial(self._run, function), given)

    def _run(self, function: Callable[..., Result], *given: Any) -> Result:
        with self.costs.of(self.part):
            return function(*given)


@contextmanager
def workers(
    settings: StageSettings, costs: Costs, part: str, *, ahead: int | None = None
) -> Iterator[Workers]:
    """As many threads as the settings say, each with a BLAS of one.

    `ahead` bytes at most are held at a time, and never more than half the memory; the
    other half is for what the threads make of them.
    """
    half = settings.memory_bytes // 2
    budget = ByteBudget(half if ahead is None else min(half, ahead))
    with (
        one_blas_thread(),
        ThreadPoolExecutor(settings.threads, part) as pool,
    ):
        yield Workers(pool, budget, costs, part)


def _release(budget: ByteBudget, n_bytes: int, _: Future[Any]) -> None:
    budget.give_back(n_bytes)
