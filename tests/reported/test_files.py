"""Files that public reports saw misread, all measured by one command: what is found?

The layouts are those of the reports; docs/formats.md names the rules that read them.
"""

import io
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from pipeline.exit_codes import SOME_FAILED
from pipeline.tables import CHECKPOINTS, TENSOR_STATS, TENSORS, TRAINING_LOG
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of
from tests.reported import codes, prefixed, weights
from weightlake.cli import main

CODED = ("scaled", "sparse", "hqq", "removed_types")
FOLDERS = (
    *("consolidated", "placeholders", "distributed", "plain_data", "lightning"),
    *("pruned", "averaged", "split", "foreign", "rank_files"),
)


@dataclass(frozen=True)
class Zoo:
    """What one command answered: its code and stderr, rows by tensor, and truths."""

    root: Any
    lake: Any
    code: int
    said: str
    tensors: dict
    checkpoints: dict
    truths: dict

    def row(self, model, name, revision="main"):
        return self.tensors[model, revision, name]

    def names(self, model, status="ok"):
        """The tensors of a model with a status."""
        rows = self.tensors.values()
        return {
            r["tensor"] for r in rows if (r["model"], r["status"]) == (model, status)
        }


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    root, lake = tmp_path_factory.mktemp("zoo"), tmp_path_factory.mktemp("lake")
    truths = {"mlx": codes.mlx(root)}
    truths |= {name: getattr(codes, name)(root / name) for name in CODED}
    truths |= {name: getattr(weights, name)(root / name) for name in FOLDERS}
    prefixed.save(root / "prefixed")
    said = io.StringIO()
    command = ["extract", str(root), "--warehouse", str(lake), "--families", "entries"]
    with redirect_stderr(said):
        code = main(command)
    warehouse = open_warehouse(lake)
    stats = {keys(row): row for row in rows_of(warehouse, TENSOR_STATS)}
    rows = {keys(r): r | stats.get(keys(r), {}) for r in rows_of(warehouse, TENSORS)}
    kept = {(r["model"], r["revision"]): r for r in rows_of(warehouse, CHECKPOINTS)}
    return Zoo(root, lake, code, said.getvalue(), rows, kept, truths)


def keys(row):
    return row["model"], row["revision"], row["tensor"]


def assert_measured(row, truth):
    """The row is of the decoded values, in the shape of the weight."""
    assert row["status"] == "ok"
    assert row["logical_shape"] or row["shape"] == "×".join(map(str, truth.shape))
    assert row["std"] == pytest.approx(truth.std(), rel=1e-4)
    assert row["zero_fraction"] == pytest.approx((truth == 0).mean())


@pytest.mark.parametrize("model", ["mlx-old", "mlx-new"])
def test_mlx_words_are_decoded_under_either_key(zoo, model):
    assert_measured(zoo.row(model, f"{codes.Q}.weight"), zoo.truths["mlx"])
    assert zoo.names(model) == {f"{codes.Q}.weight", "model.norm.weight"}
    assert zoo.names(model, "side") == {f"{codes.Q}.scales", f"{codes.Q}.biases"}


def test_a_scale_of_any_name_scales_its_codes(zoo):
    weight = "blocks.0.self_attn.q.weight"
    assert_measured(zoo.row("scaled", weight), zoo.truths["scaled"])
    beside = {"blocks.0.self_attn.q.scale_weight", "scaled_fp8"}
    assert zoo.names("scaled", "side") == beside
    assert zoo.row("scaled", "scaled_fp8")["reason"] == "empty: a mark of its format"


def test_half_of_the_values_and_a_bitmask_are_one_weight(zoo):
    assert_measured(zoo.row("sparse", f"{codes.Q}.compressed"), zoo.truths["sparse"])
    sides = {f"{codes.Q}.bitmask", f"{codes.Q}.shape"}
    assert zoo.names("sparse", "side") == sides


def test_no_scale_or_setting_of_hqq_is_a_weight(zoo):
    assert_measured(zoo.row("hqq", f"{codes.Q}.W_q"), zoo.truths["hqq"])
    assert zoo.names("hqq") == {f"{codes.Q}.W_q"}
    assert len(zoo.names("hqq", "side")) == 8


@pytest.mark.parametrize("kind", [31, 36, 156])
def test_an_unknown_type_of_gguf_costs_its_tensor(zoo, kind):
    model = f"type-{kind}"
    assert zoo.names(model) == {"blk.0.attn_v.weight"}
    assert f"GGML type {kind}" in zoo.row(model, "blk.0.attn_q.weight")["reason"]


