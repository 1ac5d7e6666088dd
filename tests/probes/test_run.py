"""Are rows of a streamed run those of all activations at once?"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

import weightlake as wl
from pipeline.errors import UsageError
from pipeline.probes.capture import observe
from pipeline.probes.probe_set import make_batches, tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.stage import PROBE, beside_of
from pipeline.probes.texts import ProbeSet
from pipeline.query import run_query, run_sql
from pipeline.sources import discover
from pipeline.stages import StageSettings, Subject, run_stage
from pipeline.warehouse import open_warehouse
from tests.probes.runs import MIXTURES, Recorder, forward_of
from tests.tiny_models import make_tiny_model
from weightlake.cli import main

FAMILIES = ("gpt2", "llama", "gemma2", "opt", "mixtral", "bert", "t5", "bart", "bloom")
WHOLE = ProbeParameters(batch_tokens=64)


def tokens_of(seed=0, n_documents=12, window=None, stride=None):
    rng = np.random.default_rng(seed)
    documents = tuple(
        tuple(rng.integers(3, 48, int(n)).tolist())
        for n in rng.integers(3, 40, n_documents)
    )
    probe_set = ProbeSet("made", documents, window=window, stride=stride)
    return tokenise(probe_set, None, vocabulary_size=48, max_positions=32)


def by_site(rows):
    return {(row["module"], row["site"]): row for row in rows}


@pytest.mark.parametrize("name", FAMILIES)
def test_streams_equal_the_statistics_of_everything(name):
    forward, tokens = forward_of(name), tokens_of()
    ran = run_probe(forward, tokens, WHOLE)
    kinds = ("block_output", "mlp_activation", "linear_input", "attention_output")
    recorder = Recorder(*kinds)
    for batch in make_batches(tokens, n_tokens=1000):
        observe(forward, batch, [recorder])
    rows = by_site(ran.tables["activations"])
    assert recorder.seen
    for site, parts in recorder.seen.items():
        full = torch.cat(parts).double().numpy()
        row = rows[site.path, site.kind]
        assert row["n_values"] == full.size == tokens.n_tokens * row["n_dimensions"]
        for key, value in (
            ("mean", full.mean()),
            ("std", full.std()),
            ("rms", np.sqrt((full**2).mean())),
            ("min", full.min()),
            ("max", full.max()),
            ("positive_fraction", (full > 0).mean()),
        ):
            assert row[key] == pytest.approx(value, rel=1e-4, abs=1e-6), key
        assert sum(row["counts"]) == full.size


@pytest.mark.parametrize("name", ["llama", "bart", "mixtral"])
def test_batches_of_any_size_leave_the_same_rows(name):
    forward, tokens = forward_of(name), tokens_of(window=16, stride=5)
    one = run_probe(forward, tokens, ProbeParameters(batch_tokens=16)).tables
    many = run_probe(forward, tokens, ProbeParameters(batch_tokens=500)).tables
    assert {k: len(v) for k, v in one.items()} == {k: len(v) for k, v in many.items()}
    for a, b in zip(one["block_activations"], many["block_activations"], strict=True):
        for key in ("cosine", "update_share", "lens_kl", "lens_loss"):
            assert (key in a) == (key in b)  # an encoder's blocks have no lens
            if key in a:
                assert a[key] == pytest.approx(b[key], rel=1e-3, abs=1e-6)
        assert a["n_tokens"] == b["n_tokens"]
    first, other = one["probe_sets"][0], many["probe_sets"][0]
    assert first["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert first["n_predictions"] == other["n_predictions"]


def test_neurons_have_their_tokens_in_context():
    forward, tokens = forward_of("gpt2"), tokens_of()
    rows = run_probe(forward, tokens, WHOLE).tables["neurons"]
    recorder = Recorder("mlp_activation")
    numbers = []
    for batch in make_batches(tokens, n_tokens=64):
        observe(forward, batch, [recorder])
        numbers += batch.tokens.reshape(-1)[batch.flat].tolist()
    site = next(one for one in recorder.seen if one.layer == 1)
    full = torch.cat(recorder.seen[site]).numpy()
    own = [r for r in rows if r["module"] == site.path and r["site"] == site.kind]
    assert [row["neuron"] for row in own] == list(range(full.shape[1]))
    for j in (0, 5):
        best = np.sort(full[:, j])[::-1][:5]
        np.testing.assert_allclose(own[j]["top_values"], best, rtol=1e-5)
        token = chr(numbers[int(full[:, j].argmax())])
        assert own[j]["top_tokens"][0] == token
        assert f"⟦{token}⟧" in own[j]["top_contexts"][0]


def test_neurons_have_their_mean_magnitude_by_position():
    forward, tokens = forward_of("gpt2"), tokens_of()
    rows = run_probe(forward, tokens, WHOLE).tables["neurons"]
    recorder, places = Recorder("mlp_activation"), []
    for batch in make_batches(tokens, n_tokens=64):
        observe(forward, batch, [recorder])
        places.append(batch.positions[batch.counted])
    site = next(one for one in recorder.seen if one.layer == 1)
    full, at = torch.cat(recorder.seen[site]), torch.cat(places)
    own = [r for r in rows if r["module"] == site.path and r["site"] == site.kind]
    assert own[5]["position_first"] == [0, 1, 2, 3, 4, 8, 16]
    for first, last, k in ((0, 0, 0), (3, 3, 3), (8, 15, 5)):
        is_there = (at >= first) & (at <= last)
        for row in (own[0], own[5]):
            value = full[is_there, row["neuron"]].abs().double().mean().item()
            assert row["position_mean_abs"][k] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", MIXTURES)
def test_every_token_is_sent_to_its_experts(name):
    tokens = tokens_of()
    rows = run_probe(forward_of(name), tokens, WHOLE).tables["expert_activations"]
    for layer in (0, 1):
        own = [row for row in rows if row["layer"] == layer]
        assert sum(row["n_chosen"] for row in own) == 2 * tokens.n_tokens
        assert sum(row["load"] for row in own) == pytest.approx(2)


def test_an_untrained_model_has_nothing_to_announce():
    n_sites = 0
    for name in ("gpt2", "llama", "opt", "bert"):
        for seed in range(3):
            torch.manual_seed(seed)
            tables = run_probe(forward_of(name), tokens_of(seed), WHOLE).tables
            for row in tables["activations"]:
                n_sites += 1
                assert row["n_massive"] == 0
            assert not any(row.get("is_dead") for row in tables["neurons"])
    assert n_sites > 100


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "tiny"
    make_tiny_model("llama").module.save_pretrained(folder)
    return folder


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers.jsonl"
    path.write_text('{"tokens": [5, 6, 7, 8, 9]}\n{"tokens": [9, 8, 40]}\n')
    return path


def run(model, lake, what, **options):
    with beside_of(what) as beside:
        (source,) = discover(str(model))
        stage = PROBE.with_options(options)
        settings = StageSettings(threads=1, memory_bytes=1 << 30)
        return run_stage(stage, [Subject(source, beside=beside)], lake, settings)[0]


def test_a_run_is_written_once_and_asked_in_sql(model, numbers, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    assert run(model, lake, numbers).status == "measured"
    assert run(model, lake, numbers).status == "unchanged"
    assert run(model, lake, numbers, cka=False).status == "measured"
    rows = run_query(lake.root, "behaviour", {"model": "tiny"}).to_pylist()
    assert [row["layer"] for row in rows] == [0, 1, 0, 1]
    sets = run_sql(lake.root, "select n_tokens, notes from probe_sets").to_pylist()
    assert sets == [{"n_tokens": 8, "notes": None}] * 2


def test_what_cannot_be_run_fails_by_name_and_writes_nothing(model, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    outcome = run(model, lake, ["a text, but no tokenizer"])
    assert outcome.status == "failed"
    assert "no tokenizer" in outcome.error
    assert not list((Path(lake.root) / "probe_sets").rglob("model=tiny/**/*.parquet"))


def test_a_model_of_nan_runs_and_says_so(numbers, tmp_path):
    module = make_tiny_model("llama").module
    folder = tmp_path / "broken"
    module.save_pretrained(folder)
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    state = load_file(path)
    state["model.layers.1.mlp.up_proj.weight"][:] = float("nan")
    save_file(state, path, metadata={"format": "pt"})
    lake = open_warehouse(tmp_path / "lake")
    assert run(folder, lake, numbers).status == "measured"
    text = "select distinct layer, status from activations where site = 'block_output'"
    found = run_sql(lake.root, f"{text} order by layer").to_pylist()
    assert [row["status"] for row in found] == ["ok", "non_finite"]
    assert run_sql(lake.root, "select loss from probe_sets").to_pylist() == [
        {"loss": None}
    ]


def test_the_verb(model, numbers, tmp_path, capsys):
    lake = str(tmp_path / "lake")
    given = ["probe", str(model), "--probe-set", str(numbers), "--warehouse", lake]
    assert main([*given, "--estimate"]) == 0
    assert "MiB" in capsys.readouterr().err
    assert main([*given, "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("model,revision,probe_set,stack,layer")
    assert "measured: tiny@main on numbers" in err
    assert main(["probe", str(model), "--warehouse", lake]) == 3
    assert "no tokenizer" in capsys.readouterr().err


def test_the_method(model, numbers, tmp_path):
    lake = wl.open(tmp_path / "lake")
    ended = lake.probe(model, probe_set=numbers, threads=1)
    assert ended.frame["status"].to_list() == ["measured"]
    assert ended.rows.equals(lake.query("behaviour", model="tiny"))
    assert lake.probe(model).has_failed == [True]  # it has no tokenizer


def test_more_memory_than_allowed_is_refused_first(model, numbers, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    (source,) = discover(str(model))
    with beside_of(numbers) as beside:
        subject = Subject(source, beside=beside)
        (outcome,) = run_stage(
            PROBE, [subject], lake, StageSettings(threads=1, memory_bytes=1 << 20)
        )
    assert outcome.status == "failed"
    assert "1 MiB are allowed" in outcome.error


def test_an_option_that_is_none_is_refused():
    with pytest.raises(UsageError, match="has no option 'lense'"):
        PROBE.with_options({"lense": True})
