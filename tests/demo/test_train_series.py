import csv
import hashlib
import json
import sys
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the demo needs transformers")
from safetensors.numpy import load_file

from demo.train_series import LOG_COLUMNS, Recipe, make_series
from tests.demo.recipes import TINY

STEPS = [0, 3, 6, 9, 12, 15]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo") / "series"
    assert make_series(folder, TINY)
    return folder


def _digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_folders_are_those_of_a_series(series):
    names = sorted(path.name for path in series.iterdir())
    steps = [f"step-{step:06d}" for step in STEPS]
    assert names == ["metrics.csv", "planted.json", *steps]
    for step in steps:
        weights = load_file(series / step / "model.safetensors")
        assert "transformer.h.1.attn.c_attn.weight" in weights
        assert "lm_head.weight" not in weights  # tied to the embedding
        config = json.loads((series / step / "config.json").read_text())
        assert config["architectures"] == ["GPT2LMHeadModel"]
        assert (config["n_layer"], config["tie_word_embeddings"]) == (2, True)


def test_the_log_has_a_row_per_step_and_the_planted_burst(series):
    with (series / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == LOG_COLUMNS
    assert [int(row["step"]) for row in rows] == list(range(1, 16))
    assert all(float(row["loss"]) > 0 for row in rows)
    rates = {int(row["step"]): float(row["learning_rate"]) for row in rows}
    assert [step for step, rate in rates.items() if rate > 1e-3] == [7]
    assert rates[7] == pytest.approx(1e-2)
    assert rates[1] == pytest.approx(1e-3 / 3)


def test_the_planted_events_are_recorded_where_they_first_show(series):
    planted = json.loads((series / "planted.json").read_text())
    assert planted["learning_rate_spike"] == {
        "first_step": 7,
        "last_step": 7,
        "factor": 10.0,
        "first_checkpoint": 9,
    }
    assert planted["data_switch"] == {"first_step": 10, "first_checkpoint": 12}
    assert planted["warmup"] == {"last_step": 3}


def test_every_checkpoint_differs_from_the_one_before(series):
    paths = [series / f"step-{step:06d}" / "model.safetensors" for step in STEPS]
    tensors = [load_file(path)["transformer.wte.weight"] for path in paths]
    for before, after in pairwise(tensors):
        assert np.isfinite(after).all()
        assert not np.array_equal(before, after)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(series, tmp_path):
    assert make_series(tmp_path / "again", TINY)
    assert _digests(tmp_path / "again") == _digests(series)
    other = Recipe(**{**TINY.__dict__, "seed": 1})
    make_series(tmp_path / "other", other)
    name = "step-000015/model.safetensors"
    assert _digests(tmp_path / "other")[name] != _digests(series)[name]


def test_a_finished_series_is_left_alone_and_a_half_finished_one_made_again(tmp_path):
    folder = tmp_path / "series"
    make_series(folder, TINY)
    whole = _digests(folder)
    marker = folder / "planted.json"
    seen = marker.stat().st_mtime_ns
    assert not make_series(folder, TINY)
    assert marker.stat().st_mtime_ns == seen

    marker.unlink()
    (folder / "step-000015" / "model.safetensors").write_bytes(b"cut off")
    (folder / ".step-000018.partial").mkdir()
    assert make_series(folder, TINY)
    assert _digests(folder) == whole


def test_another_recipe_trains_again(tmp_path):
    folder = tmp_path / "series"
    make_series(folder, TINY)
    fewer = Recipe(**{**TINY.__dict__, "n_checkpoints": 4})
    assert make_series(folder, fewer)
    assert not (folder / "step-000015").exists()


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not delete")
    with pytest.raises(FileExistsError, match=r"thesis\.txt, which is no part"):
        make_series(tmp_path, TINY)
    assert (tmp_path / "thesis.txt").read_text() == "do not delete"


def test_the_process_keeps_its_own_settings_and_random_state(series, tmp_path):
    torch = sys.modules["torch"]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    make_series(tmp_path / "series", TINY)
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert series.exists()
