"""Does audit say what it found, and does its exit code?"""

import json

from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


def lake(tmp_path, digests):
    steps = range(0, 10 * len(digests), 10)
    row = {"model": "run", "series": "run"}
    return tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[
            {**row, "revision": f"step-{step}", "step": step, "digest": digest}
            for step, digest in zip(steps, digests, strict=True)
        ],
        tensors=[
            {
                "model": "run",
                "revision": f"step-{step}",
                "step": step,
                "tensor": "w",
                "digest": digest,
            }
            for step, digest in zip(steps, digests, strict=True)
        ],
    )


def test_a_serious_finding_trips(tmp_path, capsys):
    root = lake(tmp_path, ["a", "b", "a", "c"])
    code = main(["audit", "run", "--warehouse", str(root), "--format", "json"])
    captured = capsys.readouterr()
    (row,) = json.loads(captured.out)
    assert (code, row["finding"], row["step"]) == (4, "copied_checkpoint", 20)
    assert captured.err == "run: 1 findings, 1 serious\n"


def test_a_sound_series_does_not(tmp_path, capsys):
    root = lake(tmp_path, ["a", "b", "c"])
    assert main(["audit", "run", "--warehouse", str(root)]) == 0
    assert capsys.readouterr().err == "run: 0 findings, 0 serious\n"


def test_an_unknown_series(tmp_path, capsys):
    root = lake(tmp_path, ["a", "b", "c"])
    assert main(["audit", "runs", "--warehouse", str(root)]) == 2
    assert "no series 'runs'; did you mean run?" in capsys.readouterr().err
