"""Is a checkpoint in shards complete, and does its index tell the truth?"""

import json

import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.sources.checkpoint import open_checkpoint
from pipeline.sources.discover import discover

A, B = (f"model-0000{i}-of-00002.safetensors" for i in (1, 2))
INDEX = "model.safetensors.index.json"


def save(path, *names):
    safetensors.torch.save_file({name: torch.ones(2) for name in names}, path)


def write_index(folder, **weight_map):
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def opened(folder):
    (source,) = discover(str(folder))
    return open_checkpoint(source)


@pytest.fixture
def sharded(tmp_path):
    save(tmp_path / B, "y", "z")
    save(tmp_path / A, "x")
    return tmp_path


def test_shards_come_in_the_order_of_their_names(sharded):
    found = opened(sharded)
    assert [(t.name, t.file) for t in found.tensors] == [("x", A), ("y", B), ("z", B)]
    assert [stamp.name for stamp in found.files] == [A, B]
    assert found.notes == ()


def test_an_index_that_agrees_adds_nothing_but_its_stamp(sharded):
    write_index(sharded, x=A, y=B, z=B)
    found = opened(sharded)
    assert len(found.tensors) == 3
    assert [stamp.name for stamp in found.files] == [A, B, INDEX]
    assert found.notes == ()


@pytest.mark.parametrize("with_index", [True, False])
def test_a_missing_shard_is_named(sharded, with_index):
    if with_index:
        write_index(sharded, x=A, y=B, z=B)
    (sharded / B).unlink()
    with pytest.raises(SourceError, match=f"{B} missing, of 2 shards.*again"):
        opened(sharded)


def test_of_many_missing_shards_some_are_named(tmp_path):
    save(tmp_path / "m-00002-of-90000.safetensors", "w")
    with pytest.raises(SourceError, match=r"m-00001-of-90000.*m-00003.*, … missing"):
        opened(tmp_path)


def test_counting_from_nought_is_fine(tmp_path):
    save(tmp_path / "m-00000-of-00002.safetensors", "a")
    save(tmp_path / "m-00001-of-00002.safetensors", "b")
    assert len(opened(tmp_path).tensors) == 2


def test_a_tensor_that_no_shard_holds_is_named(sharded):
    write_index(sharded, x=A, y=B, z=B, lost=A)
    with pytest.raises(SourceError, match=rf"no shard holds: 'lost' \({A}\)"):
        opened(sharded)


def test_a_tensor_in_another_shard_than_stated_is_a_note(sharded):
    write_index(sharded, x=B, y=A, z=B)
    assert opened(sharded).notes == (f"{INDEX} names the wrong shard for x, y",)


def test_a_tensor_that_is_not_listed_is_a_note(sharded):
    write_index(sharded, x=A, y=B)
    found = opened(sharded)
    assert found.notes == (f"{INDEX} does not list 'z'",)
    assert len(found.tensors) == 3


def test_a_shard_that_is_not_listed_is_a_note_and_not_read(sharded):
    write_index(sharded, x=A)
    found = opened(sharded)
    assert [tensor.name for tensor in found.tensors] == ["x"]
    assert any(f"{B}: not read" in note for note in found.notes)


def test_one_name_in_two_shards_is_refused(sharded):
    save(sharded / B, "x")
    with pytest.raises(SourceError, match=f"tensor 'x' is in {A} and {B}"):
        opened(sharded)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not an index of shards"),
        (b"[]", "not an index of shards"),
        (b'{"weight_map": 3}', "not an index of shards"),
        (b'{"weight_map": {"x": 3}}', "names the shard 3"),
        (b'{"weight_map": {"x": "../../etc/passwd"}}', "names the shard '../../etc"),
        (b'{"weight_map": {"x": ".."}}', "names the shard '..'"),
        (b"\xff\xfe", "not an index of shards"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ],
)
def test_a_broken_index_is_refused(sharded, content, message):
    (sharded / INDEX).write_bytes(content)
    with pytest.raises(SourceError, match=f"{INDEX}: .*{message}"):
        opened(sharded)


def test_shards_of_any_name_are_read_when_listed(tmp_path):
    save(tmp_path / "left.safetensors", "x")
    save(tmp_path / "right.safetensors", "y")
    write_index(tmp_path, x="left.safetensors", y="right.safetensors")
    assert [tensor.name for tensor in opened(tmp_path).tensors] == ["x", "y"]


def test_one_of_several_sharded_sets_is_opened_by_its_pattern(tmp_path):
    for stem in ("a", "b"):
        for i in (1, 2):
            save(tmp_path / f"{stem}-0000{i}-of-00002.safetensors", f"{stem}{i}")
    names = [
        [tensor.name for tensor in open_checkpoint(source).tensors]
        for source in discover(str(tmp_path))
    ]
    assert names == [["a1", "a2"], ["b1", "b2"]]
