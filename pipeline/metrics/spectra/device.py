"""Which device solves Gram matrices, and what happens when its memory is full?

Results equal the processor's, as everything is float64. Matrices of one side that
several threads submit at once are solved in one batch. A matrix that does not fit on
the device is solved by the processor, and the result records this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UsageError
from pipeline.metrics.spectra.singular_values import (
    Blocks,
    SingularValues,
    Solve,
    block_rows,
    scale_down,
    singular_values,
)

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]

# Files by which drivers of NVIDIA, AMD and WSL show a device. They are checked first,
# as torch takes a second to import and most machines have no device.
DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def open_solver(device: Device) -> Solve:
    """The solver for a device; `auto` is cuda where there is a cuda device.

    Raises UsageError for `cuda` on a machine without one.
    """
    if device == "cpu" or (device == "auto" and not _may_have_cuda()):
        return singular_values
    if find_spec("torch") is None:
        raise UsageError(
            "the device cuda needs torch, which is not installed",
            fix="pip install 'weightlake[torch]', or give --device cpu",
        )
    import torch

    if torch.cuda.is_available():
        return TorchSolver("cuda").solve
    if device == "auto":
        return singular_values
    raise UsageError(
        "torch finds no cuda device",
        fix="Install torch's build for your driver, or give --device cpu",
    )


def _may_have_cuda() -> bool:
    has_driver = any(Path(driver).exists() for driver in DRIVERS)
    return has_driver and find_spec("torch") is not None


@dataclass
class Job:
    gram: torch.Tensor
    lam: NDArray[np.float64] | None = None
    error: Exception | None = None


class TorchSolver:
    """Solves spectra on a device through torch; threads may share one solver."""

    def __init__(self, device: str) -> None:
        self._device = device
        self.queue: list[Job] = []
        self._queue_lock = Lock()
        self.device_lock = Lock()

    def solve(self, blocks: Blocks, n_small: int, *, abs_max: float) -> SingularValues:
        """As `singular_values`, the fallback when the device's memory is full."""
        import torch

        try:
            solved = singular_values(
                blocks, n_small, abs_max=abs_max, eigenvalues=self._eigenvalues
            )
        except torch.OutOfMemoryError:
            solved = singular_values(blocks, n_small, abs_max=abs_max)
            return replace(solved, device=f"{self._device}_out_of_memory")
        is_here = solved.method == "gram" and abs_max > 0
        return replace(solved, device=self._device) if is_here else solved

    def _eigenvalues(
        self, blocks: Blocks, n_small: int, exponent: int
    ) -> NDArray[np.float64]:
        job = Job(self._gram(blocks, n_small, exponent))
        with self._queue_lock:
            self.queue.append(job)
        with self.device_lock:
            # The thread that held the device may have solved this job in its batch.
            if job.lam is None and job.error is None:
                serve(self._take(n_small), eigvalsh)
        if job.error is not None:
            raise job.error
        assert job.lam is not None, "a job that was served has a result"  # noqa: S101
        return job.lam

    def _gram(self, blocks: Blocks, n_small: int, exponent: int) -> torch.Tensor:
        import torch

        size = n_small, n_small
        gram = torch.zeros(size, dtype=torch.float64, device=self._device)
        for block in blocks(block_rows(n_small)):
            scaled = torch.from_numpy(scale_down(block, exponent)).to(self._device)
            gram.addmm_(scaled.T, scaled)
        return gram

    def _take(self, n_small: int) -> list[Job]:
        with self._queue_lock:
            batch = [job for job in self.queue if len(job.gram) == n_small]
            self.queue = [job for job in self.queue if len(job.gram) != n_small]
        return batch


def serve(
    batch: list[Job], solve: Callable[[list[Job]], list[NDArray[np.float64]]]
) -> None:
    """Solve a batch; one by one if it does not fit or a matrix does not converge."""
    import torch

    try:
        for job, lam in zip(batch, solve(batch), strict=True):
            job.lam = lam
    except torch.OutOfMemoryError as error:
        failure: Exception = error
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        failure = np.linalg.LinAlgError(str(error))
    else:
        return
    if len(batch) == 1:
        batch[0].error = failure
        return
    for job in batch:
        serve([job], solve)


def eigvalsh(batch: list[Job]) -> list[NDArray[np.float64]]:
    import torch

    lam = torch.linalg.eigvalsh(torch.stack([job.gram for job in batch]))
    return list(lam.cpu().numpy())
