"""Is every damage of a training run found by name, and nothing else?"""

import json
import shutil

import numpy as np
import pytest

from pipeline.errors import QueryError
from pipeline.query.audits import list_audits, run_audits
from tests.extract.pico import gpt2_tensors
from tests.query.series_builder import (
    FIRST,
    change,
    copy_checkpoint,
    copy_shard,
    drop,
    measure,
    save_steps,
)


@pytest.fixture
def run(tmp_path):
    return save_steps(tmp_path / "run")


def found(folder, columns="step finding tensor"):
    rows = run_audits(measure(folder, folder.parent / "lake"), "run").to_pylist()
    return [tuple(row[name] for name in columns.split()) for row in rows]


def test_a_sound_run_is_clean(run):
    assert found(run) == []


def test_a_checkpoint_replaced_by_another_steps(run):
    copy_checkpoint(run, 900, 300)
    assert found(run, "revision step finding severity") == [
        ("step-000300", 300, "copied_checkpoint", "serious")
    ]


def test_the_final_shard_under_an_early_name(run):
    copy_shard(run, 1100, 400)
    ((step, finding, shard, evidence),) = found(run, "step finding shard evidence")
    assert (step, finding, shard) == (400, "copied_shard", FIRST)
    assert "step 1100, the last step" in evidence


def test_a_missing_step(run):
    shutil.rmtree(run / "step-000500")
    assert found(run, "step finding severity evidence") == [
        (
            600,
            "missing_step",
            "warning",
            "no checkpoint between steps 400 and 600, expected every 100",
        )
    ]


def test_a_zeroed_tensor(run):
    name = "h.1.mlp.c_fc.weight"
    change(run, 700, name, np.zeros_like)
    assert found(run) == [(700, "zeroed_tensor", name)]


def test_values_that_are_not_finite(run):
    name = "h.0.attn.c_proj.weight"
    change(run, 800, name, lambda w: np.where(w == w.max(), np.nan, w))
    assert found(run, "step finding tensor severity") == [
        (800, "non_finite_tensor", name, "serious")
    ]


def test_a_tensor_of_another_step(run):
    name = "h.1.mlp.c_proj.weight"
    kept = {}
    change(run, 900, name, lambda w: kept.setdefault("w", w))
    change(run, 200, name, lambda _: kept["w"])
    assert found(run) == [(200, "copied_tensor", name)]


def test_a_tensor_that_stands_still_for_a_step(run):
    name = "h.1.mlp.c_proj.weight"
    kept = {}
    change(run, 500, name, lambda w: kept.setdefault("w", w))
    change(run, 600, name, lambda _: kept["w"])
    assert found(run, "step finding tensor severity") == [
        (600, "stuck_tensor", name, "warning")
    ]


def test_a_step_of_another_run(tmp_path):
    # Strides are small beside the weights, as they are in training.
    run = save_steps(tmp_path / "run", stride=0.0002)
    other = save_steps(tmp_path / "other", seed=5, stride=0.0002)
    shutil.rmtree(run / "step-000600")
    shutil.copytree(other / "step-000600", run / "step-000600")
    rows = found(run, "step finding severity")
    assert (600, "not_descended", "serious") in rows
    # Nor does its follower descend from it.
    assert {step for step, _, _ in rows} == {600, 700}


def test_a_burst_of_the_learning_rate_is_far_but_descends(tmp_path):
    run = save_steps(tmp_path / "run", stride=0.0002)
    for i, name in enumerate(gpt2_tensors()):
        # 30 strides at once, and all that follows from there.
        def burst(w, i=i):
            moved = w + 0.006 * np.random.default_rng(i).standard_normal(w.shape)
            return moved.astype(np.float32)

        for step in range(600, 1200, 100):
            if name != "h.0.ln_1.weight":
                change(run, step, name, burst)
    rows = found(run, "step finding severity evidence")
    assert {(step, finding, severity) for step, finding, severity, _ in rows} == {
        (600, "outlier_step", "low")
    }
    assert "99.37 % of the elements are related" in rows[0][3]


def test_a_change_of_shape_and_config(run):
    change(run, 1100, "wte.weight", lambda w: np.concatenate([w, w[:6]]))
    path = run / "step-001100" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "vocab_size": 56}))
    assert found(run) == [
        (1100, "changed_model", None),
        (1100, "changed_shape", "wte.weight"),
    ]


def test_all_damages_at_once(run):
    copy_checkpoint(run, 900, 300)
    copy_shard(run, 1100, 100)
    shutil.rmtree(run / "step-000500")
    change(run, 700, "h.1.mlp.c_fc.weight", np.zeros_like)
    assert sorted(found(run)) == [
        (100, "copied_shard", None),
        (300, "copied_checkpoint", None),
        (600, "missing_step", None),
        (700, "zeroed_tensor", "h.1.mlp.c_fc.weight"),
    ]


