"""Are losses those of the whole model, without its logits all at once?"""

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.capture import shift_right
from pipeline.probes.head import before_head, last_states, logits_of, token_losses
from tests.probes.runs import DECODERS, MIXTURES, forward_of, made_batch


def full_logits(forward, batch):
    given = {"input_ids": batch.tokens, "attention_mask": batch.mask.long()}
    if forward.kind == "encoder-decoder":
        given["decoder_input_ids"] = shift_right(forward, batch)
        given["decoder_attention_mask"] = batch.mask.long()
    return forward.model(**given).logits.float()


@pytest.mark.parametrize(
    "name", [*DECODERS, *MIXTURES, "bert", "bart", "t5", "bloom", "mamba"]
)
@pytest.mark.parametrize("chunk", [3, 100])
def test_losses_are_those_of_the_logits_at_once(name, chunk):
    forward, batch = forward_of(name), made_batch((7, 4))
    keys = set(vars(forward.trunk)) | set(vars(forward.model))
    with torch.no_grad():
        logits = full_logits(forward, batch).log_softmax(-1)
        losses = token_losses(forward, batch, last_states(forward, batch), chunk=chunk)
    expected = []
    for row, length in enumerate((7, 4)):
        for at in range(1 if forward.kind == "decoder" else 0, length):
            source = at - 1 if forward.kind == "decoder" else at
            expected.append(-logits[row, source, batch.tokens[row, at]])
    torch.testing.assert_close(losses, torch.stack(expected), rtol=1e-5, atol=1e-5)
    assert set(vars(forward.trunk)) | set(vars(forward.model)) == keys
    assert not any("forward" in vars(one) for one in forward.model.modules())


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "gpt_neox", "opt"])
def test_the_last_layer_seen_through_the_head_is_the_prediction(name):
    forward, batch = forward_of(name), made_batch((6,))
    kept = {}
    path = [s.path for s in forward.sites if s.kind == "block_output"][-1]
    module = forward.model.get_submodule(path)
    handle = module.register_forward_hook(
        lambda _m, _i, out: kept.update(out=out[0] if isinstance(out, tuple) else out)
    )
    with torch.no_grad():
        answer = last_states(forward, batch)
        handle.remove()
        lens = logits_of(forward, before_head(forward)(kept["out"])[0], answer)
        torch.testing.assert_close(lens, full_logits(forward, batch)[0])
