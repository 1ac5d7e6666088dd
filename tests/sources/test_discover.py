"""Does a reference stand for the checkpoints that its user means?"""

import os

import pytest

from pipeline.errors import SourceError, UsageError
from pipeline.sources.discover import discover
from tests.sources.trees import one, refs, touch


class TestNames:
    def test_a_folder_is_called_as_it_is(self, tmp_path):
        touch(tmp_path, "bert/model.safetensors", "bert/config.json")
        source = one(tmp_path / "bert")
        assert str(source.ref) == "bert@main"
        assert source.location == str(tmp_path / "bert")
        assert (source.kind, source.series, source.step) == ("local", None, None)

    def test_a_folder_with_one_file_of_any_name_is_the_folder(self, tmp_path):
        touch(tmp_path, "vad/vad_16k.safetensors")
        assert refs(tmp_path / "vad") == ["vad@main"]

    def test_a_file_is_called_as_it_is_unless_all_models_are(self, tmp_path):
        touch(tmp_path, "zoo/net.pt", "bert/model.safetensors")
        assert refs(tmp_path / "zoo/net.pt") == ["net@main"]
        assert refs(tmp_path / "bert/model.safetensors") == ["bert@main"]

    def test_unrelated_files_in_one_folder_are_called_by_their_stems(self, tmp_path):
        touch(tmp_path, "zoo/a.th", "zoo/b.pt", "zoo/c.safetensors")
        assert refs(tmp_path / "zoo") == ["a@main", "b@main", "c@main"]

    def test_a_folder_named_for_its_purpose_takes_its_parents_name_too(self, tmp_path):
        touch(tmp_path, "llama/hf/model.safetensors", "bert/final/model.safetensors")
        assert refs(tmp_path) == ["bert/final@main", "llama/hf@main"]
        assert refs(tmp_path / "llama/hf") == ["llama/hf@main"]

    def test_what_lies_beside_a_model_is_called_after_it(self, tmp_path):
        touch(tmp_path, "bert/model.safetensors", "bert/head.pt")
        assert refs(tmp_path / "bert") == ["bert@main", "bert/head@main"]

    def test_equal_names_are_told_apart_by_the_folders_above(self, tmp_path):
        touch(tmp_path, "a/base/model.safetensors", "b/base/model.safetensors")
        touch(tmp_path, "b/large/model.safetensors")
        assert refs(tmp_path) == ["a/base@main", "b/base@main", "large@main"]

    def test_a_folder_of_the_hubs_cache_keeps_the_hubs_name(self, tmp_path):
        touch(tmp_path, "models--org--net/snapshots/abc123/model.safetensors")
        touch(tmp_path, "models--org--net/blobs/deadbeef", "models--org--net/refs/main")
        assert refs(tmp_path) == ["org/net@abc123"]

    def test_labels_replace_names(self, tmp_path):
        touch(tmp_path, "bert/model.safetensors")
        source = one(tmp_path / "bert", model="my/bert", revision="v2")
        assert str(source.ref) == "my/bert@v2"

    def test_odd_names_survive(self, tmp_path):
        name = 'o\'net "q" <b> 重み [1]'
        touch(tmp_path, f"{name}/model.safetensors")
        assert one(tmp_path / name).ref.model == name

    def test_relative_paths_and_home_are_understood(self, tmp_path, monkeypatch):
        touch(tmp_path, "bert/model.safetensors")
        monkeypatch.chdir(tmp_path / "bert")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert one(".").location == one("~/bert").location == str(tmp_path / "bert")


