"""The contract, run on a folder with and without `flock`, and on a dictionary."""

import glob
import subprocess
import sys

import pytest

from pipeline.errors import WarehouseError
from pipeline.store import folder as folder_module
from pipeline.store import locks, open_store
from tests.store.contract import StoreContract, listed, read
from tests.store.memory import MemoryStore


@pytest.fixture
def folder(tmp_path):
    return open_store(tmp_path / "a [lake]*")


@pytest.fixture
def without_fcntl(monkeypatch):
    """As where Python has no such module: its import raises ImportError."""
    monkeypatch.setitem(sys.modules, "fcntl", None)


class TestFolder(StoreContract):
    @pytest.fixture
    def store(self, folder):
        return folder


@pytest.mark.usefixtures("without_fcntl")
class TestFolderWithoutFcntl(StoreContract):
    @pytest.fixture
    def store(self, folder):
        return folder


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self):
        return MemoryStore()


def test_the_package_is_imported_without_fcntl(tmp_path):
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from pathlib import Path\n"
        "from pipeline.query import run_sql\n"
        "from pipeline.warehouse import compact, open_warehouse\n"
        "lake = open_warehouse(Path(sys.argv[1]))\n"
        "compact(lake)\n"
        "print(run_sql(lake.root, 'select count(*) as n from tensors').to_pylist())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lake")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[{'n': 0}]\n"


@pytest.mark.usefixtures("without_fcntl")
class TestMarks:
    def test_a_lock_is_held_by_a_file_and_released_by_its_removal(self, folder):
        folder.put("a", b"0")
        mark = folder.root / ".lock.held"
        with folder.exclusive():
            assert mark.is_file()
        assert not mark.exists()

    def test_a_holder_that_died_is_succeeded(self, folder, monkeypatch):
        folder.put("a", b"0")
        mark = folder.root / ".lock.held"
        mark.write_text("a process that was killed")
        monkeypatch.setattr(locks, "DEAD_SECONDS", 0.2)
        assert folder.writers().is_at_work, "for all that anyone knows"
        folder.put("a", b"1")
        assert read(folder, "a") == b"1"
        assert not list(folder.root.glob(".lock.held*"))

    def test_a_holder_that_lives_is_waited_for(self, folder, monkeypatch):
        folder.put("a", b"0")
        monkeypatch.setattr(locks, "DEAD_SECONDS", 0.4)
        monkeypatch.setattr(locks, "BEAT_SECONDS", 0.05)
        with folder.exclusive():
            seen = [folder.writers().is_at_work for _ in ticks(8)]
        assert all(seen)


def ticks(n):
    import time

    for i in range(n):
        time.sleep(0.1)
        yield i


def test_a_killed_process_lets_go_of_a_folder(folder):
    folder.put("a", b"0")
    code = (
        "import os, sys\n"
        "from pipeline.store import open_store\n"
        "with open_store(sys.argv[1]).exclusive():\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, folder.url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert folder.writers().is_at_work
        process.kill()
        process.wait()
    assert not folder.writers().is_at_work
    folder.put("a", b"1")


def test_a_failed_put_leaves_the_old_object_and_no_litter(folder, monkeypatch):
    folder.put("t/a", b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        folder.put("t/a", b"new")
    with pytest.raises(OSError, match="No space left"):
        folder.change("t", put={"t/b": b"new"}, remove=["t/a"])
    assert read(folder, "t/a") == b"old"
    assert listed(folder) == ["t/a"]
    assert not list(folder.root.rglob("*.tmp"))
    assert not list(folder.root.glob(".compacting/*"))


def test_a_change_of_a_folder_copies_where_there_are_no_hard_links(folder, monkeypatch):
    def refuse(_source, _target):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refuse)
    folder.put("t/a", b"kept")
    folder.change("t", put={"t/b": b"new"})
    assert [read(folder, key) for key in listed(folder)] == [b"kept", b"new"]


def test_folders_change_places_where_the_system_cannot_exchange(folder, monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda *_args, **_kwargs: object())
    folder.put("t/m/a", b"old")
    folder.change("t/m", put={"t/m/b": b"new"}, remove=["t/m/a"])
    assert listed(folder) == ["t/m/b"]
    assert not list(folder.root.rglob("*.aside"))


def test_a_pattern_fits_the_files_and_no_neighbours(folder):
    folder.put("t/m/a.parquet", b"x")
    (pattern,) = folder.scan("t", 1)
    assert glob.glob(pattern) == [str(folder.root / "t/m/a.parquet")]  # noqa: PTH207


def test_a_folder_that_cannot_be_written_says_what_to_do(folder):
    folder.put("a", b"0")
    lock = folder.root / folder_module.LOCK_FILE
    lock.unlink()
    lock.mkdir()  # no user, root included, opens a folder for writing
    with pytest.raises(WarehouseError, match=r"cannot be written .* --warehouse"):
        folder.put("a", b"1")
