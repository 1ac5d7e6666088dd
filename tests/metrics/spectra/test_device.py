"""Spectra on a device: the processor's numbers, in batches, and never a lost matrix.

torch's own processor stands in for a device: the code is the same but for its name.
"""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from threading import Barrier

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.extract import Settings, extract_checkpoint
from pipeline.metrics.spectra import device
from pipeline.metrics.spectra.device import TorchSolver, open_solver
from pipeline.metrics.spectra.matrix_views import measure_spectra
from pipeline.metrics.spectra.singular_values import blocks_of_array, singular_values
from pipeline.sources import discover
from pipeline.tables import SPECTRA
from pipeline.warehouse import open_warehouse
from tests.extract.pico import save_model
from tests.extract.tables import rows_of
from tests.metrics.made_arrays import tensor_of

torch = pytest.importorskip("torch", reason="torch is not installed")
HAS_CUDA = torch.cuda.is_available()
NEEDS_CUDA = pytest.mark.skipif(not HAS_CUDA, reason="no cuda device")
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_CUDA]),
]
SHAPES = [(300, 40), (64, 64), (1, 9), (40, 1), (30, 200)]


def matrix(shape, seed=0, scale=1.0):
    made = np.random.default_rng(seed).standard_t(3, shape) * scale
    return made.astype(np.float32)


def solve_with(solve, array):
    blocks = blocks_of_array(array, "F32")
    return solve(blocks, min(array.shape), abs_max=float(np.abs(array).max()))


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 1e-30, 1e30])
def test_the_numbers_are_the_processors(name, shape, scale):
    array = matrix(shape, scale=scale)
    found, expected = (
        solve_with(solve, array) for solve in (TorchSolver(name).solve, singular_values)
    )
    assert found.sigma == pytest.approx(expected.sigma, rel=1e-9)
    assert (found.method, found.device) == (expected.method, name)
    assert found.error_bound == pytest.approx(expected.error_bound, rel=1e-6)


@pytest.mark.parametrize("name", DEVICES)
def test_threads_that_ask_at_once_each_get_their_own(name):
    solver = TorchSolver(name)
    arrays = [matrix((60, (20, 30)[i % 2]), seed=i) for i in range(24)]
    barrier = Barrier(12)

    def solve(array):
        barrier.wait()
        return solve_with(solver.solve, array)

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(solve, arrays))
    for array, one in zip(arrays, found, strict=True):
        expected = np.linalg.svd(array.astype(float), compute_uv=False)
        assert one.sigma == pytest.approx(expected, rel=1e-6)


def test_matrices_that_wait_together_are_solved_together(monkeypatch):
    solver, sizes = TorchSolver("cpu"), []
    real = device.eigvalsh
    monkeypatch.setattr(
        device, "eigvalsh", lambda batch: sizes.append(len(batch)) or real(batch)
    )
    with solver.device_lock, ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(solve_with, solver.solve, matrix((50, 20), seed=i))
            for i in range(4)
        ]
        while len(solver.queue) < 4:
            pass
        solver.device_lock.release()
        found = [each.result() for each in waiting]
        solver.device_lock.acquire()
    assert sizes == [4]
    assert [len(each.sigma) for each in found] == [20] * 4


def test_what_is_rank_deficient_is_decided_by_an_svd_of_the_processor():
    row = measure_spectra(tensor_of(np.outer(np.ones(30), np.arange(1.0, 20))))
    array = np.outer(np.ones(30), np.arange(1.0, 20)).astype(np.float32)
    found = solve_with(TorchSolver("cpu").solve, array)
    assert found.method == row["spectra"][0]["method"] == "svd"
    assert found.sigma == pytest.approx(row["spectra"][0]["singular_values"])


def full(*_args):
    raise torch.OutOfMemoryError("no room")


def test_without_room_the_processor_does_it_and_the_row_says_so(monkeypatch):
    monkeypatch.setattr(torch.linalg, "eigvalsh", full)
    array = matrix((80, 40))
    tensor = tensor_of(array)
    object.__setattr__(tensor, "solve", TorchSolver("cpu").solve)
    (row,) = measure_spectra(tensor)["spectra"]
    assert (row["status"], row["device"]) == ("ok", "cpu_out_of_memory")
    expected = np.linalg.svd(array.astype(float), compute_uv=False)
    assert row["singular_values"] == pytest.approx(expected, rel=1e-6)


def test_a_batch_without_room_is_tried_one_by_one(monkeypatch):
    real = torch.linalg.eigvalsh
    monkeypatch.setattr(
        torch.linalg, "eigvalsh", lambda a: real(a) if len(a) == 1 else full()
    )
    jobs = [device.Job(torch.eye(3, dtype=torch.float64) * i) for i in (1, 2)]
    device.serve(jobs, device.eigvalsh)
    assert [job.lam.tolist() for job in jobs] == [[1, 1, 1], [2, 2, 2]]


def test_one_that_does_not_converge_fails_alone(monkeypatch):
    real = torch.linalg.eigvalsh

    def solve(stack):
        if (stack == 2).any():
            raise torch.linalg.LinAlgError("did not converge")
        return real(stack)

    monkeypatch.setattr(torch.linalg, "eigvalsh", solve)
    jobs = [device.Job(torch.eye(3, dtype=torch.float64) * i) for i in (1, 2)]
    device.serve(jobs, device.eigvalsh)
    assert jobs[0].lam.tolist() == [1, 1, 1]
    assert isinstance(jobs[1].error, np.linalg.LinAlgError)


def test_auto_imports_no_torch_where_there_is_no_driver(monkeypatch):
    monkeypatch.setattr(device, "DRIVERS", ())
    assert open_solver("auto") is singular_values
    assert open_solver("cpu") is singular_values


@pytest.mark.skipif(HAS_CUDA, reason="there is a cuda device")
def test_cuda_without_a_device_says_what_to_do():
    with pytest.raises(UsageError, match="--device cpu"):
        open_solver("cuda")


def test_without_torch_cuda_names_the_extra(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"weightlake\[torch\]"):
        open_solver("cuda")
    assert find_spec("torch")


@pytest.mark.gpu
@NEEDS_CUDA
def test_a_checkpoint_on_cuda_has_the_processors_numbers(tmp_path):
    folder = save_model(tmp_path / "pico")
    rows = {}
    for name in ("cpu", "cuda"):
        lake = open_warehouse(tmp_path / name)
        settings = Settings(families=("spectra",), device=name)
        extract_checkpoint(discover(str(folder))[0], lake, settings)
        rows[name] = [row for row in rows_of(lake, SPECTRA) if row["status"] == "ok"]
    for here, there in zip(rows["cpu"], rows["cuda"], strict=True):
        assert there["device"] == "cuda"
        assert there["singular_values"] == pytest.approx(
            here["singular_values"], rel=1e-9
        )
