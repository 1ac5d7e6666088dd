"""Are streamed statistics of attention those of whole matrices, however batched?"""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.attention import blocks
from pipeline.probes.attention import reducer as reducer_module
from pipeline.probes.attention.reducer import AttentionReducer
from pipeline.probes.attention.tally import Tally
from pipeline.probes.capture import make_forward, observe, trunk_inputs
from tests.probes.attention.families import FAMILIES, made
from tests.probes.attention.reference import bins_of, statistics
from tests.probes.runs import made_batch

LENGTHS = (13, 6, 9)
PUNCTUATION = (7, 11, 12)
# T5 does not scale its scores: as sharp as the others, float32 itself would differ.
SHARPNESS = {"t5": 3.0}


def marks():
    known = torch.zeros(48, dtype=torch.bool)
    known[list(PUNCTUATION)] = True
    return known


def repetitive(batch):
    """Few tokens, so that some are the same: 3 to 12."""
    tokens = batch.tokens % 10 + 3
    return type(batch)(
        tokens.masked_fill(~batch.mask, 0), batch.mask, batch.counted, batch.positions
    )


def eager_weights(forward, batch):
    """Of each row: (attention kind, stack, layers of (heads, T, S)) without padding."""
    model = forward.model
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    given = trunk_inputs(forward, batch)
    with torch.no_grad():
        out = forward.trunk(**given, output_attentions=True)
    model.set_attn_implementation(before)
    kinds = {
        "attentions": (own_stack(forward), "self"),
        "encoder_attentions": ("encoder", "self"),
        "decoder_attentions": ("decoder", "self"),
        "cross_attentions": ("decoder", "cross"),
    }
    for key, (stack, attention) in kinds.items():
        for layer, weights in enumerate(getattr(out, key, None) or ()):
            yield (stack, layer, attention), weights.double().numpy(), given


def own_stack(forward):
    return next(iter(forward.places.modules.values())).stack or next(
        at.stack for at in forward.places.modules.values() if at.layer is not None
    )


def expected_sums(forward, batch):
    """Sums by place and head of whole matrices, row by row, and the binned maps."""
    found, maps = {}, {}
    for place, weights, given in eager_weights(forward, batch):
        stack, _, attention = place
        tokens = given["input_ids"]
        if stack == "decoder" and "decoder_input_ids" in given:
            queries = given["decoder_input_ids"]
        else:
            queries = tokens
        is_causal = attention == "self" and forward.kind != "encoder"
        is_causal = is_causal and not (
            forward.kind == "encoder-decoder" and stack == "encoder"
        )
        per_head = []
        cells = np.zeros((weights.shape[1], 64, 64))
        for row, mask in enumerate(batch.mask.numpy()):
            places = np.flatnonzero(mask)
            shares = bins_of(len(places))
            for head in range(weights.shape[1]):
                some = weights[row, head][np.ix_(places, places)]
                keys = tokens[row].numpy()[places] if attention == "cross" else None
                sums = statistics(
                    some,
                    queries[row].numpy()[places],
                    is_causal=is_causal,
                    punctuation=PUNCTUATION,
                    keys=keys,
                )
                per_head.append((head, sums))
                cells[head] += shares @ some @ shares.T
        found[place] = {
            name: np.array(
                [
                    sum(sums[name] for head, sums in per_head if head == wanted)
                    for wanted in range(weights.shape[1])
                ]
            )
            for name in per_head[0][1]
        }
        maps[place] = cells
    return found, maps


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", FAMILIES)
def test_sums_are_those_of_whole_matrices(name, side, monkeypatch):
    if (name, side) == ("bart", "left"):
        pytest.skip("BART is run with padding on the right alone")
    monkeypatch.setattr(blocks, "LEAST_QUERIES", 4)
    monkeypatch.setattr(blocks, "MOST_QUERIES", 4)
    forward = make_forward(made(name, sharpness=SHARPNESS.get(name, 8.0)))
    batch = repetitive(made_batch(LENGTHS, side=side))
    reducer = AttentionReducer(punctuation=marks())
    observe(forward, batch, [reducer])
    expected, maps = expected_sums(forward, batch)
    assert reducer.capture == "block"
    assert set(reducer.sums) == set(expected)
    for place, sums in expected.items():
        got = reducer.sums[place]
        assert got.n_queries == sum(LENGTHS)
        assert set(sums) <= set(got.sums)
        for field, value in sums.items():
            total = got.sums[field].sum(axis=0)
            np.testing.assert_allclose(
                total,
                value,
                rtol=2e-6,
                atol=2e-6 * sum(LENGTHS),
                err_msg=f"{place} {field}",
            )
        np.testing.assert_allclose(got.binned, maps[place], atol=1e-5)


