"""What if a batch does not fit into memory? It is halved, then the cpu is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward
from pipeline.probes.head import last_states


def run_all(
    forward: Forward,
    batches: Iterable[Batch],
    run: Callable[[Batch], None],
    notes: list[str],
) -> None:
    """Run every batch once, in parts where it does not fit; `notes` say which."""
    import torch

    for batch in batches:
        for part in _fitting(forward, batch, notes):
            with torch.no_grad():
                run(part.to(forward.device))


def _fitting(forward: Forward, batch: Batch, notes: list[str]) -> Iterator[Batch]:
    """The batch, or its rows in as many parts as fit into memory.

    On a device, where memory could run out, a batch is first tried without reducers:
    their sums cannot be undone.
    """
    if forward.device.type == "cpu":
        yield batch
        return
    todo = [batch]
    while todo:
        one = todo.pop()
        if _fits(forward, one):
            yield one
        elif len(one.windows) > 1:
            half = len(one.windows) // 2
            todo += [one.rows(half, len(one.windows)), one.rows(0, half)]
            _note(notes, f"out of memory: batches of {half} windows instead")
        else:
            _note(notes, "out of memory: run on the cpu instead")
            forward.model.to("cpu")
            yield one


def _fits(forward: Forward, batch: Batch) -> bool:
    import torch

    try:
        with torch.no_grad():
            last_states(forward, batch.to(forward.device))
    except torch.OutOfMemoryError:
        return False
    return True


def _note(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)