class TestSearch:
    def test_a_folder_of_models_is_searched_below(self, tmp_path):
        touch(tmp_path, "org/a/model.safetensors", "b/pytorch_model.bin")
        touch(tmp_path, ".git/model.safetensors", "notes/readme.md")
        assert refs(tmp_path) == ["a@main", "b@main"]

    def test_the_parts_of_a_model_are_not_models(self, tmp_path):
        touch(tmp_path, "m/model.safetensors", "m/2_Dense/model.safetensors")
        assert refs(tmp_path) == ["m@main"]

    def test_training_state_is_not_a_model(self, tmp_path):
        names = ["model.safetensors", "optimizer.pt", "rng_state.pth", "scheduler.pt"]
        touch(
            tmp_path, *(f"run/checkpoint-5/{n}" for n in (*names, "training_args.bin"))
        )
        assert refs(tmp_path) == ["run@checkpoint-5"]

    def test_a_bin_file_of_another_kind_is_passed_over(self, tmp_path):
        touch(
            tmp_path, "m/tok512.bin", "m/weights_raw.bin", content=b"\x07\x00\x00\x00"
        )
        touch(tmp_path, "m/net.bin", content=b"PK\x03\x04")
        assert refs(tmp_path) == ["m@main"]
        assert one(tmp_path).location == str(tmp_path / "m")

    def test_a_pointer_in_place_of_weights_is_still_found(self, tmp_path):
        touch(tmp_path, "m/net.bin", content=b"version https://git-lfs.github.com\n")
        assert refs(tmp_path) == ["m@main"]

    def test_a_link_to_a_sibling_is_not_counted_twice(self, tmp_path):
        touch(tmp_path, "run/step-1/model.safetensors", "run/step-2/model.safetensors")
        (tmp_path / "run/latest").symlink_to("step-2")
        (tmp_path / "run/loop").symlink_to(tmp_path / "run")
        assert refs(tmp_path / "run") == ["run@step-1", "run@step-2"]

    def test_a_link_to_elsewhere_is_followed(self, tmp_path):
        touch(tmp_path, "store/x/model.safetensors", "zoo/readme")
        (tmp_path / "zoo/x").symlink_to(tmp_path / "store/x")
        assert refs(tmp_path / "zoo") == ["x@main"]

    def test_several_sets_in_a_folder_are_located_by_their_heads(self, tmp_path):
        touch(tmp_path, *(f"a-0000{i}-of-00002.safetensors" for i in (1, 2)), "b.pt")
        found = {s.ref.model: s.location for s in discover(str(tmp_path))}
        assert found == {
            "a": str(tmp_path / "a-*-of-00002.safetensors"),
            "b": str(tmp_path / "b.pt"),
        }

    def test_a_shard_stands_for_its_whole_set(self, tmp_path):
        touch(tmp_path, *(f"m/model-0000{i}-of-00002.safetensors" for i in (1, 2)))
        whole = one(tmp_path / "m")
        assert one(tmp_path / "m/model-00002-of-00002.safetensors") == whole

    def test_a_glob_takes_what_it_matches(self, tmp_path):
        touch(tmp_path, "bert-a/model.safetensors", "bert-b/model.safetensors")
        touch(tmp_path, "gpt/model.safetensors", "bert.md", "bert-logs/log.txt")
        assert refs(tmp_path / "bert*") == ["bert-a@main", "bert-b@main"]
        assert refs(tmp_path / "bert*/model.safetensors") == refs(tmp_path / "bert*")

    def test_a_glob_of_shards_is_one_checkpoint(self, tmp_path):
        touch(tmp_path, *(f"m/model-0000{i}-of-00002.safetensors" for i in (1, 2)))
        assert refs(tmp_path / "m/*.safetensors") == ["m@main"]

    def test_a_path_with_wildcards_in_its_name_is_a_path(self, tmp_path):
        touch(tmp_path, "m[1]/model.safetensors", "m1/model.safetensors")
        assert refs(tmp_path / "m[1]") == ["m[1]@main"]


class TestRefusals:
    @pytest.mark.parametrize(
        "reference", ["gone", "./gone/x", "/gone/x", "a/b/c", "x/y.safetensors", ""]
    )
    def test_what_is_not_there(self, tmp_path, monkeypatch, reference):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SourceError, match="no such file or folder"):
            discover(reference)

    def test_a_folder_without_weights(self, tmp_path):
        touch(tmp_path, "logs/x.txt", "logs/optimizer.pt")
        with pytest.raises(SourceError, match="logs: no weights in this folder"):
            discover(str(tmp_path / "logs"))

    def test_a_file_that_holds_none(self, tmp_path):
        touch(tmp_path, "x.txt")
        with pytest.raises(SourceError, match=r"x\.txt: not a file of weights"):
            discover(str(tmp_path / "x.txt"))

    def test_a_glob_without_weights(self, tmp_path):
        touch(tmp_path, "a.txt", "b.txt")
        with pytest.raises(SourceError, match="matches 2 files and folders, none"):
            discover(str(tmp_path / "*.txt"))

    def test_one_name_for_two_checkpoints(self, tmp_path):
        touch(tmp_path, "zoo/net.pt", "zoo/net.pth")
        with pytest.raises(UsageError, match=r"net@main: .*net\.pt and .*net\.pth"):
            discover(str(tmp_path / "zoo"))

    def test_one_label_for_two_models(self, tmp_path):
        touch(tmp_path, "zoo/a.pt", "zoo/b.pt")
        with pytest.raises(UsageError, match=r"holds 2 models \(a, b\)"):
            discover(str(tmp_path / "zoo"), model="x")

    def test_one_revision_for_two_steps(self, tmp_path):
        touch(tmp_path, "run/step-1.pt", "run/step-2.pt")
        with pytest.raises(UsageError, match="holds 2 checkpoints but one revision"):
            discover(str(tmp_path / "run"), revision="x")

    def test_two_runs_in_one_stated_series(self, tmp_path):
        touch(tmp_path, "a/step-1/model.safetensors", "b/step-1/model.safetensors")
        with pytest.raises(UsageError, match="two checkpoints would be s@step-1"):
            discover(str(tmp_path), series="s")

    @pytest.mark.parametrize("option", ["model", "revision", "series"])
    def test_empty_labels(self, tmp_path, option):
        touch(tmp_path, "m/model.safetensors")
        with pytest.raises(UsageError, match=f"the {option} label is empty"):
            discover(str(tmp_path / "m"), **{option: " "})

    def test_a_name_that_no_table_can_hold(self, tmp_path):
        folder = os.fsencode(tmp_path) + b"/m\xe9"
        os.makedirs(folder)  # noqa: PTH103  bytes
        touch(tmp_path, "m\udce9/model.safetensors")
        with pytest.raises(SourceError, match="not valid Unicode"):
            discover(str(tmp_path))


def test_hub_references_are_only_parsed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(one("org/name").ref) == "org/name@main"
    source = one("org/name@step1000")
    assert (source.kind, source.location) == ("hub", "org/name@step1000")
    assert (source.series, source.step) == ("org/name", 1000)
    labelled = one("org/name@v1", model="m", revision="r")
    assert (str(labelled.ref), labelled.location) == ("m@r", "org/name@v1")


def test_a_path_comes_before_the_hub(tmp_path, monkeypatch):
    touch(tmp_path, "org/name/model.safetensors")
    monkeypatch.chdir(tmp_path)
    assert one("org/name").kind == "local"
