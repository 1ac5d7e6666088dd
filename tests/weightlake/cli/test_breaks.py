"""Does breaks tell a run's events, and why there are none?"""

import json

import numpy as np
import pytest

from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


def lake(tmp_path, n_steps, make):
    keys = [
        {"model": "run", "revision": f"s{i}", "step": 10 * i} for i in range(n_steps)
    ]
    stats = [
        {**key, "tensor": f"h.{name}", "frobenius_norm": value}
        for name in range(5)
        for key, value in zip(keys, make(np.random.default_rng(name)), strict=True)
    ]
    return tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[key | {"series": "first try"} for key in keys],
        tensors=[{k: row[k] for k in (*keys[0], "tensor")} for row in stats],
        tensor_stats=stats,
    )


def broken(rng):
    values = 20 + rng.standard_normal(30)
    values[12:] += 15
    return values.tolist()


def test_events_and_each_break(tmp_path, capsys):
    root = str(lake(tmp_path, 30, broken))
    asked = ["breaks", "run", "--warehouse", root, "--format", "json"]
    assert main(asked) == 0
    captured = capsys.readouterr()
    (row,) = json.loads(captured.out)
    assert (row["step"], row["agreement"], row["metrics"]) == (120, 1, "frobenius_norm")
    assert captured.err == "run: 1 events\n"
    assert main([*asked, "--metric", "frobenius_norm", "--each"]) == 0
    captured = capsys.readouterr()
    assert [row["tensor"] for row in json.loads(captured.out)].count("h.3") == 1
    assert captured.err == "run: 5 breaks\n"


@pytest.mark.parametrize(
    ("n_steps", "make", "why"),
    [
        (3, lambda rng: rng.standard_normal(3).tolist(), "at most 3 points: too_short"),
        (1, lambda _: [1.0], "at most 1 points: too_short"),
        (20, lambda _: [2.0] * 20, "at most 20 points: constant"),
    ],
)
def test_why_there_is_no_event(tmp_path, capsys, n_steps, make, why):
    root = str(lake(tmp_path, n_steps, make))
    assert main(["breaks", "run", "--warehouse", root]) == 0
    assert f"5 series of frobenius_norm, {why}" in capsys.readouterr().err


def test_a_series_whose_model_is_called_otherwise(tmp_path, capsys):
    root = str(lake(tmp_path, 30, broken))
    assert main(["breaks", "first try", "--warehouse", root]) == 0
    assert capsys.readouterr().err == "first try: 1 events\n"


def test_a_metric_without_a_value(tmp_path, capsys):
    root = str(lake(tmp_path, 20, lambda rng: rng.standard_normal(20).tolist()))
    asked = ["breaks", "run", "--warehouse", root, "--metric"]
    for metric in ("kurtosis", "relative_change"):
        assert main([*asked, metric]) == 0
        err = capsys.readouterr().err
        assert err == f"run: 0 events\n{metric} has no value at any step\n"


def test_what_cannot_be_asked(tmp_path, capsys):
    root = str(lake(tmp_path, 3, lambda rng: rng.standard_normal(3).tolist()))
    assert main(["breaks", "run", "--each", "--warehouse", root]) == 2
    assert "every single break is asked for without a metric" in capsys.readouterr().err
    assert main(["breaks", "rum", "--warehouse", root]) == 2
    assert "no model 'rum'; did you mean run?" in capsys.readouterr().err