def test_batches_one_by_one_in_any_order_and_merged_are_one():
    forward = make_forward(made("llama", sharpness=8.0))
    batch = repetitive(made_batch(LENGTHS))
    whole = AttentionReducer(punctuation=marks())
    observe(forward, batch, [whole])
    parts = []
    for row in (2, 0, 1):
        part = AttentionReducer(punctuation=marks())
        places = slice(0, LENGTHS[row])
        cut = (one[row : row + 1, places] for one in (batch.tokens, batch.mask))
        tokens, mask = cut
        observe(forward, type(batch)(tokens, mask, mask, mask.cumsum(1) - 1), [part])
        parts.append(part)
    for place, expected in whole.sums.items():
        merged = parts[0].sums[place]
        merged.merge(parts[1].sums[place])
        merged.merge(parts[2].sums[place])
        assert merged.n_queries == expected.n_queries
        for name in set(expected.sums) - {"paired", "control"}:
            np.testing.assert_allclose(
                merged.mean(name), expected.mean(name), rtol=2e-6, atol=1e-7
            )
        np.testing.assert_allclose(merged.map(), expected.map(), atol=1e-6)


def test_context_of_a_window_counts_no_query():
    forward = make_forward(made("llama", sharpness=8.0))
    batch = made_batch((12,))
    counted = batch.mask.clone()
    counted[:, :5] = False
    part = AttentionReducer()
    observe(forward, replace(batch, counted=counted), [part])
    for (_, layer, _), weights, _ in eager_weights(forward, batch):
        sums = part.sums["decoder", layer, "self"]
        assert sums.n_queries == 7
        np.testing.assert_allclose(
            sums.mean("first"), weights[0, :, 5:, 0].mean(axis=1), rtol=1e-5
        )


def test_a_partner_shares_places_not_tokens():
    forward = make_forward(made("llama", sharpness=8.0))
    batch = repetitive(made_batch((12, 12)))
    both = AttentionReducer()
    observe(forward, batch, [both])
    (*_, (_, weights, _)) = eager_weights(forward, batch)
    sums = both.sums["decoder", 1, "self"]
    for row, other in ((0, 1), (1, 0)):
        partner = batch.tokens[other].numpy()
        for head in range(4):
            expected = sum(
                weights[row, head, i, j]
                for i in range(12)
                for j in range(1, 12)
                if j - 1 != i and partner[j - 1] == partner[i]
            )
            got = sums.sums["control"][row, head]
            np.testing.assert_allclose(got, expected, rtol=1e-5)
    np.testing.assert_allclose(sums.sums["paired"], sums.sums["induction"])


@pytest.mark.parametrize("name", ["llama", "gpt_oss", "bert"])
def test_products_of_blocks_give_what_compiled_rows_give(name, monkeypatch):
    forward = make_forward(made(name, sharpness=8.0))
    batch = repetitive(made_batch(LENGTHS))
    by_rows, by_products = AttentionReducer(marks()), AttentionReducer(marks())
    observe(forward, batch, [by_rows])
    monkeypatch.setattr(reducer_module, "RowTally", Tally)
    observe(forward, batch, [by_products])
    for place, expected in by_products.sums.items():
        got = by_rows.sums[place]
        assert set(got.sums) == set(expected.sums)
        for field, values in expected.sums.items():
            np.testing.assert_allclose(got.sums[field], values, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(got.binned, expected.binned, atol=1e-5)
