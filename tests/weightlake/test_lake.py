"""Does a lake do everything that the command line does?"""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import weightlake as wl
from tests.sql.small_zoo import zoo
from weightlake import verbs
from weightlake.cli.app import VERBS

__all__ = ["zoo"]

# Methods whose names differ from their command's, and commands that are no method.
RENAMED = {"plot": "figure"}
NO_METHOD = {"version": "wl.__version__"}


def test_every_verb_of_the_command_line_is_a_method():
    for verb in VERBS:
        name = RENAMED.get(verb.__name__, verb.__name__)
        assert callable(getattr(wl.Lake, name, None)) or name in NO_METHOD, name


def test_every_public_method_says_what_it_does():
    for name in dir(wl.Lake):
        method = getattr(wl.Lake, name)
        if not name.startswith("_") and callable(method):
            assert method.__doc__, name


def test_every_verb_is_where_its_table_says():
    for name in verbs.__all__:
        assert callable(getattr(verbs, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = verbs.nothing


def test_a_lake_is_a_folder_and_nothing_more(tmp_path, monkeypatch):
    lake = wl.open(str(tmp_path / "lake"))
    assert lake == wl.open(tmp_path / "lake")
    assert eval(repr(lake), {"weightlake": wl}) == lake  # noqa: S307
    assert not lake.root.exists()
    with pytest.raises(FrozenInstanceError):
        lake.root = tmp_path
    assert wl.open().root == Path("warehouse")
    monkeypatch.setenv("WEIGHTLAKE_WAREHOUSE", str(tmp_path))
    assert wl.open().root == tmp_path


def test_what_cannot_be_opened_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(wl.WarehouseError, match="is a file, and a warehouse is"):
        wl.open(tmp_path / "file")
    with pytest.raises(wl.WarehouseError, match="folder of queries is not there"):
        wl.open(tmp_path, queries=tmp_path / "none")


@pytest.mark.parametrize("verb", ["status", "check", "compact", "connect", "catalog"])
def test_a_folder_that_is_no_warehouse(tmp_path, verb):
    lake = wl.open(tmp_path / "none")
    with pytest.raises(wl.WarehouseError, match="none"):
        getattr(lake, verb)()
    assert not lake.root.exists()


def test_the_upkeep_of_a_zoo(zoo, tmp_path):
    lake = wl.open(zoo)
    assert lake.status().height == lake.sql("from checkpoints").height
    checks = lake.check()
    assert checks.frame.columns == ["check", "question", "n_rows"]
    assert bool(checks) == (checks.frame["n_rows"].sum() == 0)
    assert repr(checks).startswith(f"{checks.frame.height} checks, ")
    path = lake.catalog(str(tmp_path / "lake.duckdb"))
    assert path.read_bytes()[8:12] == b"DUCK"
    assert "python" in lake.doctor()["item"].to_list()
