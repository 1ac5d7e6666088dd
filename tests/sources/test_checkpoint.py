"""Is everything that lies in a checkpoint's folder read, and what is odd noted?"""

import json
import os
import shutil

import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, LogEntry, ModelRef
from pipeline.sources.checkpoint import list_files, open_checkpoint
from pipeline.sources.discover import discover


def save(path, *names):
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file({name: torch.ones(2, 3) for name in names}, path)
    return path.parent


def opened(path):
    (source,) = discover(str(path))
    return open_checkpoint(source)


def test_a_model_with_its_config(tmp_path):
    folder = save(tmp_path / "bert/model.safetensors", "w", "v")
    (folder / "config.json").write_text('{"model_type": "bert"}')
    found = opened(folder)
    assert (found.format, found.kind, found.folder) == (
        "safetensors",
        "model",
        str(folder),
    )
    assert found.config == {"model_type": "bert"}
    assert (found.commit, found.base_model, found.notes) == (None, None, ())
    assert (found.n_elements, found.n_bytes) == (12, 48)


@pytest.mark.parametrize(
    ("content", "note"),
    [(b"{", "cannot be read"), (b"\xff", "cannot be read"), (b"[]", "no JSON object")],
)
def test_a_broken_config_is_a_note(tmp_path, content, note):
    folder = save(tmp_path / "m/model.safetensors", "w")
    (folder / "config.json").write_bytes(content)
    found = opened(folder)
    assert found.config == {}
    assert len(found.notes) == 1
    assert found.notes[0].startswith("config.json")
    assert note in found.notes[0]


def test_the_form_that_is_not_read_is_noted(tmp_path):
    folder = save(tmp_path / "m/model.safetensors", "w")
    (folder / "pytorch_model.bin").write_bytes(b"PK\x03\x04")
    assert opened(folder).notes == (
        "also holds pytorch_model.bin: not read, taken for the same weights",
    )


def test_weights_in_its_subfolders_are_noted(tmp_path):
    folder = save(tmp_path / "m/model.safetensors", "w")
    save(folder / "2_Dense/model.safetensors", "w")
    save(folder / "checkpoint-5/model.safetensors", "w")
    source = CheckpointSource(ModelRef("m"), str(folder))
    found = open_checkpoint(source)
    assert (found.notes, found.aside) == ((), ("2_Dense",))
    assert found.all_notes == ("its folders 2_Dense hold weights of their own",)


def test_a_step_inside_a_step_is_noted(tmp_path):
    folder = save(tmp_path / "run/checkpoint-5/model.safetensors", "w")
    save(folder / "global_step5/mp_rank_00_model_states.safetensors", "w")
    assert opened(tmp_path / "run").aside == ("global_step5",)


def test_a_file_without_tensors_is_noted(tmp_path):
    folder = save(tmp_path / "m/model.safetensors")
    found = opened(folder)
    assert (found.tensors, found.notes) == ((), ("holds no tensor",))


class TestAdapters:
    def test_told_by_their_config(self, tmp_path):
        folder = save(tmp_path / "a/adapter_model.safetensors", "x.lora_A.weight")
        (folder / "adapter_config.json").write_text(
            '{"base_model_name_or_path": "org/base", "r": 8}'
        )
        found = opened(folder)
        assert (found.kind, found.base_model) == ("adapter", "org/base")
        assert found.config["r"] == 8

    def test_told_by_their_tensors(self, tmp_path):
        names = ["q.lora_A.weight", "q.lora_B.weight", "head.weight"]
        found = opened(save(tmp_path / "net/tuned.safetensors", *names))
        assert (found.kind, found.base_model) == ("adapter", None)

    def test_a_whole_model_with_adapters_attached_is_a_model(self, tmp_path):
        names = ["q.base_layer.weight", "q.lora_A.weight", "q.lora_B.weight"]
        assert opened(save(tmp_path / "net/tuned.safetensors", *names)).kind == "model"

    def test_a_model_beside_an_adapter_keeps_its_own_config(self, tmp_path):
        folder = save(tmp_path / "m/model.safetensors", "w")
        save(folder / "adapter_model.safetensors", "lora_A", "lora_B")
        (folder / "config.json").write_text('{"model_type": "llama"}')
        (folder / "adapter_config.json").write_text('{"r": 4}')
        kinds = {
            str(source.ref): (found.kind, found.config)
            for source in discover(str(folder))
            for found in [open_checkpoint(source)]
        }
        assert kinds == {
            "m@main": ("model", {"model_type": "llama"}),
            "m/adapter_model@main": ("adapter", {"r": 4}),
        }

    @pytest.mark.parametrize("base", [3, "", None, "\ud800"])
    def test_a_base_model_that_is_no_name_is_none(self, tmp_path, base):
        folder = save(tmp_path / "a/adapter_model.safetensors", "lora_A")
        (folder / "adapter_config.json").write_text(
            json.dumps({"base_model_name_or_path": base})
        )
        assert opened(folder).base_model is None


