"""Do codes decode to what the libraries that wrote them make of them themselves?

The fixtures and the script that made them lie in `oracles`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from pipeline.extract.reading import load
from pipeline.sources import discover, open_checkpoint, open_reader

ORACLES = Path(__file__).parent / "oracles"
# Their shape stands nowhere in the file: the codes are skipped, not guessed.
SKIPPED = {"quanto_qint4"}
NAMES = sorted(path.stem for path in ORACLES.glob("*.safetensors"))


def unpacked(name, folder):
    """The fixture as a checkpoint of its own, and the weight that it stands for."""
    with safe_open(ORACLES / f"{name}.safetensors", "pt") as file:
        config = file.metadata()["config"]
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    from safetensors.torch import save_file as save

    truth = tensors.pop("expected").numpy()
    folder.mkdir()
    save(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(config)
    return open_checkpoint(discover(str(folder))[0]), truth


@pytest.mark.parametrize("name", [one for one in NAMES if one not in SKIPPED])
@pytest.mark.parametrize("largest_bytes", [1 << 30, 7000], ids=["held", "streamed"])
def test_codes_are_what_their_library_makes_of_them(tmp_path, name, largest_bytes):
    checkpoint, truth = unpacked(name, tmp_path / "q")
    (tensor,) = [one for one in checkpoint.tensors if one.quantised]
    assert not tensor.quantised.problem
    assert tensor.shape == truth.shape
    with open_reader(checkpoint) as reader:
        values = load(reader, tensor, largest_bytes=largest_bytes).values
        found = np.concatenate([b.copy() for b in values.row_blocks(n_bytes=1000)])
    # float16 scales times codes are rounded once more by some kernels.
    np.testing.assert_allclose(found, truth, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_beside_the_codes_is_a_weight(tmp_path, name):
    checkpoint, _ = unpacked(name, tmp_path / "q")
    sides = {one.name for one in checkpoint.tensors if one.is_side}
    weights = {
        one.name.rpartition(".")[2]
        for one in checkpoint.tensors
        if not (one.skip_reason or one.quantised)
    }
    assert sides
    assert weights <= {"bias"}
    if name in SKIPPED:
        (codes,) = [one for one in checkpoint.tensors if "_data" in one.name]
        assert codes.skip_reason.startswith("unsupported: U8")


def test_a_module_of_its_own_width_is_decoded_by_its_shapes(tmp_path):
    checkpoint, truth = unpacked("mlx_8", tmp_path / "q")
    folder = Path(checkpoint.folder)
    stated = {"quantization": {"group_size": 64, "bits": 4}}
    (folder / "config.json").write_text(json.dumps(stated))
    (tensor,) = [
        one
        for one in open_checkpoint(discover(str(folder))[0]).tensors
        if one.quantised
    ]
    assert tensor.quantised.scheme == "mlx int8 g64"
    assert tensor.shape == truth.shape


def test_mlx_codes_without_their_config_are_skipped(tmp_path):
    checkpoint, _ = unpacked("mlx_4", tmp_path / "q")
    folder = Path(checkpoint.folder)
    (folder / "config.json").write_text("{}")
    tensors = open_checkpoint(discover(str(folder))[0]).tensors
    reasons = {one.name.rpartition(".")[2]: one.skip_reason for one in tensors}
    assert reasons["weight"].startswith("unsupported: MLX codes, whose group size")
    assert all(reasons.values())


UNREAD = {
    "aqlm": {
        "codes": np.zeros((8, 4, 1), np.int16),
        "codebooks": np.ones((1, 256, 1, 8), np.float16),
        "scales": np.ones((8, 1, 1, 1), np.float16),
    },
    "bytes of floats": {
        "weight": np.zeros((8, 8), np.uint8),
        "weight_scale": np.ones((8, 1), np.float32),
    },
    "words of a fork": {
        "q_weight": np.zeros((8, 8), np.int32),
        "q_scale": np.ones((8, 1), np.int32),
        "q_scale_max": np.ones(8, np.float16),
        "q_invperm": np.zeros(8, np.int16),
    },
    "a weight of integers": {"weight": np.zeros((8, 8), np.int8)},
}


@pytest.mark.parametrize("case", UNREAD)
def test_structure_alone_says_that_integers_are_codes(tmp_path, case):
    tensors = {f"layers.0.fc.{key}": value for key, value in UNREAD[case].items()}
    plain = {"layers.0.norm.weight": np.ones(8, np.float32)}
    save_file(tensors | plain, tmp_path / "model.safetensors")
    checkpoint = open_checkpoint(discover(str(tmp_path))[0])
    skipped = {one.name for one in checkpoint.tensors if one.skip_reason}
    assert skipped == set(tensors)


def test_integers_with_a_meaning_of_their_own_stay(tmp_path):
    tensors = {
        "attn.relative_position_index": np.zeros((4, 4), np.int64),
        "attn.relative_position_bias_table": np.ones((9, 2), np.float32),
        "attn.logit_scale": np.ones((2, 1, 1), np.float32),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    checkpoint = open_checkpoint(discover(str(tmp_path))[0])
    assert not any(one.skip_reason for one in checkpoint.tensors)


def test_bytes_that_spell_json_are_settings(tmp_path):
    text = np.frombuffer(b'{"format": "float8_e4m3fn"}', np.uint8)
    tensors = {"fc.comfy_quant": text, "fc.weight": np.ones((4, 4), np.float32)}
    save_file(tensors, tmp_path / "model.safetensors")
    (side,) = [
        one
        for one in open_checkpoint(discover(str(tmp_path))[0]).tensors
        if one.is_side
    ]
    assert "JSON" in side.skip_reason


def test_plain_floats_are_not_looked_at_one_by_one():
    from pipeline.quantised import recognise
    from pipeline.refs import TensorRef

    plain = [TensorRef(f"w{i}.weight", "BF16", (2, 2), "f", 8) for i in range(3)]
    assert recognise(plain, {}, lambda _: pytest.fail("nothing is read")) == tuple(
        plain
    )
