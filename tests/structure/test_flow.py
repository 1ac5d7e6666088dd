"""Is the flow through a model the one that its authors drew?"""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.sources import discover, open_checkpoint
from pipeline.structure import (
    describe_checkpoint,
    describe_module,
    trace_flow,
    walk_tensors,
)
from pipeline.structure.grow import grow
from tests.tiny_models import make_tiny_model


def flows(name):
    return trace_flow(describe_module(make_tiny_model(name).module))


def steps(block):
    return [(s.kind, dict(s.norms)) for s in block.sublayers]


@pytest.mark.parametrize(
    ("name", "positions", "norms", "is_gated", "is_parallel"),
    [
        ("llama", "rotary", "before", True, False),
        ("gpt2", "learned", "before", False, False),
        ("bert", "learned", "after", False, False),
        ("gpt_neox", "rotary", "before", False, True),
        ("qwen3", "rotary", "before", True, False),
        ("olmo2", "rotary", "inside", True, False),
    ],
)
def test_a_stack_of_equal_blocks(name, positions, norms, is_gated, is_parallel):
    (flow,) = flows(name)
    (block,) = flow.blocks
    assert flow.positions == positions
    assert steps(block) == [
        ("attention", {norms: "attention_norm"}),
        ("feed_forward", {norms: "mlp_norm"}),
    ]
    assert block.sublayers[1].facts["is_gated"] is is_gated
    assert block.is_parallel is is_parallel
    assert block.layers == (0, 1)


def test_grouped_heads_widths_and_activation():
    attention, feed_forward = flows("llama")[0].blocks[0].sublayers
    assert attention.facts == {"n_heads": 4, "n_kv_heads": 2, "head_dim": 8}
    assert feed_forward.facts["width"] == 24
    assert feed_forward.facts["activation"] == "silu"
    # Stored (in, out): the width is the first size.
    assert flows("gpt2")[0].blocks[0].sublayers[1].facts["width"] == 64


def test_two_norms_around_a_sublayer():
    (block,) = flows("gemma2")[0].blocks
    assert steps(block)[0] == (
        "attention",
        {"before": "attention_norm", "inside": "attention_post_norm"},
    )


def test_experts_and_dense_layers_are_different_blocks():
    (block,) = flows("mixtral")[0].blocks
    facts = block.sublayers[1].facts
    assert (block.sublayers[1].kind, facts["top_k"]) == ("experts", 2)
    dense, sparse = flows("deepseek_v3")[0].blocks
    assert (dense.layers, sparse.layers) == ((0,), (1, 2))
    assert [b.sublayers[-1].kind for b in (dense, sparse)] == [
        "feed_forward",
        "experts",
    ]


def test_a_decoder_reads_its_encoder():
    kinds = {
        flow.name: [s.kind for s in flow.blocks[0].sublayers]
        for flow in flows("t5")
        if flow.blocks
    }
    assert kinds["decoder"] == ["attention", "cross_attention", "feed_forward"]
    assert kinds["encoder"] == ["attention", "feed_forward"]


def test_state_mixers_and_towers():
    (block,) = flows("mamba")[0].blocks
    assert steps(block) == [("state", {"before": "norm"})]
    assert {flow.name for flow in flows("clip") if flow.is_known} == {"text", "vision"}


def test_convolutions_are_no_known_flow():
    for flow in flows("resnet"):
        assert not flow.is_known


@pytest.mark.parametrize("saved", ["as_one", "twice"])
def test_tied_scores_come_from_the_embedding(saved):
    structure = describe_module(make_tiny_model("gpt2").module)
    if saved == "as_one":
        kept = [t for t in walk_tensors(structure) if t.name != "lm_head.weight"]
        structure = replace(structure, stacks=grow(kept))
    (flow,) = trace_flow(structure)
    assert flow.ties_output is (saved == "as_one")
    assert ("unembedding" in flow.outputs) is (saved == "twice")


def test_a_users_own_module_runs_from_its_embedding_to_its_norm(tmp_path):
    names = ["norm.weight", "strange.weight", "lm_head.weight", "embed.weight"]
    names += [f"blocks.0.attn.{k}.weight" for k in "qkvo"]
    names += ["blocks.0.norm1.weight", "blocks.0.norm2.weight"]
    names += ["blocks.0.mlp.fc1.weight", "blocks.0.mlp.fc2.weight"]
    tensors = {name: np.zeros((8, 8), np.float32) for name in names}
    save_file(tensors, tmp_path / "model.safetensors")
    (source,) = discover(str(tmp_path))
    (flow,) = trace_flow(describe_checkpoint(open_checkpoint(source)))
    assert flow.inputs == ("token_embedding",)
    assert steps(flow.blocks[0]) == [
        ("attention", {"before": "attention_norm"}),
        ("feed_forward", {"before": "mlp_norm"}),
    ]
    assert flow.outputs == ("final_norm", "unembedding")
    assert flow.unordered == ("other",)


def test_heads_of_latent_attention_do_not_share_out_the_hidden_size():
    structure = describe_module(make_tiny_model("deepseek_v3").module)
    config = structure.config
    for flow in trace_flow(structure):
        facts = flow.blocks[-1].sublayers[0].facts
        stated = config["qk_nope_head_dim"] + config["qk_rope_head_dim"]
        assert facts["head_dim"] == stated
        assert stated != config["hidden_size"] // config["num_attention_heads"]