class TestLogs:
    def test_the_log_in_its_folder_is_read(self, tmp_path):
        folder = save(tmp_path / "run/step-5/model.safetensors", "w")
        (folder / "metrics.csv").write_text("step,loss\n5,0.5\n")
        assert opened(folder).training_log == (LogEntry(5, "loss", 0.5),)

    def test_a_broken_log_is_a_note(self, tmp_path):
        folder = save(tmp_path / "run/step-5/model.safetensors", "w")
        (folder / "metrics.csv").write_text("loss\n0.5\n")
        (folder / "trainer_state.json").write_text("{")
        notes = opened(folder).notes
        assert [note.split(" ", 1)[0] for note in notes] == [
            "trainer_state.json",
            "metrics.csv",
        ]

    def test_a_broken_log_of_the_series_is_a_note(self, tmp_path):
        folder = save(tmp_path / "run/step-5/model.safetensors", "w")
        (tmp_path / "run/metrics.csv").write_text("loss\n0.5\n")
        (note,) = opened(folder).notes
        assert note.startswith("the series' metrics.csv was not used: has the columns")

    def test_a_log_beside_several_steps_is_none_of_theirs(self, tmp_path):
        for i in (1, 2):
            folder = save(tmp_path / f"run/step-{i}.safetensors", "w")
        (folder / "metrics.csv").write_text("step,loss\n1,0.5\n")
        for source in discover(str(folder)):
            assert open_checkpoint(source).training_log == ()


class TestStamps:
    @pytest.fixture
    def source(self, tmp_path):
        folder = save(tmp_path / "m/model.safetensors", "w")
        for name in ("config.json", "trainer_state.json", "readme.md"):
            (folder / name).write_text("{}")
        (source,) = discover(str(folder))
        return source

    def test_all_files_that_are_read_are_stamped(self, source):
        stamps = list_files(source)
        assert [stamp.name for stamp in stamps] == [
            "model.safetensors",
            "config.json",
            "trainer_state.json",
        ]
        assert stamps[1].n_bytes == 2
        assert stamps == open_checkpoint(source).files

    @pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
    def test_a_change_shows(self, source, name):
        before = list_files(source)
        os.utime(os.path.join(source.location, name), ns=(0, 0))  # noqa: PTH118
        assert list_files(source) != before

    def test_a_file_that_is_not_read_does_not_matter(self, source, tmp_path):
        before = list_files(source)
        (tmp_path / "m/readme.md").write_text("longer")
        assert list_files(source) == before

    def test_headers_are_not_read(self, source, tmp_path):
        (tmp_path / "m/model.safetensors").write_bytes(b"nonsense")
        assert list_files(source)[0].n_bytes == 8

    def test_a_folder_that_is_gone_is_named(self, source, tmp_path):
        shutil.rmtree(tmp_path / "m")
        for read in (list_files, open_checkpoint):
            with pytest.raises(SourceError, match="m: no such file or folder"):
                read(source)

    def test_a_file_that_is_gone_is_named(self, tmp_path):
        source = CheckpointSource(ModelRef("m"), str(tmp_path / "gone.safetensors"))
        with pytest.raises(SourceError, match=r"gone\.safetensors: no such file"):
            open_checkpoint(source)
