"""Is the model restored, is chance called chance, and is a planted weight found?"""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch
from scipy.stats import chisquare

from pipeline.errors import SourceError, UsageError
from pipeline.metrics.sensitivity.chances import clustered_interval, permutation_p
from pipeline.perturb.candidates import find_candidates, make_strata
from pipeline.perturb.changing import Guard, changed, digest, make_change
from pipeline.perturb.experiment import Bench, Cell, run_cell
from pipeline.perturb.weights import find_weights
from pipeline.probes.capture import make_forward
from pipeline.query import run_sql
from tests.tiny_models import make_tiny_model
from weightlake.cli import main

OWN = """
class Halve:
    def apply_perturbation(self, model, sensitivity):
        for name, parameter in model.named_parameters():
            parameter.mul_(1 - sensitivity[name] / 2)
"""


@pytest.fixture
def weights():
    return find_weights(make_forward(make_tiny_model("llama").module))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_weights_are_restored_after_an_error(weights, error):
    guard, one = Guard(weights), weights[3]
    before = digest(one.parameter)
    change = make_change("gaussian", 2.0, 0, {one.path: 1.0})

    def fail():
        with changed(guard, [(one, np.array([0, 5]))], change) as norm:
            assert norm > 0
            assert digest(one.parameter) != before
            raise error

    with pytest.raises(error):
        fail()
    assert digest(one.parameter) == before
    guard.verify(weights)


def test_a_model_that_is_not_restored_is_used_no_more(weights):
    guard, one = Guard(weights), weights[3]
    picks, change = [(one, np.array([0]))], make_change("sign_flip", 1, 0, {})

    def touch():
        with changed(guard, picks, change):
            one.parameter.data[1] += 1

    with pytest.raises(SourceError, match="not restored bit by bit"):
        touch()
    with pytest.raises(SourceError, match="earlier perturbation was not restored"):
        touch()


