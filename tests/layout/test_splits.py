"""Are the parts of a fused tensor the projections that the model itself applies?"""

import warnings

import numpy as np
import pytest

from pipeline.layout import identify
from tests.tiny_models import make_tiny_model

torch = pytest.importorskip("torch", reason="needs the extra `demo`: torch")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")


def module_of(model, tensor_name):
    return model.module.get_submodule(tensor_name.removesuffix(".weight"))


def fused_tensors(model, component):
    layout = identify(model.tensors(), model.config)
    return [
        (tensor, layout)
        for tensor in model.tensors()
        if layout.locate(tensor.name, tensor.shape).component == component
        and tensor.name.endswith("weight")
    ]


def apply_views(layout, tensor, model, x, *, n_parts=3):
    """x through each part alone, without the bias: {view: output}."""
    place = layout.locate(tensor.name, tensor.shape)
    views = layout.views(tensor)
    assert len(views) == n_parts
    array = model.array(tensor.name)
    matrices = {view.view: view.of(array) for view in views}
    return {
        name: x @ (matrix if place.is_transposed else matrix.T)
        for name, matrix in matrices.items()
    }


@pytest.fixture(scope="module")
def captured_attention():
    """An attention function that keeps the q, k and v that it is called with."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    calls = []

    def capture(_module, query, key, value, *_mask, **_options):
        calls.append((query, key, value))
        return query.transpose(1, 2).contiguous(), None

    AttentionInterface.register("capture", capture)
    AttentionMaskInterface.register("capture", eager_mask)
    return calls


@pytest.mark.parametrize(
    "name", ["gpt2", "gpt_neox", "gpt_bigcode", "gpt_bigcode_mha", "phi3", "modernbert"]
)
def test_parts_are_what_the_attention_function_gets(name, captured_attention):
    # One token at position 0: rotary embeddings are the identity there.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_tiny_model(name)
        model.module.set_attn_implementation("capture")
    (tensor, layout), *_ = fused_tensors(model, "qkv")
    fused = module_of(model, tensor.name)
    inputs = []
    hook = fused.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    captured_attention.clear()
    with torch.no_grad():
        if getattr(fused, "bias", None) is not None:
            fused.bias.zero_()
        model.module(torch.tensor([[7]]))
    hook.remove()
    x = inputs[0][0, 0].numpy()
    parts = apply_views(layout, tensor, model, x)
    for part, seen in zip("qkv", captured_attention[0], strict=True):
        np.testing.assert_allclose(parts[part], seen.flatten().numpy(), atol=1e-6)


@pytest.mark.parametrize("name", ["falcon", "falcon_old", "falcon_new"])
def test_falcon_splits_heads_as_its_module_does(name):
    model = make_tiny_model(name)
    (tensor, layout), *_ = fused_tensors(model, "qkv")
    attention = model.module.get_submodule(tensor.name.rpartition(".query")[0])
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    fused = torch.from_numpy(x @ model.array(tensor.name).T)
    query, key, value = attention._split_heads(fused[None, None])
    parts = apply_views(layout, tensor, model, x)
    # The new architecture repeats each key for the queries of its group.
    step = query.shape[2] // layout.n_kv_heads if name == "falcon_new" else 1
    for part, seen in (
        ("q", query),
        ("k", key[:, :, ::step]),
        ("v", value[:, :, ::step]),
    ):
        np.testing.assert_allclose(parts[part], seen.flatten().numpy(), atol=1e-6)


def test_bloom_splits_heads_as_its_module_does():
    model = make_tiny_model("bloom")
    (tensor, layout), *_ = fused_tensors(model, "qkv")
    attention = model.module.get_submodule(tensor.name.rpartition(".query")[0])
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    fused = torch.from_numpy(x @ model.array(tensor.name).T)
    parts = apply_views(layout, tensor, model, x)
    split = attention._reshape(fused[None, None])
    for part, seen in zip("qkv", split, strict=True):
        np.testing.assert_allclose(parts[part], seen.flatten().numpy(), atol=1e-6)


def test_mpt_and_qwen_vision_hold_thirds():
    # Their forwards: chunk(3) of the output, and reshape(…, 3, heads, -1).
    for name, component in (("mpt", "Wqkv"), ("qwen2_vl", "attn.qkv")):
        model = make_tiny_model(name)
        (tensor, layout), *_ = fused_tensors(model, "qkv")
        assert component in tensor.name
        thirds = np.split(model.array(tensor.name), 3)
        for view, third in zip(layout.views(tensor), thirds, strict=True):
            assert (view.of(model.array(tensor.name)) == third).all()


def test_gpt2_cross_attention_holds_keys_then_values():
    model = make_tiny_model("gpt2_cross")
    (tensor, layout), *_ = fused_tensors(model, "cross_kv")
    array = model.array(tensor.name)
    k, v = layout.views(tensor)
    assert (k.view, k.component, v.view, v.component) == (
        "k",
        "cross_k",
        "v",
        "cross_v",
    )
    assert (k.of(array) == array[:, :16]).all()
    assert (v.of(array) == array[:, 16:]).all()


@pytest.mark.parametrize("name", ["phi3", "glm4", "modernbert"])
def test_gate_and_up_rebuild_the_feed_forward(name):
    model = make_tiny_model(name)
    (tensor, layout), *_ = fused_tensors(model, "gate_up")
    mlp = model.module.get_submodule(tensor.name.rpartition(".mlp.")[0] + ".mlp")
    act = getattr(mlp, "act", None) or mlp.activation_fn
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    parts = apply_views(layout, tensor, model, x, n_parts=2)
    hidden = act(torch.from_numpy(parts["gate"])).numpy() * parts["up"]
    down = model.array(
        next(
            t.name
            for t in model.tensors()
            if layout.locate(t.name, t.shape).component == "down"
        )
    )
    with torch.no_grad():
        expected = mlp(torch.from_numpy(x)[None]).numpy()[0]
    np.testing.assert_allclose(hidden @ down.T, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["mixtral", "qwen3_moe", "deepseek_v3", "gpt_oss"])
def test_expert_views_rebuild_one_expert(name):
    model = make_tiny_model(name)
    (gate_up, down), layout = expert_tensors(model)
    experts = model.module.get_submodule(gate_up.name.rpartition(".gate_up")[0])
    is_transposed = layout.locate(gate_up.name, gate_up.shape).is_transposed
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    views = {view.view: view for view in layout.views(gate_up)}
    downs = {view.view: view for view in layout.views(down)}
    with torch.no_grad():
        for bias in ("gate_up_proj_bias", "down_proj_bias"):
            if hasattr(experts, bias):
                getattr(experts, bias).zero_()
    for expert in range(layout.n_experts):

        def through(view, tensor, x):
            matrix = view.of(model.array(tensor.name))
            return x @ matrix if is_transposed else x @ matrix.T

        gate = through(views[f"expert.{expert}.gate"], gate_up, x)
        up = through(views[f"expert.{expert}.up"], gate_up, x)
        hidden = activate(experts, gate, up)
        y = through(downs[f"expert.{expert}"], down, hidden)
        with torch.no_grad():
            expected = experts(
                torch.from_numpy(x)[None], torch.tensor([[expert]]), torch.ones(1, 1)
            )
        np.testing.assert_allclose(y, expected[0].numpy(), atol=1e-6)


def test_llama4_experts_rebuild_their_module():
    model = make_tiny_model("llama4")
    (gate_up, down), layout = expert_tensors(model)
    experts = model.module.get_submodule(gate_up.name.rpartition(".gate_up")[0])
    x = np.linspace(-1, 1, 16, dtype=np.float32)
    views = {view.view: view for view in layout.views(gate_up)}
    downs = {view.view: view for view in layout.views(down)}
    with torch.no_grad():
        repeated = torch.from_numpy(np.tile(x, (layout.n_experts, 1)))
        expected = experts(repeated).numpy()
    for expert in range(layout.n_experts):
        gate, up = (
            x @ views[f"expert.{expert}.{part}"].of(model.array(gate_up.name))
            for part in ("gate", "up")
        )
        y = activate(experts, gate, up) @ downs[f"expert.{expert}"].of(
            model.array(down.name)
        )
        np.testing.assert_allclose(y, expected[expert], atol=1e-6)


def expert_tensors(model):
    layout = identify(model.tensors(), model.config)
    found = {}
    for tensor in model.tensors():
        if len(tensor.shape) == 3:
            place = layout.locate(tensor.name, tensor.shape)
            found.setdefault(place.component, tensor)
    return (found["gate_up"], found["down"]), layout


def activate(experts, gate, up):
    if hasattr(
        experts, "alpha"
    ):  # GPT-OSS, as in its paper: (up + 1) · gate · σ(αgate)
        return (up + 1) * gate / (1 + np.exp(-experts.alpha * gate))
    return experts.act_fn(torch.from_numpy(gate)).numpy() * up


def test_codegen_is_left_whole():
    model = make_tiny_model("codegen")
    (tensor, layout), *_ = fused_tensors(model, "qkv")
    assert [view.view for view in layout.views(tensor)] == ["whole"]


@pytest.mark.parametrize(
    "name", ["gpt_neox", "bloom", "falcon_new", "phi3", "gpt_bigcode_mha"]
)
def test_without_a_config_what_needs_head_counts_stays_whole(name):
    model = make_tiny_model(name)
    layout = identify(model.tensors(), {})
    (tensor, _), *_ = fused_tensors(model, "qkv")
    assert [view.view for view in layout.views(tensor)] == ["whole"]


@pytest.mark.parametrize(
    "wrong", [{"num_attention_heads": 3}, {"head_dim": 5}, {"num_key_value_heads": 3}]
)
def test_head_counts_that_do_not_fit_the_shape_leave_it_whole(wrong):
    model = make_tiny_model("phi3")
    layout = identify(model.tensors(), {**model.config, **wrong})
    (tensor, _), *_ = fused_tensors(model, "qkv")
    assert [view.view for view in layout.views(tensor)] == ["whole"]
