"""Is a model looked at without being changed, and is every place what it says?"""

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.errors import UsageError
from pipeline.probes.batch import bare_batch
from pipeline.probes.capture import make_forward, observe, run_trunk
from pipeline.probes.sites import SITE_KINDS
from tests.probes.runs import (
    DECODERS,
    FAMILIES,
    MIXTURES,
    SEQ2SEQ,
    Recorder,
    forward_of,
    made_batch,
)


def hooks_of(model):
    return [
        (name, key, len(getattr(module, key)))
        for name, module in model.named_modules()
        for key in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_look_changes_nothing(name):
    forward, batch = forward_of(name), made_batch()
    hooks = hooks_of(forward.model)
    weights = {key: value.clone() for key, value in forward.model.state_dict().items()}
    with torch.no_grad():
        before = run_trunk(forward, batch)[0]
    recorder = Recorder(*SITE_KINDS)
    after = observe(forward, batch, [recorder])[0]
    assert torch.equal(before, after)
    assert recorder.seen
    assert hooks_of(forward.model) == hooks
    for key, value in forward.model.state_dict().items():
        assert torch.equal(value, weights[key])


@pytest.mark.parametrize("name", [*DECODERS, *MIXTURES, "bert", "bloom"])
def test_blocks_hold_the_hidden_states_of_transformers(name):
    forward, batch = forward_of(name), made_batch((6, 6))
    recorder = Recorder("block_input", "block_output")
    observe(forward, batch, [recorder])
    with torch.no_grad():
        states = forward.trunk(batch.tokens, output_hidden_states=True).hidden_states
    for site, (value,) in recorder.seen.items():
        expected = states[site.layer + (site.kind == "block_output")]
        if site.kind == "block_output" and site.layer == len(states) - 2:
            continue  # transformers has it after the final normalisation
        torch.testing.assert_close(value, expected.reshape(12, -1), rtol=0, atol=0)
    assert {site.layer for site in recorder.seen} == set(range(len(states) - 1))


@pytest.mark.parametrize("name", ["llama", "gpt2", "qwen3"])
def test_a_block_adds_what_its_outputs_say(name):
    recorder = Recorder("block_input", "block_output", "attention_output", "mlp_output")
    observe(forward_of(name), made_batch((5,)), [recorder])
    parts = {(site.layer, site.kind): value for site, (value,) in recorder.seen.items()}
    for layer in (0, 1):
        total = sum(
            parts[layer, kind]
            for kind in ("block_input", "attention_output", "mlp_output")
        )
        torch.testing.assert_close(total, parts[layer, "block_output"])


@pytest.mark.parametrize("name", SEQ2SEQ)
def test_both_stacks_have_their_blocks_and_neurons(name):
    recorder = Recorder(*SITE_KINDS)
    observe(forward_of(name), made_batch(), [recorder])
    counts = {}
    for site in recorder.seen:
        counts.setdefault((site.stack, site.kind), set()).add(site.layer)
    for stack, layers in (("encoder", {0, 1}), ("decoder", {0, 1, 2})):
        for kind in ("block_output", "mlp_activation", "attention_output"):
            assert counts[stack, kind] == layers


@pytest.mark.parametrize("name", [*DECODERS, "mixtral", "bert", "bart"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_no_token(name, side):
    if (name, side) == ("bart", "left"):
        with pytest.raises(UsageError, match="Pad its batches on the right"):
            observe(forward_of(name), made_batch(side=side), [])
        return
    forward = forward_of(name)
    padded, alone = Recorder("block_output"), Recorder("block_output")
    observe(forward, made_batch((7, 4), side=side), [padded])
    batch = made_batch((7, 4))
    for row, length in enumerate((7, 4)):
        one = made_batch((length,))
        one.tokens[0] = batch.tokens[row, :length]
        observe(forward, one, [alone])
    for site, (value,) in padded.seen.items():
        torch.testing.assert_close(
            value, torch.cat(alone.seen[site]), rtol=1e-4, atol=1e-5
        )


def test_a_plain_module_is_run_with_its_own_inputs():
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    )
    forward = make_forward(model)
    assert forward.kind == "module"
    recorder = Recorder(*SITE_KINDS)
    x = torch.randn(5, 4)
    observe(forward, bare_batch({"input": x}, 5), [recorder])
    inputs = {
        s.path: v for s, (v,) in recorder.seen.items() if s.kind == "linear_input"
    }
    torch.testing.assert_close(inputs["0"], x)
    torch.testing.assert_close(inputs["2"], model[1](model[0](x)))


def test_hooks_are_gone_after_an_error():
    class Breaks(Recorder):
        def observe(self, _site, _value, _batch):
            raise RuntimeError("seen enough")

    forward = forward_of("gpt2")
    hooks = hooks_of(forward.model)
    with pytest.raises(RuntimeError, match="seen enough"):
        observe(forward, made_batch(), [Breaks("block_output")])
    assert hooks_of(forward.model) == hooks
