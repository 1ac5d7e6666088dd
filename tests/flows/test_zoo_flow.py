"""Does a zoo run under Prefect to its end, whatever single checkpoints do?"""

import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

ZOO = """
[zoo]
name = "tiny"
warehouse = "lake"

[[models]]
path = "good"

[[series]]
path = "run"
"""


@pytest.fixture
def zoo(tmp_path):
    rng = np.random.default_rng(7)
    for folder in ("good", "run/step-10", "run/step-20"):
        path = tmp_path / folder
        path.mkdir(parents=True)
        weights = rng.normal(size=(16, 8)).astype(np.float32)
        save_file({"layers.0.weight": weights}, path / "model.safetensors")
    manifest = tmp_path / "zoo.toml"
    manifest.write_text(ZOO)
    return manifest


def weightlake(*words, cwd):
    environment = {**os.environ, "PREFECT_HOME": str(cwd / "prefect")}
    for name in ("PREFECT_API_URL", "WEIGHTLAKE_WAREHOUSE"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "weightlake", *words],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=environment,
    )


def artifacts(home):
    with sqlite3.connect(home / "prefect.db") as con:
        rows = con.execute("select type, data from artifact where type is not null")
        return {kind: json.loads(str(data)) for kind, data in rows.fetchall()}


@pytest.mark.slow
def test_a_broken_checkpoint_is_a_row_and_a_second_run_has_no_news(zoo, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes((tmp_path / "good" / "model.safetensors").read_bytes()[:60])
    extra = '[[models]]\npath = "broken.safetensors"\n[[models]]\npath = "absent"\n'
    zoo.write_text(ZOO + extra)

    ended = weightlake("run", str(zoo), "--format", "json", cwd=tmp_path)

    assert ended.returncode == 3, ended.stderr
    rows = {(r["model"], r["revision"]): r for r in json.loads(ended.stdout)}
    assert {ref: row["status"] for ref, row in rows.items()} == {
        ("good", "main"): "measured",
        ("run", "step-10"): "measured",
        ("run", "step-20"): "measured",
        ("broken", "main"): "failed",
        ("absent", "main"): "failed",
    }
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    assert sum(line.startswith("failed: ") for line in lines) == 2
    assert lines[-1].startswith("5 checkpoints: 3 measured, 2 failed; ")

    logged = weightlake(
        "query",
        "failures",
        "--warehouse",
        f"{tmp_path}/lake",
        "--format=json",
        cwd=tmp_path,
    )
    assert {row["model"] for row in json.loads(logged.stdout)} == {"broken", "absent"}
    found = artifacts(tmp_path / "prefect")
    assert found["progress"] == 100
    assert len(json.loads(found["table"])) == 5
    assert "- failed: broken@main: " in found["markdown"]

    # What remains is done: the next run says so, and starts no server.
    (tmp_path / "prefect").rename(tmp_path / "prefect of the first run")
    zoo.write_text(ZOO)
    again = weightlake("run", str(zoo), cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "nothing is new: 3 checkpoints unchanged\n"
    assert not (tmp_path / "prefect").exists()


def test_a_plan_reads_no_weights(zoo, tmp_path):
    ended = weightlake("plan", str(zoo), "--format", "json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert [row["status"] for row in json.loads(ended.stdout)] == ["new"] * 3
    assert ended.stderr.startswith("3 checkpoints: 3 new; 1.54 kB to read, ")
    assert not (tmp_path / "lake").exists()
