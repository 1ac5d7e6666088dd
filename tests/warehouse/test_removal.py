"""Does a model leave all tables, compacted or not, and nothing else with it?"""

import numpy as np
import pytest
from safetensors.numpy import save_file

import weightlake as wl
from weightlake.cli import main


@pytest.fixture
def lake(tmp_path):
    """Two models, one of them with two revisions."""
    for model, step in (("a", 1), ("a", 2), ("b", 1)):
        folder = tmp_path / "models" / model / f"step-{step}"
        folder.mkdir(parents=True)
        values = {"w": np.full((4, 4), step, np.float32)}
        save_file(values, folder / "model.safetensors")
    lake = wl.open(tmp_path / "lake")
    lake.extract(tmp_path / "models", families="entries")
    return lake


def held(lake):
    counts = lake.sql("select distinct model, revision from keys order by all").rows()
    return [row for row in counts if not row[1].startswith("__")]


@pytest.mark.parametrize("is_compacted", [False, True])
def test_one_revision_or_all_of_a_model(lake, is_compacted):
    if is_compacted:
        lake.compact()
    assert lake.remove("a@step-1", dry_run=True).n_files > 0
    assert held(lake) == [("a", "step-1"), ("a", "step-2"), ("b", "step-1")]
    lake.remove("a@step-1")
    assert held(lake) == [("a", "step-2"), ("b", "step-1")]
    lake.remove("a")
    assert held(lake) == [("b", "step-1")]
    assert lake.check()
    assert lake.sql("select count(*) as n from extractions where model = 'a'")[
        "n"
    ].to_list() == [0]


def test_what_is_not_there_is_said(lake, capsys):
    with pytest.raises(wl.WarehouseError, match="holds nothing of c"):
        lake.remove("c")
    root = ["--warehouse", str(lake.root)]
    assert main(["remove", "b", "--dry-run", *root]) == 0
    assert "would go" in capsys.readouterr().err
    assert main(["remove", "b", *root]) == 0
    assert main(["remove", "b", *root]) == 1
