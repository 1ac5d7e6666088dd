"""Do our rules find what they are for, at its step, and nothing in a quiet run?"""

import numpy as np
import pytest

from pipeline.errors import QueryError, UsageError
from pipeline.query.kept import keep_connections
from pipeline.query.rules import ask_rule, list_rules
from pipeline.refs import CheckpointSource, ModelRef
from tests.tiny_warehouse import tiny_warehouse

N_STEPS, N_TENSORS, JUMP, DRIFT = 44, 12, 16, 30
RULES = {rule.name: rule for rule in list_rules()}


def alarms(root, series, rule, steps=range(N_STEPS)):
    """(step, evidence) of each alarm of the rule."""
    found = []
    with keep_connections():
        for step in steps:
            ref = ModelRef(series, f"s{step}")
            source = CheckpointSource(ref, "x", "local", series, step)
            said = ask_rule(root, RULES[rule], source)
            found += [(step, each.evidence) for each in said]
    return found


def walk(rng, *, jumps=False, drifts=False):
    """Norms along a run whose steps get smaller."""
    moves = 0.02 * rng.standard_normal(N_STEPS) / np.sqrt(1 + np.arange(N_STEPS))
    if jumps:
        moves[JUMP] = 0.1
    if drifts:
        moves[DRIFT:] += 0.02
    return np.cumsum(moves)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    keys, stats, heads = [], [], []
    runs = {"quiet": {}, "jump": {"jumps": True}, "drift": {"drifts": True}}
    for series, planted in runs.items():
        own = [
            {"model": series, "revision": f"s{i}", "step": i} for i in range(N_STEPS)
        ]
        keys += [key | {"series": series, "digest": f"{key}"} for key in own]
        for name in range(N_TENSORS):
            rng = np.random.default_rng(name)
            norms, means, extremes = (walk(rng, **planted) for _ in range(3))
            stats += [
                {
                    **key,
                    "tensor": f"h.{name}",
                    "digest": f"{series} {name} {key['step']}",
                    "frobenius_norm": 10 * np.exp(norm),
                    "mean": mean,
                    "std": 1.0,
                    "abs_max": 5 + extreme,
                    "zero_fraction": 0.0,
                    "n_nan": 0,
                    "n_pos_inf": 0,
                    "n_neg_inf": 0,
                    "n_elements": 100,
                }
                for key, norm, mean, extreme in zip(
                    own, norms, means, extremes, strict=True
                )
            ]
        heads += [
            {
                **key,
                "tensor": "h.0",
                "attention": "self",
                "kind": "ov",
                "head": head,
                "frobenius_norm": 1e-4 if head == 3 and key["step"] >= 5 else 1.0,
            }
            for key in own[:8]
            for head in range(4)
        ]
    names = ("model", "revision", "step", "tensor", "digest", "n_elements")
    return tiny_warehouse(
        tmp_path_factory.mktemp("lake"),
        checkpoints=keys,
        tensors=[{name: row[name] for name in names} | {"layer": 0} for row in stats],
        tensor_stats=[
            {k: v for k, v in row.items() if k not in {"n_elements", "digest"}}
            for row in stats
        ],
        circuits=heads,
    )


@pytest.mark.parametrize("rule", ["jump", "drift", "copied", "not_finite"])
def test_nothing_is_wrong_with_a_quiet_run(root, rule):
    assert alarms(root, "quiet", rule, (12, 26, 43)) == []


def test_a_jump_is_found_at_its_step_alone(root):
    ((step, evidence),) = alarms(root, "jump", "jump", range(JUMP - 1, JUMP + 3))
    assert step == JUMP
    assert "12 tensors" in evidence


def test_a_drift_is_found_once_and_soon(root):
    ((step, _),) = alarms(root, "drift", "drift", range(DRIFT - 1, DRIFT + 9))
    assert DRIFT <= step <= DRIFT + 8


def test_a_head_that_stops_writing_is_named_once(root):
    assert alarms(root, "quiet", "dead_heads", (4, 5, 6)) == [
        (5, "heads that write nothing any more: 0.3")
    ]


def test_a_rule_about_series_is_silent_without_one(root):
    source = CheckpointSource(ModelRef("quiet", "s9"), "x", "local")
    assert ask_rule(root, RULES["jump"], source) == []


def test_a_rule_of_ones_own_replaces_ours_and_is_checked(root, tmp_path):
    (tmp_path / "jump.sql").write_text("select 'huge' as severity")
    source = CheckpointSource(ModelRef("quiet", "s9"), "x", "local", "quiet", 9)
    own = {rule.name: rule for rule in list_rules([tmp_path])}
    assert set(own) == set(RULES)
    with pytest.raises(QueryError, match="severity is 'huge'"):
        ask_rule(root, own["jump"], source)


def test_a_rule_that_needs_what_no_checkpoint_has_is_refused(tmp_path):
    (tmp_path / "own.sql").write_text("select $limit as x")
    with pytest.raises(UsageError, match="needs limit"):
        list_rules([tmp_path])
    with pytest.raises(QueryError, match="not there"):
        list_rules([tmp_path / "absent"])
