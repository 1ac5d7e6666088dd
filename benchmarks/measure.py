"""Times of rivals, taken in turn so that a drift of the machine meets all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]


def times_in_turn(works: Mapping[str, Work], *, rounds: int = 7) -> dict[str, float]:
    """Median wall seconds of each work, over `rounds` after one warm-up."""
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def print_row(work: str, measured: str, asked: str) -> None:
    """One line of the table that `make bench` prints."""
    print(f"| {work} | {measured} | {asked} |", flush=True)
