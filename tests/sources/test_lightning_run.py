"""Is a run as Lightning lays it out read whole: steps, log, and what states no step?"""

import torch

from pipeline.sources import discover, open_checkpoint, read_series_log
from pipeline.zoo.found import find_stepless


def test_the_log_beside_the_folder_of_checkpoints_is_taken(tmp_path):
    run = tmp_path / "lightning_logs" / "version_0"
    (run / "checkpoints").mkdir(parents=True)
    names = ["epoch=0-step=100", "epoch=1-step=200", "epoch=1-step=200-v1"]
    for name in names:
        state = {"state_dict": {"fc.weight": torch.ones(2, 2)}}
        torch.save(state, run / "checkpoints" / f"{name}.ckpt")
    (run / "metrics.csv").write_text("step,train_loss\n100,2.5\n")
    sources = discover(str(run))
    steps = [source for source in sources if source.step is not None]
    assert [source.step for source in steps] == [100, 200]
    _, log = read_series_log(steps[0])
    assert [(one.step, one.metric, one.value) for one in log] == [
        (100, "train_loss", 2.5)
    ]
    assert [path.stem for path in find_stepless(sources)] == ["epoch=1-step=200-v1"]


def test_a_log_somewhere_above_is_named(tmp_path):
    run = tmp_path / "run" / "saved"
    for step in (1, 2):
        (run / f"step-{step}").mkdir(parents=True)
        state = {"fc.weight": torch.ones(2, 2)}
        torch.save(state, run / f"step-{step}" / "pytorch_model.bin")
    (run.parent / "metrics.csv").write_text("step,loss\n1,2\n")
    notes = open_checkpoint(discover(str(run))[0]).notes
    assert any("was not taken" in note for note in notes)
