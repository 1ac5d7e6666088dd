"""Does the command say what it found, and end with the code that scripts read?"""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import weightlake as wl
from weightlake.cli import main


@pytest.fixture
def run(tmp_path):
    """Two steps, the second of which holds NaN."""
    for step in (1, 2):
        folder = tmp_path / "run" / f"step-{step}"
        folder.mkdir(parents=True)
        values = np.full((4, 4), np.nan if step == 2 else 1.0, np.float32)
        save_file({"w": values}, folder / "model.safetensors")
    return tmp_path / "run"


def test_alarms_are_data_and_the_rest_is_not(run, tmp_path, capsys):
    words = ["--once", "--settle", "0", "--families", "entries"]
    root = ["--warehouse", str(tmp_path / "lake")]
    assert main(["watch", str(run), *words, *root]) == 4
    said = capsys.readouterr()
    (alarm,) = said.out.splitlines()
    assert alarm.startswith("serious: run@step-2: not_finite: ")
    assert said.err.endswith("2 measured, alarms: 1\n")
    assert main(["watch", str(run), *words, *root]) == 0
    assert capsys.readouterr().out == ""


def test_json_has_every_notice_and_python_the_same(run, tmp_path, capsys):
    words = ["--once", "--settle", "0", "--families", "entries", "--json"]
    main(["watch", str(run), *words, "--warehouse", str(tmp_path / "lake")])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds == ["measured", "measured", "alarm"]
    lake = wl.open(tmp_path / "other")
    notices = list(lake.watch(run, once=True, settle=0, families="entries"))
    assert [notice.kind for notice in notices] == kinds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no such file or folder"),
        ([".", "--webhook", "here"], "no address of a webhook"),
        ([".", "--every", "-1"], "every is -1"),
        ([".", "--rules", "nowhere"], "folder of rules is not there"),
    ],
)
def test_what_means_nothing_is_said_before_the_first_look(
    words, said, tmp_path, capsys
):
    assert main(["watch", *words, "--warehouse", str(tmp_path / "lake")]) == 2
    assert said in capsys.readouterr().err
