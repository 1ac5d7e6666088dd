"""Query `correlate_scores`: metrics of weights against a user's file of scores."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipeline.errors import QueryError
from pipeline.query import run_query
from tests.sql.small_zoo import ask, at, place, spectrum
from tests.tiny_warehouse import tiny_warehouse

COLUMNS = "family metric aggregate n_checkpoints n_models spearman kendall p_value"


def zoo_of(root, values, *, families=None, steps=None):
    """A model each of two matrices, whose stable ranks are v and v + 2."""
    names = [f"org/m{i}" for i in range(len(values))]
    if steps:
        names = ["org/run"] * len(values)
    revisions = [f"step-{s}" for s in steps] if steps else ["main"] * len(values)
    places = [place("a", (2, 2)), place("b", (2, 2), position=1)]
    tables = {"checkpoints": [], "tensors": [], "spectra": []}
    for i, (name, revision) in enumerate(zip(names, revisions, strict=True)):
        more = {"step": steps[i]} if steps else {}
        family = families[i] if families else "gpt2"
        rows = [
            spectrum(t, [1], (2, 2), stable_rank=values[i] + add)
            for t, add in (("a", 0), ("b", 2))
        ]
        tables["checkpoints"] += at([{"family": family}], name, revision, **more)
        tables["tensors"] += at(places, name, revision, **more)
        tables["spectra"] += at(rows, name, revision, **more)
    return tiny_warehouse(root / "warehouse", **tables)


def correlate(root, scores, columns=COLUMNS, **params):
    params = {"scores": scores, "metric": "stable_rank"} | params
    table = run_query(
        root, "correlate_scores", {k: str(v) for k, v in params.items()}
    ).to_pylist()
    return [tuple(row[word] for word in columns.split()) for row in table]


def save(path, **columns):
    frame = pl.DataFrame(columns)
    write = frame.write_csv if path.suffix == ".csv" else frame.write_parquet
    write(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_by_hand(tmp_path, suffix):
    root = zoo_of(tmp_path, [1.0, 2.0, 3.0])
    scores = save(
        tmp_path / f"scores.{suffix}",
        model=["m0", "m1", "org/m2", "unknown"],
        value=[0.1, 0.3, 0.2, 0.9],
    )
    found = correlate(root, scores, min_checkpoints=3)
    # Ranks 1 2 3 and 1 3 2: ρ = 1/2, and of three points p = arccos(ρ) / (π/2).
    agreed = (3, 3, pytest.approx(0.5), pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert found == [
        (None, "stable_rank", aggregate, *agreed)
        for aggregate in ("max", "mean", "median")
    ]


def test_agreement_with_scipy_and_q_values(tmp_path):
    rng = np.random.default_rng(3)
    values = rng.normal(5, 1, size=20)
    right = values + rng.normal(size=20) / 3
    noise = rng.normal(size=20)
    root = zoo_of(tmp_path, values.tolist())
    names = [f"m{i}" for i in range(20)]
    scores = save(
        tmp_path / "scores.csv",
        model=names * 2,
        task=["right"] * 20 + ["noise"] * 20,
        value=[*right, *noise],
    )
    columns = "task aggregate spearman p_value q_value"
    found = {row[:2]: row[2:] for row in correlate(root, scores, columns)}
    expected = {
        t: stats.spearmanr(values, y) for t, y in (("right", right), ("noise", noise))
    }
    ps = [expected[task].pvalue for task, _ in found]
    for ((task, _), row), q in zip(
        found.items(), stats.false_discovery_control(ps), strict=True
    ):
        assert row[0] == pytest.approx(expected[task].statistic)
        assert row[1] == pytest.approx(expected[task].pvalue, rel=1e-4)
        assert row[2] == pytest.approx(q, rel=1e-4)


def test_a_family_may_say_the_opposite(tmp_path):
    # Within each family the order is reversed, over both it is not.
    families = ["gpt2"] * 5 + ["llama"] * 5
    root = zoo_of(tmp_path, [5.0, 4, 3, 2, 1, 15, 14, 13, 12, 11], families=families)
    scores = save(
        tmp_path / "s.csv", model=[f"m{i}" for i in range(10)], value=range(10)
    )
    found = correlate(root, scores, "family aggregate spearman n_checkpoints")
    means = {row[0]: row[2:] for row in found if row[1] == "mean"}
    assert means["gpt2"] == (pytest.approx(-1), 5)
    assert means["llama"] == (pytest.approx(-1), 5)
    # Σd² = 2·(16 + 4 + 0 + 4 + 16): 1 − 6·80/990.
    assert means[None] == (pytest.approx(1 - 6 * 80 / 990), 10)


def test_only_order_matters(tmp_path):
    scores = save(tmp_path / "s.csv", model=[f"m{i}" for i in range(6)], value=range(6))
    values = [3.0, 1, 4, 1.5, 9, 2.6]
    plain = correlate(zoo_of(tmp_path / "a", values), scores)
    scaled = correlate(zoo_of(tmp_path / "b", [1e6 * v for v in values]), scores)
    assert [row[:5] for row in plain] == [row[:5] for row in scaled]
    for one, other in zip(plain, scaled, strict=True):
        assert one[5:] == pytest.approx(other[5:])


def test_steps_of_a_run_are_joined_and_get_no_p(tmp_path):
    steps = [0, 1, 2, 4, 8, 16]
    root = zoo_of(tmp_path, [1.0, 2, 3, 4, 5, 6], steps=steps)
    scores = save(
        tmp_path / "s.csv",
        model=["run"] * 7,
        step=[*steps, 32],
        value=[0, 1, 2, 3, 4, 5, 9],
    )
    assert correlate(root, scores) == []  # one model is one point
    found = correlate(root, scores, every_step="true")
    assert found[0] == (None, "stable_rank", "max", 6, 1, 1.0, 1.0, None)


def test_a_score_without_step_is_that_of_the_usual_revision(tmp_path):
    root = zoo_of(tmp_path, [1.0, 2, 3], steps=[0, 10, 20])
    scores = save(tmp_path / "s.csv", model=["run"], value=[0.5])
    columns = "n_checkpoints n_models spearman"
    found = correlate(root, scores, columns, every_step="true", min_checkpoints=1)
    assert found == [(1, 1, None)] * 3


def test_files_that_hold_no_scores_are_refused(tmp_path):
    root = zoo_of(tmp_path, [1.0])
    with pytest.raises(QueryError, match=r"there is no file '.*gone\.csv'.*It is: CSV"):
        ask(root, "correlate_scores", scores=tmp_path / "gone.csv")
    other = save(tmp_path / "other.csv", name=["m0"], value=[1.0])
    with pytest.raises(QueryError, match=r"model.* not found"):
        ask(root, "correlate_scores", scores=other)


def test_scores_of_a_run_join_by_model_and_step(tmp_path):
    root = zoo_of(tmp_path, [1.0, 2.0, 4.0], steps=[0, 1000, 2000])
    scores = save(
        tmp_path / "scores.csv",
        model=["run", "run", "run", "other", "run"],
        step=[0, 2000, 2000, 2000, 5000],
        task=["arc", "arc", "piqa", "arc", "arc"],
        metric=["acc"] * 5,
        value=[0.25, 0.4, 0.7, 0.9, 0.5],
    )
    asked = {"scores": str(scores), "metric": "stable_rank"}
    rows = run_query(root, "scores", asked).to_pylist()
    words = "model revision step task score score_value metric value n_tensors"
    # The median of v and v + 2; step 5000 is not in the warehouse.
    assert [tuple(row[word] for word in words.split()) for row in rows] == [
        ("org/run", "step-0", 0, "arc", "acc", 0.25, "stable_rank", 2.0, 2),
        ("org/run", "step-2000", 2000, "arc", "acc", 0.4, "stable_rank", 5.0, 2),
        ("org/run", "step-2000", 2000, "piqa", "acc", 0.7, "stable_rank", 5.0, 2),
    ]
    (piqa,) = run_query(root, "scores", asked | {"task": "piqa"}).to_pylist()
    assert piqa["score_value"] == 0.7
    # Without a value of the metric the scores still show.
    asked["metric"] = "kurtosis"
    assert [row["value"] for row in run_query(root, "scores", asked).to_pylist()] == [
        None
    ] * 3
