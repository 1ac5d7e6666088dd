"""Do measures of several tensors reach the warehouse: experts, budgets, checks?"""

import numpy as np
import pytest

from pipeline.query import locate_sql, run_query, run_sql
from pipeline.tables import CIRCUITS
from tests.extract.grouped import (
    extract,
    factors,
    save_adapter,
    save_tiny,
)
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import rows_of


def test_a_group_beyond_the_budget_is_a_row(tmp_path, warehouse):
    width = 256
    tensors = gpt2_tensors(width=width)
    folder = save_model(tmp_path / "pico", tensors, {"n_embd": width})
    need = 4 * width * 4 * width
    outcome = extract(folder, warehouse, "heads", memory_bytes=2 * need - 2)
    assert outcome.status == "measured"
    rows = rows_of(warehouse, CIRCUITS)
    assert {row["status"] for row in rows} == {"over_budget"}
    assert f"needs {need} bytes at once" in rows[0]["reason"]


def test_experts_of_a_mixture_differ_as_their_singular_values_do(tmp_path, warehouse):
    _, state = save_tiny(tmp_path / "mixtral", "mixtral")
    assert extract(tmp_path / "mixtral", warehouse, "spectra").status == "measured"
    asked = {"model": "mixtral", "metric": "spectral_norm", "component": "down"}
    rows = run_query(warehouse.root, "experts", asked).to_pylist()
    assert [row["layer"] for row in rows] == [0, 1]
    (name,) = (n for n in state if n.startswith("model.layers.1.") and "down" in n)
    norms = [np.linalg.norm(expert, 2) for expert in state[name]]
    assert (rows[1]["n_experts"], rows[1]["expert_max"]) == (4, np.argmax(norms))
    assert rows[1]["dispersion"] == pytest.approx(
        np.std(norms, ddof=1) / np.mean(norms)
    )


def test_what_a_group_makes_passes_the_checks_of_keys_and_bounds(tmp_path, warehouse):
    save_tiny(tmp_path / "llama", "llama")
    extract(tmp_path / "llama", warehouse, "heads")
    extract(save_adapter(tmp_path / "lora", factors()), warehouse, "adapters")
    for check in ("duplicated_keys", "orphans", "out_of_bounds"):
        text = (locate_sql() / "checks" / f"{check}.sql").read_text()
        assert run_sql(warehouse.root, text).num_rows == 0, check
    kinds = "select kind, count(*) as n from head_weights group by kind order by kind"
    found = {
        row["kind"]: row["n"] for row in run_sql(warehouse.root, kinds).to_pylist()
    }
    assert found == {"k": 4, "o": 8, "ov": 8, "q": 8, "qk": 8, "v": 4}
