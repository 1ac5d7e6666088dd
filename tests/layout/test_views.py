"""Which tensors hold no matrix, and are the views of the rest free of copies?"""

import numpy as np
import pytest

from pipeline.layout import MatrixView, identify
from pipeline.refs import TensorRef

LLAMA = {
    "layers.0.self_attn.q_proj.weight": (8, 8),
    "layers.0.mlp.down_proj.weight": (8, 12),
}


def view_of(name, shape, dtype="F32"):
    tensor = TensorRef(name, dtype, shape, "x", 0)
    others = [TensorRef(n, "F32", s, "x", 0) for n, s in LLAMA.items()]
    layout = identify([*others, tensor], {})
    return layout.views(tensor), layout.no_view_reason(tensor)


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "reason"),
    [
        ("norm.weight", (8,), "F32", "1-D"),
        ("embed_tokens.scale", (), "F32", "scalar"),
        ("embed_tokens.weight", (0, 8), "F32", "empty"),
        ("embed_tokens.weight", (4, 8), "I32", "not floating point"),
        ("embed_tokens.weight", (4, 8), "C64", "not floating point"),
        ("layers.0.mlp.gate_up_proj_bias", (4, 8), "F32", "bias"),
        ("layers.0.self_attn.q_norm.weight", (4, 8), "F32", "normalisation"),
        ("something.weight", (2, 3, 4), "F32", "unknown 3-D layout"),
        ("something.table", (2, 3, 4, 5), "F32", "unknown 4-D layout"),
        ("something.token", (1, 1, 8), "F32", "1-D"),
    ],
)
def test_what_holds_no_matrix_says_why(name, shape, dtype, reason):
    assert view_of(name, shape, dtype) == ((), reason)


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16", "F8_E4M3"])
def test_a_matrix_is_viewed_as_stored(dtype):
    views, reason = view_of("embed_tokens.weight", (7, 3), dtype)
    assert reason == ""
    assert views == (
        MatrixView("whole", "token_embedding", None, "as_stored", (7, 3), (), 7, 3),
    )


def test_a_row_and_a_column_are_matrices():
    for shape in ((1, 5), (5, 1)):
        views, _ = view_of("score.weight", shape)
        assert [(view.n_rows, view.n_cols) for view in views] == [shape]


def test_an_empty_batch_in_front_is_dropped():
    views, _ = view_of("something.position", (1, 5, 3))
    assert [(view.view, view.n_rows, view.n_cols) for view in views] == [
        ("whole", 5, 3)
    ]


def test_experts_of_an_unknown_net_are_viewed_one_by_one():
    views, _ = view_of("mixture.experts.down_proj", (2, 3, 4))
    assert [(view.view, view.component, view.expert) for view in views] == [
        ("expert.0", "down", 0),
        ("expert.1", "down", 1),
    ]
    array = np.arange(24.0).reshape(2, 3, 4)
    assert (views[1].of(array) == array[1]).all()
    # How gate and up lie in one tensor is not known: they stay together.
    views, _ = view_of("mixture.experts.gate_up_proj", (2, 6, 4))
    assert [view.component for view in views] == ["gate_up", "gate_up"]


def test_heads_in_groups_worked_by_hand():
    # 4 query heads in 2 groups, head_dim 1: rows are q0 q1 k0 v0 q2 q3 k1 v1.
    config = {
        "model_type": "falcon",
        "new_decoder_architecture": True,
        "num_attention_heads": 4,
        "num_kv_heads": 2,
    }
    tensor = TensorRef(
        "h.0.self_attention.query_key_value.weight", "F32", (8, 4), "x", 0
    )
    array = np.repeat(np.arange(8.0)[:, None], 4, axis=1)
    rows = {
        view.view: view.of(array)[:, 0].tolist()
        for view in identify([tensor], config).views(tensor)
    }
    assert rows == {"q": [0, 1, 4, 5], "k": [2, 6], "v": [3, 7]}


def test_contiguous_parts_share_the_memory():
    shapes = {"h.0.attn.c_attn.weight": (4, 12), "h.0.mlp.c_fc.weight": (4, 16)}
    tensors = [TensorRef(n, "F32", s, "x", 0) for n, s in shapes.items()]
    array = np.arange(48.0).reshape(4, 12)
    views = identify(tensors, {}).views(tensors[0])
    assert [view.of(array)[0, 0] for view in views] == [0, 4, 8]
    assert all(np.shares_memory(view.of(array), array) for view in views)


def test_a_flat_buffer_will_do():
    shapes = {"h.0.attn.c_attn.weight": (4, 12), "h.0.mlp.c_fc.weight": (4, 16)}
    tensors = [TensorRef(n, "F32", s, "x", 0) for n, s in shapes.items()]
    flat = np.arange(48.0)
    for view in identify(tensors, {}).views(tensors[0]):
        assert (view.of(flat) == view.of(flat.reshape(4, 12))).all()


def test_experts_stored_the_other_way_round_are_not_cut():
    # Without hidden_size nothing says on which axis the outputs lie.
    views, _ = view_of("layers.0.mlp.experts.gate_up_proj", (2, 12, 8))
    assert [view.view for view in views[:2]] == ["expert.0", "expert.1"]
    config = {"model_type": "mixtral", "hidden_size": 8}
    shapes = {"layers.0.mlp.experts.gate_up_proj": (2, 12, 8), **LLAMA}
    tensors = [TensorRef(n, "F32", s, "x", 0) for n, s in shapes.items()]
    assert [v.view for v in identify(tensors, config).views(tensors[0])][:2] == [
        "expert.0.gate",
        "expert.0.up",
    ]
    turned = TensorRef(tensors[0].name, "F32", (2, 8, 12), "x", 0)
    assert [v.view for v in identify([turned, *tensors[1:]], config).views(turned)] == [
        "expert.0",
        "expert.1",
    ]
