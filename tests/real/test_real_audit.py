"""Is a real run of eighteen checkpoints clean, and its damaged copy not?"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.query.audits import run_audits
from tests.query.series_builder import measure

DATA = Path(
    os.environ.get("WEIGHTLAKE_SHARED_DATA")
    or Path(__file__).resolve().parents[3] / "shared" / "data"
)
RUN = DATA / "series" / "lora_roberta_pt"
FILE = "adapter_model.safetensors"

pytestmark = pytest.mark.skipif(
    not RUN.is_dir(), reason=f"{RUN} is not there: set WEIGHTLAKE_SHARED_DATA"
)


def found(folder, root):
    rows = run_audits(measure(folder, root), "lora_roberta_pt").to_pylist()
    return [(row["step"], row["finding"], row["tensor"]) for row in rows]


def test_a_real_run_is_clean(tmp_path):
    assert found(RUN, tmp_path / "lake") == []


def test_each_damage_is_named_and_nothing_else(tmp_path):
    run = tmp_path / "lora_roberta_pt"
    shutil.copytree(RUN, run)
    shutil.copy(run / "checkpoint-8610" / FILE, run / "checkpoint-2000" / FILE)
    shutil.copy(run / "checkpoint-4000" / FILE, run / "checkpoint-3000" / FILE)
    shutil.rmtree(run / "checkpoint-5000")
    path = run / "checkpoint-6500" / FILE
    tensors = load_file(path)
    name = next(n for n in tensors if "layer.3" in n and "query.lora_B" in n)
    tensors[name] = np.zeros_like(tensors[name])
    path.unlink()
    save_file(tensors, path)
    assert sorted(found(run, tmp_path / "lake")) == [
        (2000, "copied_checkpoint", None),
        (3000, "copied_checkpoint", None),
        (5500, "missing_step", None),
        (6500, "zeroed_tensor", name),
    ]
