"""Is progress shown below the cell of a notebook, and nowhere else?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.zoo.notebook import is_notebook
from tests.extract.pico import save_model

ROOT = Path(__file__).parents[2]


def test_a_program_is_no_notebook():
    assert not is_notebook()


@pytest.mark.filterwarnings("ignore")  # what a kernel's client warns of is its own
def test_a_cell_that_extracts_shows_a_bar_and_the_outcomes(tmp_path, monkeypatch):
    pytest.importorskip("ipykernel", reason="no kernel: pip install 'weightlake[dev]'")
    nbclient = pytest.importorskip("nbclient", reason="pip install 'weightlake[dev]'")
    from nbformat import v4

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    net = save_model(tmp_path / "net")
    cell = v4.new_code_cell(
        "import weightlake as wl\n"
        f"lake = wl.open({str(tmp_path / 'lake')!r})\n"
        f"lake.extract({str(net)!r}, families='entries')"
    )
    notebook = v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (bar, result) = [each["data"] for each in cell.outputs if "data" in each]
    size = sum(path.stat().st_size for path in net.iterdir())
    assert f'<progress value="{size}" max="{size}">' in bar["text/html"]
    assert "1 checkpoint: 1 measured" in result["text/html"]
    assert "Traceback" not in json.dumps(notebook)
