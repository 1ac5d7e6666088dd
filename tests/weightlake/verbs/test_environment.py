"""Does the doctor see what is wrong, and say what to do?"""

import json

import pytest

from weightlake.cli import main
from weightlake.verbs import environment


def find(findings, item):
    return next(each for each in findings if each.item == item)


def test_a_fit_environment(tmp_path, capsys):
    assert main(["doctor", "--warehouse", str(tmp_path), "--format", "json"]) == 0
    rows = {row["item"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["warehouse"]["found"] == f"{tmp_path}: writable"
    assert rows["duckdb"]["status"] == "ok"
    assert {"threads", "memory", "disk", "numba cache", "python"} <= rows.keys()


def test_a_warehouse_that_is_not_there_yet(tmp_path):
    found = find(environment.examine(tmp_path / "a" / "b"), "warehouse")
    assert (found.status, found.found) == (
        "ok",
        f"{tmp_path}/a/b: not there yet, can be made",
    )
    assert not (tmp_path / "a").exists()


def test_a_warehouse_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(environment.os, "access", lambda *_: False)
    found = find(environment.examine(tmp_path), "warehouse")
    assert found.status == "problem"
    assert "--warehouse" in found.advice


@pytest.mark.parametrize(
    ("missing", "item", "status", "advice"),
    [
        ("torch", "torch", "warning", "install torch"),
        ("duckdb", "duckdb", "problem", "install weightlake again"),
    ],
)
def test_missing_libraries(tmp_path, monkeypatch, missing, item, status, advice):
    version = environment.installed_version
    monkeypatch.setattr(
        environment,
        "installed_version",
        lambda name: None if name == missing else version(name),
    )
    found = find(environment.examine(tmp_path), item)
    assert (found.found, found.status) == ("not installed", status)
    assert advice in found.advice


@pytest.mark.parametrize(
    ("name", "newer", "fix"),
    [
        ("fastapi", "0.151.2", "fastapi<0.151"),
        ("sqlalchemy", "2.1.9", "sqlalchemy<2.1"),
    ],
)
def test_what_breaks_prefect(tmp_path, monkeypatch, capsys, name, newer, fix):
    version = environment.installed_version
    monkeypatch.setattr(
        environment,
        "installed_version",
        lambda each: newer if each == name else version(each),
    )
    found = find(environment.examine(tmp_path), name)
    assert found.status == "problem"
    assert fix in found.advice
    assert main(["doctor", "--warehouse", str(tmp_path)]) == 1
    assert newer in capsys.readouterr().out


def test_little_disk(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 5_000_000})
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage)
    found = find(environment.examine(tmp_path), "disk")
    assert (found.found, found.status) == ("5 MB free", "warning")
