"""What cannot be run says so by name, leaves nothing behind, and the next goes on."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

from pipeline.errors import SourceError
from pipeline.probes.estimate import count_tokens
from pipeline.probes.stage import PROBE, beside_of
from pipeline.probes.texts import read_probe_set
from pipeline.query import run_sql
from pipeline.sources import discover
from pipeline.stages import StageSettings, Subject, run_stage
from pipeline.warehouse import open_warehouse
from tests.tiny_models import make_tiny_model

SETTINGS = StageSettings(threads=1, memory_bytes=1 << 30)


@pytest.fixture
def models(tmp_path):
    """A sound model, and one whose config asks for another."""
    for name in ("sound", "unsound"):
        make_tiny_model("gpt2").module.save_pretrained(tmp_path / "models" / name)
    path = tmp_path / "models" / "unsound" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"n_embd": 20}))
    return tmp_path / "models"


def texts(folder, *documents):
    path = folder / "tokens.jsonl"
    path.write_text("\n".join(json.dumps({"tokens": one}) for one in documents))
    return path


def run(lake, what, *folders, stage=PROBE):
    with beside_of(what) as beside:
        subjects = [
            Subject(source, beside=beside)
            for folder in folders
            for source in discover(str(folder))
        ]
        return run_stage(stage, subjects, lake, SETTINGS)


def test_the_next_checkpoint_goes_on(models, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    what = texts(tmp_path, [5, 6, 7])
    bad, good = run(lake, what, models / "unsound", models / "sound")
    assert (bad.status, good.status) == ("failed", "measured")
    assert "unsound" in bad.error
    found = run_sql(lake.root, "select distinct model from activations").to_pylist()
    assert found == [{"model": "sound"}]


def test_one_token_has_activations_and_no_prediction(models, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    (ended,) = run(lake, texts(tmp_path, [5]), models / "sound")
    assert ended.status == "measured"
    text = "select n_tokens, n_predictions, loss, loss_stderr from probe_sets"
    assert run_sql(lake.root, text).to_pylist() == [
        {"n_tokens": 1, "n_predictions": 0, "loss": None, "loss_stderr": None}
    ]
    text = "select distinct status, n_values / n_dimensions as n from activations"
    assert run_sql(lake.root, text).to_pylist() == [{"status": "ok", "n": 1.0}]
    assert not run_sql(
        lake.root, "select * from neurons where is_dead or is_always_on"
    ).num_rows


def test_tokens_of_another_tokenizer_are_refused(models, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    (ended,) = run(lake, texts(tmp_path, [5, 4000]), models / "sound")
    assert ended.status == "failed"
    assert "token 4000 is beyond the model's vocabulary of 48" in ended.error
    assert not list((Path(lake.root) / "activations").rglob("model=*/**/*.parquet"))


def test_windows_beyond_the_positions_are_refused(models, tmp_path):
    lake = open_warehouse(tmp_path / "lake")
    stage = PROBE.with_options({"window": 5000})
    what = texts(tmp_path, list(range(3, 40)))
    (ended,) = run(lake, what, models / "sound", stage=stage)
    assert ended.status == "failed"
    assert "positions" in ended.error


@pytest.mark.parametrize("content", [b"", b"  \n\n"])
def test_an_empty_text_is_refused(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="holds no text"):
        read_probe_set(path)


def test_a_file_of_another_encoding_is_refused(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("déjà vu".encode("latin-1"))
    with pytest.raises(SourceError, match=r"is not UTF-8 \(byte 1\)"):
        read_probe_set(path)


def test_bytes_count_as_tokens_where_there_is_no_tokenizer():
    probe_set = read_probe_set(["twelve bytes"])
    assert count_tokens(probe_set, has_tokenizer=False) == 12
    assert count_tokens(probe_set, has_tokenizer=True) == 3
    assert count_tokens(read_probe_set("uniform:4x8"), has_tokenizer=True) == 32
