"""Does a run that is stopped leave nothing half-written, and go on when run again?"""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

from pipeline.probes.stage import PROBE, beside_of
from pipeline.query import run_sql
from pipeline.sources import discover
from pipeline.stages import StageSettings, Subject, run_stage, write
from pipeline.warehouse import open_warehouse
from tests.tiny_models import make_tiny_model

SETTINGS = StageSettings(threads=1, memory_bytes=1 << 30)
COUNTED = ("probe_sets", "activations", "attention_heads", "neurons")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "numbers.jsonl"
    path.write_text('{"tokens": [5, 6, 7, 8, 9]}\n{"tokens": [9, 8, 40]}\n')
    return path


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Two steps of a series: the second is what a stopped run does not reach."""
    folder = tmp_path_factory.mktemp("run") / "tiny"
    for step in (1, 2):
        make_tiny_model("llama").module.save_pretrained(folder / f"step{step}")
    return folder


def run(series, texts, root):
    stage = PROBE.with_options({"lens": False, "cka": False})
    with beside_of(texts) as beside:
        subjects = [Subject(one, beside=beside) for one in discover(str(series))]
        outcomes = run_stage(stage, subjects, open_warehouse(root), SETTINGS)
    return [one.status for one in outcomes]


def rows_by_step(root):
    """Of each table, the rows of each step."""
    found = {}
    for table in COUNTED:
        text = f"select step, count(*) as n from {table} group by step order by step"
        rows = run_sql(root, text)
        found[table] = {row["step"]: row["n"] for row in rows.to_pylist()}
    return found


@pytest.fixture(scope="module")
def undisturbed(series, texts, tmp_path_factory):
    root = tmp_path_factory.mktemp("whole") / "lake"
    assert run(series, texts, root) == ["measured", "measured"]
    return rows_by_step(root)


def stop_at(n_written, how):
    """From now on this process is stopped as it begins to write that table."""
    begun, plain = [], write.write_named

    def write_named(*given, **options):
        begun.append(given)
        if len(begun) == n_written:
            how()
        return plain(*given, **options)

    write.write_named = write_named
    return plain


def killed_run(series, texts, root):
    stop_at(16, lambda: os.kill(os.getpid(), signal.SIGKILL))
    run(series, texts, root)


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("way", ["killed", "interrupted"])
def test_a_stopped_run_is_finished_by_the_next(
    series, texts, undisturbed, tmp_path, way
):
    root = tmp_path / way
    if way == "killed":
        worker = multiprocessing.get_context("fork").Process(
            target=killed_run, args=(series, texts, root)
        )
        worker.start()
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL
    else:
        plain = stop_at(16, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(series, texts, root)
        write.write_named = plain
    assert not [p for p in Path(root).rglob("*.parquet") if p.stat().st_size == 0]
    # The table that stands for all has no row of the step that was not finished.
    assert rows_by_step(root)["probe_sets"] == {1: 1}
    assert run(series, texts, root) == ["unchanged", "measured"]
    assert rows_by_step(root) == undisturbed
