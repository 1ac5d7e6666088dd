"""Is nothing that looks like weights passed over without a word?"""

from pathlib import Path

import pytest

from pipeline.sources import discover, find_passed_over
from pipeline.zoo.found import find_numbered
from tests.sources.trees import touch

TORCH = b"PK\x03\x04"


def aside(root, *references):
    """Folders and files passed over, relative to `root`."""
    names = [str(root / each) for each in references or ["."]]
    sources = [source for name in names for source in discover(name)]
    found = find_passed_over(names, sources)
    return tuple(
        [str(Path(path).relative_to(root)) for path in paths]
        for paths in (found.folders, found.files)
    )


def test_a_folder_within_a_models_own(tmp_path):
    touch(tmp_path, "model.safetensors", "child/model.safetensors")
    touch(tmp_path, "a/b/c.safetensors", "a/b/d/e.safetensors", "docs/readme.md")
    assert aside(tmp_path) == (["a/b", "child"], [])


def test_one_that_an_empty_file_hides(tmp_path):
    touch(tmp_path, "sub/model.safetensors")
    assert aside(tmp_path) == ([], [])
    touch(tmp_path, "pytorch_model.bin")
    assert aside(tmp_path) == (["sub"], [])


def test_what_another_reference_enters_is_not_aside(tmp_path):
    touch(tmp_path, "par/model.safetensors", "par/child/model.safetensors")
    assert aside(tmp_path, "par", "par/child") == ([], [])


def test_folders_named_as_internals(tmp_path):
    touch(tmp_path, "a/m.safetensors", "__b/m.safetensors", ".c/m.safetensors")
    assert aside(tmp_path) == (["__b"], [])


def test_a_bin_that_begins_as_something_else(tmp_path):
    raw = b"\x40\x00\x00\x00"
    touch(tmp_path, "s/llama.bin", "s/hf/tok512.bin", content=raw)
    touch(tmp_path, "s/hf/model.safetensors", "s/hf/optimizer.bin", content=TORCH)
    assert aside(tmp_path) == ([], ["s/llama.bin", "s/hf/tok512.bin"])


def test_a_link_that_leads_nowhere(tmp_path):
    touch(tmp_path, "a/model.safetensors", "b/readme")
    (tmp_path / "b/model.safetensors").symlink_to(tmp_path / "gone")
    (tmp_path / "b/folder.bin").mkdir()
    found = find_passed_over([str(tmp_path)], discover(str(tmp_path)))
    assert found.broken == (tmp_path / "b/model.safetensors",)


@pytest.mark.parametrize("reference", ["m/model.safetensors", "m/*.safetensors"])
def test_files_named_are_all_that_was_meant(tmp_path, reference):
    touch(tmp_path, "m/model.safetensors", "m/sub/model.safetensors")
    assert aside(tmp_path, reference) == ([], [])


def test_a_glob_of_folders(tmp_path):
    touch(tmp_path, "a/model.safetensors", "a/sub/model.safetensors", "b/x.bin")
    assert aside(tmp_path, "*") == (["a/sub"], [])


def test_steps_are_entered(tmp_path):
    touch(tmp_path, "run/model.safetensors", "run/step-1/model.safetensors")
    assert aside(tmp_path, "run") == ([], [])


def test_logs_beside_steps_that_are_not_taken(tmp_path):
    touch(tmp_path, "run/step-1/model.safetensors", "run/metrics.csv")
    touch(tmp_path, "run/events.out.tfevents.17.host", "run/log.jsonl")
    touch(tmp_path, "run/wandb/run-1/run-abc.wandb")
    found = find_passed_over([str(tmp_path)], discover(str(tmp_path)))
    names = {log.path.name for log in found.logs}
    assert names == {"events.out.tfevents.17.host", "log.jsonl", "run-abc.wandb"}
    assert all("metrics.csv" in log.remedy for log in found.logs)


@pytest.mark.parametrize(
    "name",
    [
        *("model.zip", "weights.tar.gz", "model.joblib", "net.mat", "model.ggml"),
        *("model.safetensors.zst", "100/default/manifest.ocdbt"),
    ],
)
def test_weights_in_forms_that_are_not_read(tmp_path, name):
    touch(tmp_path, "good/model.safetensors", name)
    found = find_passed_over([str(tmp_path)], discover(str(tmp_path)))
    (one,) = found.foreign
    assert one.path == tmp_path / name


def test_steps_of_no_known_word_are_named(tmp_path):
    touch(tmp_path, "epoch_1/model.safetensors", "epoch_2/model.safetensors")
    touch(tmp_path, "llama-7/model.safetensors", "llama-13/model.safetensors")
    sources = discover(str(tmp_path))
    named = {path.name for path in find_numbered(sources)}
    assert named == {"epoch_1", "epoch_2"}
    stated = discover(str(tmp_path), series="run", step_pattern=r"epoch_(\d+)")
    assert not find_numbered(stated)
