"""Are Keras, ONNX, NumPy and Flax read as their own libraries wrote them?"""

import io
import os
import zipfile

import h5py
import msgpack
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.errors import SourceError
from pipeline.sources import discover, open_checkpoint, open_reader

W = np.random.default_rng(0).standard_normal((6, 4)).astype("<f4")
B = np.arange(4, dtype=">i2")


def keras(folder):
    with h5py.File(folder / "tf_model.h5", "w") as file:
        file["model_weights/dense/kernel:0"] = W
        file["model_weights/dense/bias:0"] = B
        file["optimizer_weights/m"] = W
    return {"dense.kernel": W, "dense.bias": B}


def keras_3(folder):
    inner = io.BytesIO()
    with h5py.File(inner, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=W, compression="gzip")
    with zipfile.ZipFile(folder / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", inner.getvalue())
    return {"layers.dense.vars.0": W}


def graph():
    values = [helper.make_tensor_value_info(n, 1, [1, 4]) for n in "xy"]
    half = helper.make_tensor("half", TensorProto.FLOAT16, [2], [1.0, 2.0])
    constant = numpy_helper.from_array(W[:2], "c")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Constant", [], ["c"], value=constant),
    ]
    weights = [numpy_helper.from_array(W, "w"), half]
    return helper.make_model(
        helper.make_graph(nodes, "g", *[[v] for v in values], weights)
    )


ONNX = {"w": W, "half": np.array([1, 2], np.float16), "c": W[:2]}


def onnx_model(folder):
    onnx.save(graph(), folder / "model.onnx")
    return ONNX


def onnx_external(folder):
    path = str(folder / "model.onnx")
    onnx.save(
        graph(), path, save_as_external_data=True, location="data", size_threshold=0
    )
    return ONNX


def npz(folder):
    np.savez_compressed(folder / "weights.npz", a=W, turned=np.asfortranarray(W), b=B)
    return {"a": W, "turned": W, "b": B}


def flax(folder):
    def leaf(array):
        stored = array.astype(array.dtype.newbyteorder("<"))
        facts = [list(array.shape), array.dtype.name, stored.tobytes()]
        return msgpack.ExtType(1, msgpack.packb(facts, use_bin_type=True))

    tree = {"params": {"dense": {"kernel": leaf(W), "bias": leaf(B)}}, "step": 3}
    (folder / "flax_model.msgpack").write_bytes(msgpack.packb(tree, use_bin_type=True))
    return {"params.dense.kernel": W, "params.dense.bias": B}


MAKERS = (keras, keras_3, onnx_model, onnx_external, npz, flax)


def read(folder, piece=7):
    checkpoint = open_checkpoint(discover(str(folder))[0])
    found = {}
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            if tensor.skip_reason:
                continue
            raw = np.empty(tensor.n_bytes, np.uint8)
            for start in range(0, len(raw), piece):
                reader.read_into(tensor, start, raw[start : start + piece])
            found[tensor.name] = tensor.shape, raw.tobytes()
    return checkpoint, found


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_array_is_read_as_it_was_written(tmp_path, make):
    truth = make(tmp_path)
    _, found = read(tmp_path)
    assert found == {
        name: (array.shape, array.astype(array.dtype.newbyteorder("<")).tobytes())
        for name, array in truth.items()
    }


def test_what_the_optimizer_kept_is_skipped(tmp_path):
    keras(tmp_path)
    checkpoint, _ = read(tmp_path)
    reasons = {one.name: one.skip_reason for one in checkpoint.tensors}
    assert reasons["optimizer_weights.m"] == "optimizer_state"


def test_objects_in_an_archive_are_never_loaded(tmp_path):
    np.savez(tmp_path / "weights.npz", a=W, o=np.array([{}], dtype=object))
    checkpoint, found = read(tmp_path)
    assert set(found) == {"a"}
    reasons = {one.name: one.skip_reason for one in checkpoint.tensors}
    assert "never loaded" in reasons["o"]


def refusal(path):
    with pytest.raises(SourceError) as caught:
        open_checkpoint(discover(str(path))[0])
    return str(caught.value)


def test_external_data_outside_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    onnx_external(folder)
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret"
    (tmp_path / "secret").write_bytes(bytes(1 << 10))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    assert "lies in '../secret', which is not followed" in refusal(folder)


def test_a_link_to_external_data_elsewhere_is_not_followed(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    onnx_external(folder)
    (folder / "data").rename(tmp_path / "secret")
    os.symlink(tmp_path / "secret", folder / "data")  # noqa: PTH211
    assert "which is not followed" in refusal(folder)


def test_hdf5_links_and_virtual_data_sets_are_not_followed(tmp_path):
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["w"] = W
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file["w"] = h5py.ExternalLink(str(tmp_path / "other.hdf5"), "w")
    assert "links to the file" in refusal(tmp_path / "model.weights.h5")
    layout = h5py.VirtualLayout((6, 4), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.hdf5"), "w", (6, 4))
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file.create_virtual_dataset("w", layout)
    assert "lies in other files" in refusal(tmp_path / "model.weights.h5")


@pytest.mark.parametrize(
    "name", ["m.h5", "m.keras", "m.onnx", "weights.npz", "weights.npy", "m.msgpack"]
)
@pytest.mark.parametrize("content", [bytes(64), b"", b"\x93NUMPY\x01\x00\xff\xff"])
def test_what_is_no_such_file_says_so(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert "or a damaged one" in refusal(tmp_path / name)


def test_data_beside_a_model_is_no_model(tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": W}, tmp_path / "model.safetensors")
    np.save(tmp_path / "tokens.npy", B)
    np.savez(tmp_path / "batch.npz", a=W)
    (source,) = discover(str(tmp_path))
    assert open_checkpoint(source).format == "safetensors"


FOREIGN = {
    "model.nemo": "untar it",
    "model_final.pkl": "safetensors",
    "model_state.pdparams": "safetensors",
    "model.ckpt-100.index": "tf.train.load_checkpoint",
    "model.safetensors.incomplete": "wait for it to end",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_form_that_is_not_read_is_named_with_what_to_do(tmp_path, name):
    (tmp_path / name).write_bytes(bytes(64))
    with pytest.raises(SourceError) as caught:
        discover(str(tmp_path))
    assert name in caught.value.what
    assert FOREIGN[name].lower() in caught.value.fix.lower()
