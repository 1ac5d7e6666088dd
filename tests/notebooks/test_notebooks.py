"""Do the template notebooks run to their end, in a kernel, over a small warehouse?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.tables import SPECTRA
from tests.sql.small_zoo import spectrum, zoo
from tests.tiny_warehouse import write_rows

pytest.importorskip("ipykernel", reason="no kernel: pip install 'weightlake[dev]'")
nbclient = pytest.importorskip("nbclient", reason="pip install 'weightlake[dev]'")

__all__ = ["zoo"]
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def lake(zoo, tmp_path):
    """The small zoo, its training run with a matrix that moves."""
    root = shutil.copytree(zoo, tmp_path / "lake")
    for step in (0, 10, 20):
        where = {"model": "run", "revision": f"step-{step}", "step": step}
        sigma = [3.0, 1.0 + step / 10]
        write_rows(root, SPECTRA, [{**where, **spectrum("q", sigma, (2, 2))}])
    return root


def test_there_are_three():
    names = ["explore_a_zoo", "follow_training", "what_a_model_does"]
    assert [path.stem for path in NOTEBOOKS] == names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # what a kernel's client warns of is its own
def test_every_cell_runs_and_figures_are_shown(path, lake, monkeypatch):
    import nbformat

    monkeypatch.setenv("WEIGHTLAKE_WAREHOUSE", str(lake))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = json.dumps(notebook)
    asked = sum(cell.source.startswith("lake.figure(") for cell in notebook.cells)
    assert shown.count("<svg class=") == asked > 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    assert not any(cell.get("execution_count") for cell in cells)
