"""Is a real training recorded as it goes on, by a loop and by a real Trainer?"""

import logging
import time

import pytest
import torch

import weightlake as wl
from weightlake.training import Recorder, trainer_callback


def tiny_gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 16}
    return GPT2LMHeadModel(GPT2Config(vocab_size=32, **sizes))


def test_a_plain_loop_is_recorded_and_its_nan_heard(tmp_path, caplog):
    heard, module = [], torch.nn.Sequential(torch.nn.Linear(16, 16))
    with Recorder(
        tmp_path / "lake",
        "loop",
        every=2,
        share=1,
        families=["entries"],
        on_alarm=heard.append,
    ) as recorder:
        taken = []
        for step in range(1, 7):
            with torch.no_grad():
                module[0].weight += 0.1
                if step == 6:
                    module[0].weight[0, 0] = torch.nan
            while recorder.is_busy:
                time.sleep(0.02)
            if recorder.step(module, step, loss=1 / step):
                taken.append(step)
    assert taken == [2, 4, 6]
    assert [n.step for n in recorder.notices if n.kind == "measured"] == [2, 4, 6]
    assert [(n.step, n.rule) for n in heard] == [(6, "not_finite")]
    assert "not_finite" in caplog.text
    lake = wl.open(tmp_path / "lake")
    log = lake.sql("select step, value from training_log where metric = 'loss'")
    assert dict(log.rows()) == pytest.approx({s: 1 / s for s in range(1, 7)})
    steps = lake.sql("select step from checkpoints where series = 'loop' order by 1")
    assert steps["step"].to_list() == [2, 4, 6]


def test_a_real_trainer_records_by_its_callback(tmp_path):
    from transformers import Trainer, TrainingArguments

    rows = [
        {"input_ids": ids, "labels": ids} for ids in torch.arange(256).view(-1, 8) % 32
    ]
    recorder = Recorder(tmp_path / "lake", "tiny", every=4, keep=tmp_path / "steps")
    arguments = TrainingArguments(
        str(tmp_path / "out"),
        max_steps=8,
        per_device_train_batch_size=2,
        logging_steps=4,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    callbacks = [trainer_callback(recorder)]
    model = tiny_gpt2()
    Trainer(model, arguments, train_dataset=rows, callbacks=callbacks).train()
    lake = wl.open(tmp_path / "lake")
    found = lake.sql("select step, family from checkpoints where series = 'tiny'")
    assert (4, "gpt2") in found.rows()
    kept = sorted(path.name for path in (tmp_path / "steps").glob("step-*"))
    assert len(kept) == found.height == 2 - recorder.n_skipped
    assert lake.sql("select metric from training_log").height > 0


def test_recording_never_stops_a_training(tmp_path, caplog):
    recorder = Recorder(tmp_path / "lake", "meta", every=1)
    with torch.device("meta"):
        module = torch.nn.Linear(2, 2)
    with caplog.at_level(logging.WARNING, logger="weightlake"):
        assert recorder.step(module, 1) is False
        assert recorder.step(module, 2) is False
        recorder.close()
    assert "not recorded" in caplog.text


def test_of_several_processes_the_first_records(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    recorder = Recorder(tmp_path / "lake", "run", every=1)
    assert recorder.step(torch.nn.Linear(2, 2), 1) is False
    recorder.close()
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("options", "said"), [({"every": 0}, "every is 0"), ({"share": 0}, "share is 0")]
)
def test_options_that_mean_nothing(options, said, tmp_path):
    with pytest.raises(wl.UsageError, match=said):
        Recorder(tmp_path, "run", **options)
