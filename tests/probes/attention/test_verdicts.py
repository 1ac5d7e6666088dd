"""Are heads announced that do it, and none of a model that was never trained?"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch
import transformers

from pipeline.metrics.attention.heads import describe_heads
from pipeline.probes.attention.blocks import Rule, attend
from pipeline.probes.attention.reducer import AttentionReducer
from pipeline.probes.attention.rows import RowTally
from pipeline.probes.attention.sides import SideMaker
from pipeline.probes.batch import Batch, Window
from pipeline.probes.capture import make_forward, observe

N_DRAWS = 100
N_TEXTS, LENGTH, N_TOKENS = 16, 48, 64


def repeated(seed, n_texts=N_TEXTS, *, length=LENGTH):
    """Random tokens, repeated after 12 to 24 places: another period in each text."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_texts):
        once = rng.integers(3, N_TOKENS, size=rng.integers(12, 25))
        rows.append(np.resize(once, length))
    tokens = torch.from_numpy(np.stack(rows))
    mask = torch.ones_like(tokens, dtype=torch.bool)
    positions = torch.arange(length).expand(n_texts, -1)
    windows = tuple(Window(one, 0, length) for one in range(n_texts))
    return Batch(tokens, mask, mask, positions, windows)


def twin(seed):
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=N_TOKENS,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    return make_forward(transformers.LlamaForCausalLM(config))


def test_no_head_of_an_untrained_model_is_announced():
    n_induction = n_sink = 0
    for seed in range(N_DRAWS):
        reducer = AttentionReducer()
        observe(twin(seed), repeated(seed), [reducer])
        rows = [row for _, row in describe_heads(reducer.sums)]
        assert len(rows) == 8
        n_induction += any(row["is_induction"] for row in rows)
        n_sink += any(row["is_sink"] for row in rows)
    assert n_induction <= N_DRAWS // 100
    assert n_sink <= N_DRAWS // 100


def test_p_values_of_a_head_that_ignores_tokens_are_those_of_chance():
    rng = np.random.default_rng(5)
    found = []
    for seed in range(200):
        weights = rng.exponential(size=(LENGTH, LENGTH)) ** 4
        scores = torch.from_numpy(np.log(weights)).float()[None, None]
        row = rows_of(repeated(seed), bias=scores)[0]
        found.append(row["induction_p_value"])
    # Binomial(200, 0.05) has 20 or fewer in 99.8 %.
    assert sum(p <= 0.05 for p in found) <= 20


def rows_of(batch, *, queries=None, keys=None, bias=None):
    """Rows of one attention with these queries and keys; looking nowhere without."""
    forward = twin(0)
    blank = torch.zeros(len(batch.tokens), 1, batch.tokens.shape[1], 2)
    queries = blank if queries is None else queries
    keys = blank if keys is None else keys
    reducer = AttentionReducer()
    rule = Rule(1.0, is_causal=True, bias=bias)
    sides = SideMaker(forward, batch, None, None)
    place = ("decoder", 0, "self")
    tally = RowTally(sides.make(place, queries, keys, rule), 1)
    with torch.no_grad():
        attend(queries, keys, keys, rule, visit=tally)
    reducer.take(place, tally, batch)
    return [row for _, row in describe_heads(reducer.sums)]


def one_hot(tokens):
    return torch.nn.functional.one_hot(tokens, N_TOKENS).float()[:, None]


def test_a_head_that_looks_behind_the_same_token_is_announced():
    batch = repeated(1)
    queries = 8 * one_hot(batch.tokens)
    before = one_hot(batch.tokens.roll(1, dims=1))
    before[:, :, 0] = 0
    (row,) = rows_of(batch, queries=queries, keys=before)
    assert row["is_induction"]
    assert row["is_sink"] is False
    assert row["induction_excess"] > 0.4


def test_a_head_that_looks_at_one_lag_is_no_induction_head():
    batch = repeated(2)
    lag = torch.arange(LENGTH)[:, None] - torch.arange(LENGTH)[None]
    (row,) = rows_of(batch, bias=10.0 * (lag == 17).float()[None, None])
    assert row["is_induction"] is False


def test_a_head_that_looks_at_the_first_token_has_a_sink():
    batch = repeated(3)
    bias = torch.zeros(1, 1, LENGTH, LENGTH)
    bias[..., 0] = 6.0
    (row,) = rows_of(batch, bias=bias)
    assert row["is_sink"]
    assert row["is_induction"] is False
    assert row["first_token_mass"] == pytest.approx(row["sink_mass"])


def test_too_few_documents_give_no_verdict():
    (row,) = rows_of(repeated(4, n_texts=4))
    assert row["is_induction"] is None
    assert row["induction_p_value"] is None
    assert row["induction_excess"] is not None
    assert row["is_sink"] is None
    (row,) = rows_of(repeated(4, n_texts=1))
    assert row["induction_excess"] is None
