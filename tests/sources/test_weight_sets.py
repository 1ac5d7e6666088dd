"""Are a folder's files put together as their writers meant them?"""

import pytest

from pipeline.sources.weight_sets import group_files, is_weights


def heads(*names, **indexed):
    known = {f"{name}.safetensors.index.json": files for name, files in indexed.items()}
    return {one.head: one for one in group_files([*names, *known], known)}


def test_one_file_is_a_set():
    (one,) = group_files(["model.safetensors", "config.json"], {})
    assert (one.files, one.format, one.role) == (
        ("model.safetensors",),
        "safetensors",
        "model",
    )


def test_unrelated_files_are_sets_of_their_own():
    found = heads("resnet20.th", "resnet32.th", "vgg.safetensors")
    assert sorted(found) == ["resnet20.th", "resnet32.th", "vgg.safetensors"]
    assert not any(one.others for one in found.values())


@pytest.mark.parametrize(
    ("names", "read", "noted"),
    [
        (["pytorch_model.bin", "model.safetensors"], "model.safetensors", 1),
        (["foo.pt", "foo.safetensors"], "foo.safetensors", 1),
        (["model.fp16.safetensors", "model.safetensors"], "model.safetensors", 1),
        (["consolidated.safetensors", "model.safetensors"], "model.safetensors", 1),
        (["adapter_model.bin", "adapter_model.safetensors"], "adapter_model", 1),
        (
            ["model-00001-of-00001.safetensors", "pytorch_model-00001-of-00001.bin"],
            "model-*-of-00001.safetensors",
            1,
        ),
    ],
)
def test_one_model_in_two_forms_is_read_once_and_noted(names, read, noted):
    (one,) = group_files(names, {})
    assert one.head.startswith(read)
    assert len(one.others) == noted


def test_equal_stems_of_one_format_stay_two():
    assert sorted(heads("foo.pt", "foo.pth")) == ["foo.pt", "foo.pth"]


def test_a_model_and_its_adapter_are_two():
    found = heads("model.safetensors", "adapter_model.safetensors")
    assert {one.role for one in found.values()} == {"model", "adapter"}


def test_shards_without_index_are_one_set_that_knows_its_size():
    names = [f"model-0000{i}-of-00003.safetensors" for i in (3, 1)]
    (one,) = group_files(names, {})
    assert one.head == "model-*-of-00003.safetensors"
    assert one.files == tuple(sorted(names))
    assert one.n_expected == 3


def test_an_index_says_which_files_are_shards():
    found = heads(
        "part_b.safetensors",
        "part_a.safetensors",
        model=("part_a.safetensors", "part_b.safetensors"),
    )
    (one,) = found.values()
    assert one.files == ("part_a.safetensors", "part_b.safetensors")
    assert one.index == "model.safetensors.index.json"


def test_an_unreadable_index_takes_the_shards_of_its_name():
    found = heads("model-00001-of-00002.safetensors", model=())
    (one,) = found.values()
    assert one.files == ("model-00001-of-00002.safetensors",)


@pytest.mark.parametrize(
    "name",
    [
        "optimizer.pt",
        "optimizer.bin",
        "scheduler.pt",
        "scaler.pt",
        "rng_state.pth",
        "rng_state_3.pth",
        "training_args.bin",
        "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt",
        "config.json",
        "model.gguf.part",
        "trainer_state.json",
    ],
)
def test_what_a_trainer_saves_beside_is_no_model(name):
    assert not is_weights(name)


@pytest.mark.parametrize(
    "name",
    ["optimus.safetensors", "a.bin", "b.pt", "c.pth", "d.th", "e.ckpt", "f.gguf"],
)
def test_names_of_weights(name):
    assert is_weights(name)
