"""A real LoRA run, every checkpoint: its updates are the explicit products."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_query
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

_BESIDE = Path(__file__).parents[2] / "../shared/data"
DATA = Path(os.environ.get("WEIGHTLAKE_SHARED_DATA", _BESIDE))
SERIES = DATA / "series" / "lora_roberta_pt"


@pytest.mark.skipif(not SERIES.is_dir(), reason="the LoRA series is not there")
def test_every_update_of_the_run(tmp_path):
    warehouse = open_warehouse(tmp_path)
    settings = Settings(threads=2, families=("adapters",))
    sources = discover(str(SERIES))
    assert len(sources) == 18
    for source in sources:
        assert extract_checkpoint(source, warehouse, settings).status == "measured"
    rows = run_query(tmp_path, "adapters", {"model": sources[0].ref.model}).to_pylist()
    assert len(rows) == 18 * 24
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["component"] for row in rows} == {"q", "v"}
    assert {(row["rank"], row["scale"]) for row in rows} == {(8, 2.0)}
    last = load_file(SERIES / "checkpoint-8610" / "adapter_model.safetensors")
    row = next(
        r
        for r in rows
        if r["step"] == 8610 and r["module"].endswith(".7.attention.self.value")
    )
    A, B = (
        last[f"base_model.model.{row['module']}.lora_{f}.weight"].astype(np.float64)
        for f in "AB"
    )
    assert row["frobenius_norm"] == pytest.approx(np.linalg.norm(2 * B @ A), rel=1e-12)
