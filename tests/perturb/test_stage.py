"""Does a checkpoint's sensitivity reach its tables, however it is asked?"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import transformers

import weightlake as wl
from pipeline.query import run_sql
from tests.tiny_models import make_tiny_model
from weightlake.cli import main

OWN = """
def plain(model, inputs, **options):
    model(**inputs).loss.backward()
    return {n: p.grad * p.detach() for n, p in model.named_parameters()}
"""


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    file = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    rng = np.random.default_rng(0)
    lines = [f'{{"tokens": {rng.integers(3, 48, 20).tolist()}}}' for _ in range(6)]
    file.write_text("\n".join(lines))
    return file


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    make_tiny_model("llama").module.save_pretrained(folder)
    return folder


def test_the_stage_writes_its_tables(checkpoint, texts, tmp_path, capsys):
    (tmp_path / "own.py").write_text(OWN)
    wanted = ["abs_grad_x_weight", "grad_x_weight", "snip", "hutchinson_diag", "wanda"]
    metrics = [*wanted, f"{tmp_path / 'own.py'}:plain"]
    asked = [one for metric in metrics for one in ("--metric", metric)]
    lake = tmp_path / "lake"
    command = ["sensitivity", str(checkpoint), "--probe-set", str(texts)]
    command += [*asked, "--topk", "7", "--probes", "4", "--warehouse", str(lake)]
    assert main([*command, "--format", "json"]) == 0
    assert '"rank": 1' in capsys.readouterr().out
    rows = run_sql(
        lake,
        """select metric, count(*), sum(share), sum(score_abs_sum), sum(n_elements)
        from sensitivities where n_values > 0 group by metric order by metric""",
    ).to_pylist()
    found = {row["metric"]: list(row.values())[1:] for row in rows}
    assert set(found) == {*wanted, "plain"}
    for metric, (n, share, total, size) in found.items():
        assert share == pytest.approx(1)
        assert n == (14 if metric == "wanda" else 21), metric
        assert total == pytest.approx(1) or metric != "snip"
        assert size > 0
    assert found["plain"][2] == pytest.approx(found["grad_x_weight"][2], rel=1e-4)
    tops = run_sql(
        lake,
        """select count(rank_global) as g, count(rank_layer) as l, count(rank_head) as h
        from critical_weights where metric = 'snip'""",
    ).to_pylist()[0]
    assert (tops["g"], tops["l"]) == (7, 14)
    heads = make_tiny_model("llama").config
    n_parts = 2 * heads["num_attention_heads"] + 2 * heads["num_key_value_heads"]
    assert tops["h"] == heads["num_hidden_layers"] * n_parts * 10
    main(command)
    assert "unchanged" in capsys.readouterr().err


def test_bad_options_are_refused(checkpoint, texts, tmp_path, capsys):
    command = ["sensitivity", str(checkpoint), "--probe-set", str(texts)]
    command += ["--warehouse", str(tmp_path)]
    for asked, message in (
        (["--topk", "0"], "topk is 0. Give 1 or more"),
        (["--metric", "none"], "no sensitivity metric is called 'none'"),
        (["--memory", "64MiB", "--batch-tokens", "999999"], "64 MiB are allowed"),
    ):
        assert main([*command, *asked]) in {1, 2, 3}
        assert message in capsys.readouterr().err
    many = ["--topk", "1000000000", "--metric", "magnitude"]
    assert main([*command, *many]) == 0
    notes = run_sql(tmp_path, "select count(*) as n from critical_weights").to_pylist()
    module = make_tiny_model("llama").module
    n_weights = sum(int(p.count_nonzero()) for p in module.parameters())
    assert notes[0]["n"] == n_weights


def test_a_model_without_a_head_says_so(texts, tmp_path):
    config = make_tiny_model("bert").module.config
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    lake = wl.open(tmp_path / "lake")
    lake.sensitivity(
        tmp_path / "bert", probe_set=texts, metrics=["fisher", "wanda", "random"]
    )
    counts = run_sql(
        lake.root, "select distinct metric, status from sensitivities"
    ).to_pylist()
    by = {(row["metric"], row["status"]) for row in counts}
    assert by == {
        ("fisher", "no_head"),
        ("random", "ok"),
        ("wanda", "ok"),
        ("wanda", "no_input"),
    }
