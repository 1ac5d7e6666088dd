"""Is a model the same when its attention is taken in blocks, and afterwards?"""

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.attention import blocks
from pipeline.probes.attention.blocks import attend
from pipeline.probes.attention.switch import can_switch, switched
from tests.probes.attention.families import FAMILIES, made

SEQ2SEQ = ("t5", "bart")
LENGTHS = (9, 5)


def inputs(name, side):
    generator = torch.Generator().manual_seed(3)
    tokens = torch.randint(3, 48, (2, max(LENGTHS)), generator=generator)
    mask = torch.zeros_like(tokens)
    for row, length in enumerate(LENGTHS):
        mask[row, slice(None, length) if side == "right" else slice(-length, None)] = 1
    given = {"input_ids": tokens, "attention_mask": mask}
    if name in SEQ2SEQ:
        given |= {"decoder_input_ids": tokens.flip(1)[:, :6]}
    if name == "gpt2_cross":
        states = torch.randn((2, 4, 16), generator=generator)
        given |= {"encoder_hidden_states": states}
    return given, mask.bool()


def run(model, given, **options):
    with torch.no_grad():
        return model(**given, use_cache=False, **options)


def small_blocks(monkeypatch):
    """Blocks of two queries: several of them even in a short text."""
    monkeypatch.setattr(blocks, "LEAST_QUERIES", 2)
    monkeypatch.setattr(blocks, "MOST_QUERIES", 2)


class Keeping:
    """Watches a model and keeps all weights of its attentions, in order of calls."""

    def __init__(self):
        self.calls: list[torch.Tensor] = []
        self.n_keys: list[int] = []

    def __call__(self, _module, query, key, value, *, rule):
        whole = torch.zeros(*query.shape[:3], key.shape[2])

        def keep(block):
            keys = slice(block.first_key, block.last_key)
            whole[:, :, block.start : block.stop, keys] = block.weights
            self.n_keys.append(block.weights.shape[3])

        out = attend(query, key, value, rule, visit=keep)
        self.calls.append(whole)
        return out


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", FAMILIES)
def test_outputs_and_weights_are_those_of_eager(name, side, monkeypatch):
    small_blocks(monkeypatch)
    model = made(name)
    assert can_switch(model)
    given, mask = inputs(name, side)
    before = [config._attn_implementation for config in configs(model)]
    model.set_attn_implementation("eager")
    expected = run(model, given, output_attentions=True)
    model.set_attn_implementation(before[0])
    kept = Keeping()
    with switched(model, kept):
        got = run(model, given)
    valid = mask if name not in SEQ2SEQ else mask.new_ones(2, 6)
    assert (got.logits - expected.logits)[valid].abs().max() <= 1e-6
    assert [config._attn_implementation for config in configs(model)] == before
    eager = eager_attentions(expected)
    assert len(kept.calls) == len(eager)
    for place, theirs in enumerate(eager):
        rows = mask if theirs.shape[2] == mask.shape[1] else mask.new_ones(2, 6)
        closest = min(distance(ours, theirs, rows) for ours in kept.calls)
        assert closest <= 1e-6, place


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ["mistral", "gemma2", "gpt_oss"])
def test_sliding_windows_are_those_of_eager(name, side, monkeypatch):
    small_blocks(monkeypatch)
    model = made(name, sliding_window=3)
    given, mask = inputs(name, side)
    model.set_attn_implementation("eager")
    expected = run(model, given, output_attentions=True)
    kept = Keeping()
    with switched(model, kept):
        got = run(model, given)
    assert (got.logits - expected.logits)[mask].abs().max() <= 1e-6
    assert min(kept.n_keys) < max(LENGTHS), "keys outside the window are not computed"
    for ours, theirs in zip(kept.calls, expected.attentions, strict=True):
        assert distance(ours, theirs, mask) <= 1e-6


def distance(ours, theirs, rows):
    if ours.shape != theirs.shape:
        return float("inf")
    apart = (ours - theirs).abs().amax(dim=(1, 3))
    return float(apart[rows].max())


def eager_attentions(outputs):
    keys = (
        "attentions",
        "encoder_attentions",
        "decoder_attentions",
        "cross_attentions",
    )
    return [one for key in keys for one in getattr(outputs, key, None) or ()]


def configs(model):
    return [one.config for one in model.modules() if hasattr(one, "config")]


def test_an_error_inside_leaves_the_model_as_it_was():
    model = made("llama")
    before = model.config._attn_implementation
    token = torch.tensor([[3]])

    def fail(*_, **__):
        raise ArithmeticError

    with pytest.raises(ArithmeticError), switched(model, fail):
        model(token)
    assert model.config._attn_implementation == before


@pytest.mark.parametrize("name", ["bloom", "falcon", "gptj"])
def test_own_attentions_are_not_switched(name):
    assert not can_switch(made(name))
