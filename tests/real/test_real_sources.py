"""Are real checkpoints found, named and read to the last element?"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.sources import discover, open_checkpoint, open_reader, read_series_log

DATA = Path(
    os.environ.get(
        "WEIGHTLAKE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"
    )
)
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no real checkpoints at {DATA} (WEIGHTLAKE_SHARED_DATA)"
)


def open_all(*parts):
    return [open_checkpoint(one) for one in discover(str(DATA.joinpath(*parts)))]


def assert_same_bytes(checkpoint, state):
    assert {tensor.name for tensor in checkpoint.tensors} == set(state)
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            out = np.empty(tensor.n_bytes, np.uint8)
            reader.read_into(tensor, 0, out)
            expected = state[tensor.name].contiguous().reshape(-1).view(torch.uint8)
            assert np.array_equal(out, expected.numpy()), tensor.name


def test_every_model_of_the_folder_is_found():
    assert [str(source.ref) for source in discover(str(DATA / "models"))] == [
        "resnet20-12fca82f@main",
        "resnet32-d509ac18@main",
        "resnet44-014dd654@main",
        "resnet56-4bfd9763@main",
        "silero_vad@main",
        "stories260K/hf@main",
    ]


def test_the_llama_has_all_its_parameters():
    (found,) = open_all("models", "stories260K")
    # 260,032 says the data's README; the tied output matrix is not stored.
    assert found.n_elements == 260_032
    assert found.config["model_type"] == "llama"
    path = DATA / "models/stories260K/hf/model.safetensors"
    assert found.n_bytes + 8 + header_bytes(path) == path.stat().st_size
    assert_same_bytes(found, load_file(path))


def header_bytes(path):
    with path.open("rb") as file:
        return int.from_bytes(file.read(8), "little")


def test_the_resnets_lose_their_prefix_and_nothing_else():
    for found in open_all("models", "resnet_cifar10"):
        path = found.source.location
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        assert found.n_elements == sum(tensor.numel() for tensor in state.values())
        bare = {name.removeprefix("module."): one for name, one in state.items()}
        assert_same_bytes(found, bare)
        assert any("best_prec1" in note for note in found.notes)


def test_the_voice_detector_is_whole():
    (found,) = open_all("models", "silero_vad")
    assert_same_bytes(
        found, load_file(next((DATA / "models/silero_vad").glob("*.saf*")))
    )


def test_the_series_is_eighteen_adapters_in_order():
    found = open_all("series", "lora_roberta_pt")
    steps = [*range(500, 8501, 500), 8610]
    assert [one.source.step for one in found] == steps
    assert {one.source.ref.model for one in found} == {"lora_roberta_pt"}
    assert {(one.kind, one.base_model) for one in found} == {
        ("adapter", "roberta-base")
    }
    assert len({one.n_elements for one in found}) == 1
    for one in (found[0], found[-1]):
        assert_same_bytes(
            one, load_file(Path(one.folder) / "adapter_model.safetensors")
        )


def test_the_last_step_holds_the_whole_history():
    found = open_all("series", "lora_roberta_pt")
    losses = {e.step for e in found[-1].training_log if e.metric == "eval_loss"}
    assert losses == set(range(500, 8501, 500))
    first = {e.metric for e in found[0].training_log}
    assert {"loss", "learning_rate", "grad_norm", "eval_loss", "epoch"} <= first
    assert read_series_log(found[0].source) is None
