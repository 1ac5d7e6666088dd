"""Does the process beside a training measure what lies there, and end when told?"""

import io
import json
import sys

import numpy as np
from safetensors.numpy import save_file

from weightlake.training import child


def test_it_measures_what_is_there_and_ends_with_its_input(
    tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "steps" / "step-7"
    folder.mkdir(parents=True)
    save_file({"w": np.ones((4, 4), np.float32)}, folder / "model.safetensors")
    # This process shall keep its own priority.
    monkeypatch.setattr(child, "give_way", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    words = {
        "folder": str(folder.parent),
        "warehouse": str(tmp_path / "lake"),
        "name": "run",
        "families": ["entries"],
    }
    assert child.main(json.dumps(words)) == 0
    (line,) = capsys.readouterr().out.splitlines()
    notice = json.loads(line)
    assert (notice["kind"], notice["series"], notice["step"]) == ("measured", "run", 7)
