"""What is measured is the weight that the module computes with, as torch makes it."""

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from pipeline.errors import SourceError
from pipeline.extract.reading import load
from pipeline.sources import ask_for, discover, open_checkpoint, open_reader


def pruned(net):
    prune.l1_unstructured(net.fc, "weight", amount=0.9)


OLD_AND_NEW = {
    "pruned": pruned,
    "weight norm": lambda net: weight_norm(net.fc),
    "weight norm of inputs": lambda net: weight_norm(net.fc, dim=1),
    "weight norm as parametrisation": lambda net: parametrizations.weight_norm(net.fc),
    "spectral norm": lambda net: spectral_norm(net.fc),
    "spectral norm as parametrisation": (
        lambda net: parametrizations.spectral_norm(net.fc)
    ),
    "convolution": lambda net: weight_norm(net.conv),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*spectral_norm:FutureWarning")
@pytest.mark.parametrize("kind", OLD_AND_NEW)
def test_parts_of_a_weight_are_read_as_the_weight(tmp_path, kind):
    torch.manual_seed(0)
    net = torch.nn.Sequential()
    net.add_module("fc", torch.nn.Linear(12, 8))
    net.add_module("conv", torch.nn.Conv2d(3, 4, 3))
    OLD_AND_NEW[kind](net)
    if "weight norm" in kind or kind == "convolution":
        with torch.no_grad():
            for name, value in net.named_parameters():
                if name.endswith(("_g", "original0")):
                    value.mul_(3)
    net.eval()
    module = net.conv if kind == "convolution" else net.fc
    module(torch.ones(1, 3, 5, 5) if kind == "convolution" else torch.ones(1, 12))
    torch.save(net.state_dict(), tmp_path / "net.pt")
    checkpoint = open_checkpoint(discover(str(tmp_path / "net.pt"))[0])
    (one,) = [tensor for tensor in checkpoint.tensors if tensor.quantised]
    with open_reader(checkpoint) as reader:
        values = load(reader, one, largest_bytes=1 << 20).values.array()
    expected = module.weight.detach().numpy()
    np.testing.assert_allclose(values.reshape(expected.shape), expected, rtol=1e-5)
    loose = [t for t in checkpoint.tensors if not t.is_side and not t.quantised]
    assert all(t.name.endswith((".weight", ".bias")) for t in loose)


@pytest.mark.parametrize("with_dots", [True, False])
def test_averaged_copies_are_no_weights(tmp_path, with_dots):
    tensors = {}
    for i in range(3):
        name = f"model.net.{i}.weight"
        copy = f"net.{i}.weight"
        tensors[name] = torch.randn(4, 4)
        copy = copy if with_dots else copy.replace(".", "")
        tensors[f"model_ema.{copy}"] = torch.randn(4, 4)
    tensors["model_ema.decay"] = torch.tensor(0.9)
    torch.save({"state_dict": tensors}, tmp_path / "net.ckpt")
    checkpoint = open_checkpoint(discover(str(tmp_path / "net.ckpt"))[0])
    reasons = {t.name: t.skip_reason for t in checkpoint.tensors}
    copies = {n for n, reason in reasons.items() if reason == "ema_copy"}
    assert copies == {n for n in tensors if "ema" in n} - {"model_ema.decay"}
    assert reasons["model_ema.decay"] == "training_state"


def test_averages_alone_are_the_model(tmp_path):
    torch.save({"ema.0.weight": torch.randn(4, 4)}, tmp_path / "net.pt")
    checkpoint = open_checkpoint(discover(str(tmp_path / "net.pt"))[0])
    assert [t.skip_reason for t in checkpoint.tensors] == [""]


@pytest.mark.parametrize("with_dots", [True, False])
def test_averages_that_are_asked_for_are_the_model(tmp_path, with_dots):
    weights = {f"model.net.{i}.weight": torch.randn(4, 4) for i in range(3)}
    copies = {}
    for i in range(3):
        name = f"net.{i}.weight" if with_dots else f"net{i}weight"
        copies[f"model_ema.{name}"] = torch.full((4, 4), float(i))
    torch.save({"state_dict": weights | copies}, tmp_path / "net.ckpt")
    (source,) = discover(str(tmp_path / "net.ckpt"))
    asked = ask_for(source, "ema")
    assert (asked.ref.model, asked.ref.revision) == ("net+ema", "main")
    checkpoint = open_checkpoint(asked)
    kept = {t.name: t for t in checkpoint.tensors if not t.skip_reason}
    assert set(kept) == {f"model_ema.net.{i}.weight" for i in range(3)}
    with open_reader(checkpoint) as reader:
        values = load(reader, kept["model_ema.net.2.weight"], largest_bytes=1 << 20)
    assert (values.values.array() == 2).all()
    left = {t.skip_reason for t in checkpoint.tensors if t.name in weights}
    assert left == {"left out: its ema copies were asked for"}
    note = "3 ema copies are not counted: see --copies ema"
    assert note in open_checkpoint(source).notes


def test_the_weights_of_an_optimizer_can_be_asked_for(tmp_path):
    state = {
        "model": {"layers.0.weight": torch.zeros(4, 4, dtype=torch.bfloat16)},
        "optimizer": {
            "fp32_param": {"layers.0.weight": torch.ones(4, 4)},
            "exp_avg": {"layers.0.weight": torch.ones(4, 4)},
        },
    }
    torch.save(state, tmp_path / "net.pt")
    (source,) = discover(str(tmp_path / "net.pt"))
    reasons = [t.skip_reason for t in open_checkpoint(source).tensors]
    assert reasons == ["", "master_weights", "optimizer_state"]
    asked = open_checkpoint(ask_for(source, "master"))
    (one,) = [t for t in asked.tensors if not t.skip_reason]
    assert (one.name, one.dtype) == ("optimizer.fp32_param.layers.0.weight", "F32")


def test_copies_that_are_not_there_are_no_model(tmp_path):
    torch.save({"net.weight": torch.ones(2, 2)}, tmp_path / "net.pt")
    (source,) = discover(str(tmp_path / "net.pt"))
    with pytest.raises(SourceError, match="holds no ema copy"):
        open_checkpoint(ask_for(source, "ema"))