@pytest.mark.parametrize(
    ("operation", "scale", "expected"),
    [
        ("sign_flip", 1.0, [-1.0, 2.5]),
        ("scale", 0.5, [1.5, -3.75]),
        ("zero", 1.0, [0.0, 0.0]),
        ("int8", 1.0, [round(127 / 4) * 4 / 127, -79 * 4 / 127]),
        ("int4", 1.0, [2 * 4 / 7, -4 * 4 / 7]),
    ],
)
def test_operations_worked_by_hand(operation, scale, expected):
    weight = SimpleNamespace(path="w", parameter=torch.tensor([1.0, -2.5, 4.0]))
    change = make_change(operation, scale, 0, {"w": 1.0})
    found = change(weight, torch.tensor([1.0, -2.5]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_selectors_keep_what_they_name(weights):
    every = find_candidates(weights)
    assert every.n == sum(one.n_elements for one in weights)
    q = find_candidates(weights, "component=q,layer=0")
    assert [one.at.component for one in q.weights] == ["q"]
    head = find_candidates(weights, "part=q,layer=0,head=1")
    ((one, places),) = head.split(np.arange(head.n))
    rows = np.unique(places // one.parameter.shape[1])
    d = one.parameter.shape[0] // 4
    assert rows.tolist() == list(range(d, 2 * d))
    with pytest.raises(UsageError, match="no weight matches"):
        find_candidates(weights, "layer=99")
    with pytest.raises(UsageError, match="selects nothing"):
        find_candidates(weights, "size=3")


def test_matched_draws_are_of_the_same_tensors_and_deciles(weights):
    candidates = find_candidates(weights)
    counts = np.bincount(candidates.strata[:50], minlength=len(weights) * 10)
    drawn = make_strata(candidates).draw(counts, np.random.default_rng(0))
    found = np.bincount(candidates.strata[drawn], minlength=len(weights) * 10)
    assert (found == counts).all()
    assert len(set(drawn.tolist())) == 50


class MadeJudge:
    """A loss that is linear in the weights, each with a weight of its own."""

    def __init__(self, weights):
        generator = torch.Generator().manual_seed(0)
        self.pairs = [
            (one.parameter, torch.randn(one.parameter.shape, generator=generator))
            for one in weights
        ]

    def losses(self):
        total = sum(float((p.detach() * c).sum()) for p, c in self.pairs)
        return np.array([total, 0.0]), np.array([1.0, 1.0])


def bench_of(weights, scores, seed=0):
    candidates, judge = find_candidates(weights), MadeJudge(weights)
    return Bench(
        Guard(weights), candidates, scores, judge, judge.losses(), {}, seed=seed
    )


def test_random_scores_give_uniform_p_values(weights):
    few = [one for one in weights if one.at.component in {"q", "k"}]
    n, draws, runs = find_candidates(few).n, 4, 150
    p = []
    for seed in range(runs):
        scores = np.random.default_rng(seed).random(n)
        rows = run_cell(
            bench_of(few, scores, seed), Cell("sign_flip", 1, 8), draws=draws, seeds=1
        )
        p.append(rows[0]["p_value"])
    levels = np.round(np.array(p) * (draws + 1)).astype(int)
    counts = np.bincount(levels, minlength=draws + 2)[1:]
    assert counts.sum() == runs
    assert chisquare(counts).pvalue > 0.01


def test_a_planted_weight_is_found(weights):
    judge = MadeJudge(weights)
    _, c = judge.pairs[3]
    c.reshape(-1)[17] = 1e4 * -float(
        np.sign(weights[3].parameter.reshape(-1)[17].item())
    )
    bench = bench_of(weights, np.zeros(find_candidates(weights).n))
    bench = Bench(
        bench.guard, bench.candidates, bench.scores, judge, judge.losses(), {}
    )
    bench.scores[bench.candidates.starts[3] + 17] = 1.0
    rows = run_cell(bench, Cell("sign_flip", 1, 1), draws=39, seeds=1)
    assert rows[0]["arm"] == "top"
    assert rows[0]["p_value"] <= 2 / 40  # a draw of its own decile may hit it


def test_chances_worked_by_hand():
    assert permutation_p(2.0, [1.0, 2.0, 3.0]) == 3 / 4
    assert permutation_p(float("inf"), [1.0]) == 1 / 2
    assert permutation_p(1.0, [float("nan")]) == 1.0
    assert permutation_p(1.0, []) is None
    same = clustered_interval(np.full(9, 2.0), np.full(9, 4.0))
    assert same == (0.5, 0.5)
    assert clustered_interval(np.ones(1), np.ones(1)) is None
    low, high = clustered_interval(np.arange(50.0), np.ones(50))
    half = 1.96 * np.std(np.arange(50)) / 50**0.5
    assert (low, high) == pytest.approx((24.5 - half, 24.5 + half), abs=0.6)


def test_the_stage_from_the_command_line(tmp_path, capsys):
    make_tiny_model("llama").module.save_pretrained(tmp_path / "llama")
    rng = np.random.default_rng(0)
    lines = [f'{{"tokens": {rng.integers(3, 48, 12).tolist()}}}' for _ in range(6)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    command = ["perturb", str(tmp_path / "llama"), "--warehouse", str(tmp_path / "w")]
    command += ["--probe-set", str(tmp_path / "texts.jsonl"), "--draws", "3"]
    command += ["--perturb", "sign_flip", "--perturb", "gaussian", "--topk", "4"]
    assert main([*command, "--select", "component=q", "--format", "json"]) == 0
    assert '"p_value"' in capsys.readouterr().out
    rows = run_sql(
        tmp_path / "w",
        """select operation, arm, count(*) as n, count(distinct selector) as m
        from perturbations group by all""",
    ).to_pylist()
    found = {(row["operation"], row["arm"]): row["n"] / row["m"] for row in rows}
    assert found["sign_flip", "top"] == 1
    assert found["gaussian", "top"] == 5
    assert found["sign_flip", "matched"] == found["gaussian", "norm"] == 3
    assert {arm for _, arm in found} >= {"bottom", "random", "all", "shuffled", "fresh"}
    tested = run_sql(tmp_path / "w", "select p_value, q_value from perturbations")
    assert tested.filter(tested["p_value"].is_valid())["q_value"].null_count == 0
    assert main([*command, "--perturb", "melt"]) != 0
    assert "no operation is called 'melt'" in capsys.readouterr().err
    (tmp_path / "own.py").write_text(OWN)
    own = [*command[:-6], "--draws", "2", "--perturb", f"{tmp_path / 'own.py'}:Halve"]
    assert main([*own, "--topk", "4", "--no-fresh", "--format", "json"]) == 0
    assert '"operation": "Halve"' in capsys.readouterr().out
