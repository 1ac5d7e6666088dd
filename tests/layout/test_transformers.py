"""Do the patterns place what transformers really makes, and what it saves?"""

import warnings
from dataclasses import replace

import pytest

from pipeline.layout import identify
from tests.layout.expected_places import EXPECTED
from tests.tiny_models import TINY_MODELS, make_tiny_model, saved_tensors

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")


pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")


# Without a config these cannot be told apart: names and shapes are the same.
SAME_NAMES = {"gpt_bigcode_mha": "nanogpt", "eurobert": "llama"}


# Files hold one tensor per expert where the modules hold one for all of them.
SPLIT_ON_SAVING = {"gate_up": {"gate", "up"}}


def summarise(layout, tensors):
    summary = {}
    for tensor in tensors:
        located = layout.locate(tensor.name, tensor.shape)
        layers, inside, outside = summary.setdefault(
            located.stack, (set(), set(), set())
        )
        if located.layer is None:
            outside.add(located.component)
        else:
            inside.add(located.component)
            layers.add(located.layer)
    return summary


def expected_summary(name):
    return {
        stack: (set(range(n_layers)), set(inside.split()), set(outside.split()))
        for stack, (n_layers, inside, outside) in EXPECTED[name][1].items()
    }


def split_experts(summary):
    return {
        stack: (
            layers,
            set().union(*(SPLIT_ON_SAVING.get(word, {word}) for word in inside)),
            outside,
        )
        for stack, (layers, inside, outside) in summary.items()
    }


@pytest.fixture(scope="module", params=TINY_MODELS)
def model(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, not ours
        return make_tiny_model(request.param)


def test_every_tensor_of_the_state_dict_is_placed(model):
    layout = identify(model.tensors(), model.config)
    assert layout.family == EXPECTED[model.name][0]
    assert summarise(layout, model.tensors()) == expected_summary(model.name)


def test_every_tensor_of_the_saved_file_is_placed(model, tmp_path):
    tensors = saved_tensors(model, tmp_path)
    layout = identify(tensors, model.config)
    assert layout.family == EXPECTED[model.name][0]
    is_split = any(".experts.0." in tensor.name for tensor in tensors)
    expected = expected_summary(model.name)
    found = summarise(layout, tensors)
    for stack, (layers, inside, outside) in (
        split_experts(expected) if is_split else expected
    ).items():
        got = found.get(stack, (set(), set(), set()))
        assert got[:2] == (layers, inside)
        # A file lacks what is tied or computed, it has nothing else.
        assert got[2] <= outside


def test_names_alone_place_as_the_config_does(model):
    tensors = model.tensors()
    stated, guessed = identify(tensors, model.config), identify(tensors, {})
    assert guessed.family == SAME_NAMES.get(model.name, stated.family)
    for tensor in tensors:
        place = guessed.locate(tensor.name, tensor.shape)
        expected = stated.locate(tensor.name, tensor.shape)
        if model.name in SAME_NAMES:
            place = replace(place, stack=expected.stack)
        assert place == expected


def test_only_conv1d_is_transposed(model):
    from transformers.pytorch_utils import Conv1D

    layout = identify(model.tensors(), model.config)
    conv1d = {
        f"{name}.weight"
        for name, module in model.module.named_modules()
        if isinstance(module, Conv1D)
    }
    transposed = {
        tensor.name
        for tensor in model.tensors()
        if layout.locate(tensor.name, tensor.shape).is_transposed
        and len(tensor.shape) == 2
    }
    assert transposed == conv1d


def test_every_float_tensor_has_a_view_or_a_reason(model):
    layout = identify(model.tensors(), model.config)
    for tensor in model.tensors():
        views = layout.views(tensor)
        assert bool(views) == (layout.no_view_reason(tensor) == "")
        array = model.array(tensor.name)
        for view in views:
            matrix = view.of(array)
            assert matrix.shape == (view.n_rows, view.n_cols)
        if views and views[0].matrix_view != "convolution":
            # Parts hold each element once: nothing lost, nothing twice.
            assert sum(v.n_rows * v.n_cols for v in views) == array.size


SAVED_APART = (
    "mixtral",
    "phimoe",
    "olmoe",
    "qwen2_moe",
    "qwen3_moe",
    "deepseek_v2",
    "deepseek_v3",
)


@pytest.mark.parametrize("name", SAVED_APART)
def test_fused_experts_hold_the_matrices_that_files_hold_apart(name, tmp_path):
    """How transformers splits them on saving is an independent reading."""
    from safetensors.numpy import load_file

    model = make_tiny_model(name)
    saved = saved_tensors(model, tmp_path)
    arrays = load_file(tmp_path / "model.safetensors")
    layout = identify(saved, model.config)
    apart = {
        (place.layer, place.component, place.expert): arrays[tensor.name]
        for tensor in saved
        for place in [layout.locate(tensor.name, tensor.shape)]
        if place.expert is not None
    }
    layout = identify(model.tensors(), model.config)
    for tensor in model.tensors():
        place = layout.locate(tensor.name, tensor.shape)
        if len(tensor.shape) == 3:
            for view in layout.views(tensor):
                twin = apart.pop((place.layer, view.component, view.expert))
                assert (view.of(model.array(tensor.name)) == twin).all()
    assert not apart