def test_parts_of_meta_are_one_model(zoo):
    for name, truth in zoo.truths["consolidated"].items():
        assert_measured(zoo.row("consolidated", name), truth)
    assert "consolidated@main: joined from 2 tensor-parallel files" in zoo.said


def test_placeholders_are_no_weights_and_say_what_makes_some(zoo):
    lines = [line for line in zoo.said.splitlines() if "zero_to_fp32.py" in line]
    failed = {line.partition(": ")[2].partition(":")[0] for line in lines}
    assert failed == {"checkpoint-100@global_step100", "lora@main"}
    assert zoo.code == SOME_FAILED


def test_distributed_steps_are_read_beside_a_converted_one(zoo):
    name = "layers.0.attention.wq.weight"
    for step, truth in zoo.truths["distributed"].items():
        assert_measured(zoo.row("distributed", name, f"step-{step}"), truth)


@pytest.mark.parametrize(
    "file", ["best_acc", "args", "hyper_parameters", "bytesio", "ndarray"]
)
def test_plain_data_hides_no_weights(zoo, file):
    truth = codes.draw(32, 32)
    assert_measured(zoo.row(file, "layers.0.fc.weight"), truth)


def test_a_lightning_run_is_a_series_with_its_log(zoo):
    steps = {
        r: row["step"] for (m, r), row in zoo.checkpoints.items() if m == "lightning"
    }
    assert steps == {f"epoch={e}-step={100 * e + 100}": 100 * e + 100 for e in range(3)}
    log = rows_of(open_warehouse(zoo.lake), TRAINING_LOG)
    losses = {r["step"]: r["value"] for r in log if r["metric"] == "train_loss"}
    assert losses == {99: 3, 199: 2, 299: 1}
    assert ("epoch=1-step=200-v1", "main") in zoo.checkpoints
    assert "epoch=1-step=200-v1.ckpt, beside steps" in zoo.said


def test_a_pruned_weight_is_measured_with_its_mask(zoo):
    assert_measured(zoo.row("pruned", "fc.weight_orig"), zoo.truths["pruned"])
    assert zoo.row("pruned", "fc.weight_mask")["status"] == "side"


@pytest.mark.parametrize("model", ["v1-5-pruned", "sd-full-ema"])
def test_an_average_counts_no_parameters(zoo, model):
    assert zoo.checkpoints[model, "main"]["n_parameters"] == 4 * (32 * 32 + 32)
    skipped = zoo.names(model, "skipped")
    reasons = {zoo.row(model, name)["reason"] for name in skipped}
    assert reasons == {"ema_copy", "training_state"}


def test_a_split_gguf_is_one_model_and_an_imatrix_none(zoo):
    assert zoo.names("m-Q8") == {"blk.0.attn_q.weight"}
    assert zoo.names("mmproj-m-F32") == {"mm.0.weight"}
    assert not zoo.names("imatrix")
    assert "no weights by their first bytes" in zoo.said


def test_rank_files_are_refused_as_one(zoo):
    refused = [x for x in zoo.said.splitlines() if "verl.model_merger" in x]
    assert len(refused) == 1
    assert not zoo.names("model_world_size_2_rank_0")


@pytest.mark.parametrize("name", weights.FOREIGN)
def test_a_foreign_folder_is_named_and_ends_no_run(zoo, name, capsys):
    file = weights.FOREIGN[name]
    assert file in zoo.said
    assert zoo.names("npz") == {"layers.0.w"}
    lake = str(zoo.lake / "alone")
    alone = main(["extract", str(zoo.root / "foreign" / name), "--warehouse", lake])
    assert alone == SOME_FAILED
    said = capsys.readouterr().err
    assert file in said
    assert "safetensors" in said or "untar" in said.lower()


@pytest.mark.parametrize("model", prefixed.FILES)
def test_roles_survive_the_prefixes_of_wrappers(zoo, model):
    found = {
        r["tensor"]: (r["component"], r["layer"])
        for r in zoo.tensors.values()
        if r["model"] == model
    }
    assert found == prefixed.places(model)


def test_every_reader_opens_the_warehouse_with_its_defaults(zoo):
    folder = zoo.lake / "tensors"
    names = "select distinct model from"
    found = duckdb.sql(f"{names} '{folder}/**/*.parquet'").fetchall()
    labels = {name for (name,) in found} - {"__schema__"}
    assert labels == {model for model, _ in zoo.checkpoints}
    assert {"mlx-old", "distributed"} < labels
    for frame in (
        pd.read_parquet(folder),
        pq.read_table(folder).to_pandas(),
        pl.read_parquet(f"{folder}/**/*.parquet").to_pandas(),
    ):
        assert len(frame) == len(zoo.tensors)
        np.testing.assert_array_equal(sorted(set(frame["model"])), sorted(labels))
