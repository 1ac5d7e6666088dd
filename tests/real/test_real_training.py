"""Does a real run tell what happened to it, and a quiet one that nothing did?"""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from pipeline.compare import compare_checkpoints, pair_steps
from pipeline.extract import Settings
from pipeline.query import run_query, run_sql
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
from tests.query.series_builder import measure

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WEIGHTLAKE_SHARED_DATA") or ROOT.parent / "shared" / "data")
ADAPTER = DATA / "series" / "lora_roberta_pt"
DEMO = ROOT / "demo" / "zoo" / "byte-gpt2"


def compare(run, root):
    settings = Settings(families=(), run="test")
    lake = open_warehouse(root)
    for old, new in pair_steps(discover(str(run)), "previous"):
        ended = compare_checkpoints(old, new, lake, settings, with_directions=False)
        assert ended.status == "measured", ended.error
    return root


@pytest.mark.skipif(not DEMO.is_dir(), reason=f"{DEMO} is not there: run make demo")
def test_the_demo_shows_its_burst_and_its_switch_and_nothing_else(tmp_path):
    planted = json.loads((DEMO / "planted.json").read_text())
    root = compare(DEMO, measure(DEMO, tmp_path))
    events = pl.DataFrame(run_query(root, "events", {"model": "byte-gpt2"}))
    late = events.filter(pl.col("step") > planted["warmup"]["last_step"])
    assert late["step"].to_list() == [
        planted["learning_rate_spike"]["first_checkpoint"],
        planted["data_switch"]["first_checkpoint"],
    ]
    assert (late["agreement"] > 0.4).all()


@pytest.mark.skipif(
    not ADAPTER.is_dir(), reason=f"{ADAPTER} is not there: set WEIGHTLAKE_SHARED_DATA"
)
def test_a_quiet_run_has_changes_and_loss_by_step_and_no_event(tmp_path):
    root = compare(ADAPTER, measure(ADAPTER, tmp_path))
    assert run_query(root, "events", {"model": "lora_roberta_pt"}).num_rows == 0
    text = """
        select c.step, median(c.relative_change) as change, any_value(l.value) as loss
        from step_changes as c
        left join training as l
            on l.model = c.model and l.step = c.step and l.metric = 'loss'
        group by c.step order by c.step
    """
    rows = run_sql(root, text).to_pylist()
    assert [row["step"] for row in rows] == [*range(1000, 9000, 500), 8610]
    assert all(row["loss"] > 0 for row in rows[:-1])
    assert rows[-1]["loss"] is None
    # The learning rate decays to nothing.
    assert rows[-1]["change"] < 0.1 * rows[0]["change"]