@pytest.mark.parametrize("steps", [(0,), (0, 10), (0, 10, 20)])
def test_short_runs(tmp_path, steps):
    assert found(save_steps(tmp_path / "run", steps)) == []


def test_a_grid_of_powers_and_then_of_thousands(tmp_path):
    grid = (0, *(2**k for k in range(10)), *range(1000, 6000, 1000))
    assert found(save_steps(tmp_path / "run", grid), "step finding") == []


@pytest.mark.parametrize(("gone", "after"), [(8, 16), (1000, 2000), (3000, 4000)])
def test_a_gap_in_that_grid(tmp_path, gone, after):
    grid = [0, *(2**k for k in range(10)), *range(1000, 6000, 1000)]
    grid.remove(gone)
    folder = save_steps(tmp_path / "run", grid)
    assert found(folder, "step finding") == [(after, "missing_step")]


def test_an_unknown_series(run):
    root = measure(run, run.parent / "lake")
    with pytest.raises(QueryError, match="no series 'rum'; did you mean run"):
        run_audits(root, "rum")


def test_audits_say_the_same_columns():
    audits = list_audits()
    assert len(audits) == 9
    assert len({tuple(c.name for c in audit.columns) for audit in audits}) == 1


def test_many_early_steps_that_serve_the_final_weights(run):
    # Side by side they suit each other: the last step is still the original.
    for step in (300, 400, 500, 600):
        copy_checkpoint(run, 1100, step)
    rows = found(run, "step finding evidence")
    assert [row[:2] for row in rows if row[1] == "copied_checkpoint"] == [
        (step, "copied_checkpoint") for step in (300, 400, 500, 600)
    ]
    assert all("step 1100, the last step" in row[2] for row in rows[:4])


def test_a_first_checkpoint_of_another_initialisation(tmp_path):
    # As pythia #203: step 1 does not descend from step 0. The layer norm is all ones.
    steps = (0, 1, 2, 4, 8, 16, 32)
    run = save_steps(tmp_path / "run", steps, stride=0.0002)
    assert found(run) == []
    other = save_steps(tmp_path / "other", (0,), seed=5)
    shutil.rmtree(run / "step-000000")
    shutil.copytree(other / "step-000000", run / "step-000000")
    shutil.rmtree(tmp_path / "lake")
    ((step, finding, severity, evidence),) = found(
        run, "step finding severity evidence"
    )
    assert (step, finding, severity) == (0, "foreign_start", "serious")
    assert "does not descend from it" in evidence


@pytest.mark.parametrize("stride", [1e-5, 1e-3, 0.01, 0.05])
def test_a_first_stride_of_any_length_is_no_other_initialisation(tmp_path, stride):
    run = save_steps(tmp_path / "run", (0, 100, 200, 300), stride=stride)
    assert found(run) == []


def test_values_that_are_not_finite_are_named_at_each_step(run):
    name = "h.0.attn.c_proj.weight"
    for step in (800, 900, 1000):
        change(run, step, name, lambda w: np.where(w == w.max(), np.inf, w))
    assert found(run) == [
        (step, "non_finite_tensor", name) for step in (800, 900, 1000)
    ]


def test_a_tensor_that_appears_midway_and_a_change_of_dtype(run):
    name = "h.1.mlp.c_fc.weight"
    for step in range(0, 600, 100):
        drop(run, step, "h.1.attn.c_attn.bias")
    change(run, 700, name, lambda w: w.astype(np.float16))
    rows = found(run)
    assert [row for row in rows if row[1] == "absent_tensor"] == [
        (step, "absent_tensor", "h.1.attn.c_attn.bias") for step in range(0, 600, 100)
    ]
    assert [row for row in rows if row[1] == "changed_dtype"] == [
        (700, "changed_dtype", name),
        (800, "changed_dtype", name),
    ]


def test_a_step_that_is_there_twice(run):
    shutil.copytree(run / "step-000300", run / "step-0300")
    rows = found(run, "step finding evidence")
    assert (
        300,
        "repeated_step",
        "2 checkpoints claim this step: step-000300, step-0300",
    ) in rows


def test_a_second_run_begins_midway(tmp_path):
    run = save_steps(tmp_path / "run", stride=0.0002)
    other = save_steps(tmp_path / "other", seed=5, stride=0.0002)
    for step in range(600, 1200, 100):
        shutil.rmtree(run / f"step-{step:06d}")
        shutil.copytree(other / f"step-{step:06d}", run / f"step-{step:06d}")
    assert found(run) == [(600, "not_descended", None)]
