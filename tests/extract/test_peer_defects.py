"""Eight things that WeightWatcher 0.7.7 was seen to get wrong: here they are right.

Each test also computes, from its published definitions, what that way of doing it gives
on the same input: the difference is the point.
"""

import sys
import warnings
from itertools import pairwise

import numpy as np
import pytest

from pipeline.compare import compare_checkpoints
from pipeline.extract import Settings, extract_checkpoint
from pipeline.metrics.nulls.randomised import measure_randomised
from pipeline.metrics.tails.power_law import fit_power_law
from pipeline.metrics.tails.tail import describe_tail
from pipeline.query import run_query, run_sql
from pipeline.sources import discover
from pipeline.tables import CHECKPOINTS, SPECTRA, TENSOR_CHANGES, TENSOR_STATS, TENSORS
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import rows_of
from tests.metrics.made_arrays import tensor_of

ABSOLUTE_THRESHOLD = 1e-5  # theirs: smaller eigenvalues are not fitted
LARGEST_SIDE = 50_000  # theirs: matrices with a longer side are left out


def eigenvalues(matrix):
    return np.linalg.svd(matrix, compute_uv=False) ** 2


def their_alpha(matrix):
    """−1 where no eigenvalue above the threshold can be fitted."""
    lam = eigenvalues(matrix)
    fit = fit_power_law(lam[lam > ABSOLUTE_THRESHOLD])
    return -1.0 if fit.alpha is None else fit.alpha


def our_row(matrix):
    sigma = np.linalg.svd(matrix, compute_uv=False)
    return describe_tail(sigma, n_rows=matrix.shape[0], n_cols=matrix.shape[1])


def extract(folder, warehouse, families=("entries", "spectra")):
    (source,) = discover(str(folder))
    outcome = extract_checkpoint(
        source, warehouse, Settings(families=families, threads=2)
    )
    assert outcome.status == "measured", outcome.error


def noise(*shape, seed=0):
    matrix = np.random.default_rng(seed).standard_normal(shape)
    return matrix.astype(np.float32)


def test_1_alpha_does_not_depend_on_the_scale():
    matrix = np.random.default_rng(0).standard_t(3, (90, 60)) * 0.05
    scales = (1, 1e-3, 3e-5)
    ours = [our_row(matrix * scale)["alpha"] for scale in scales]
    assert ours == pytest.approx([ours[0]] * 3, rel=1e-9)
    theirs = [their_alpha(matrix * scale) for scale in scales]
    assert abs(theirs[1] - theirs[0]) > 0.1
    assert theirs[2] == -1


def test_2_a_fit_that_fails_enters_no_mean(tmp_path, warehouse):
    tensors = {"a.weight": noise(64, 48), "b.weight": np.ones((64, 48), np.float32)}
    extract(save_model(tmp_path / "two", tensors), warehouse)
    rows = {row["tensor"]: row for row in rows_of(warehouse, SPECTRA)}
    assert rows["b.weight"]["alpha"] is None
    assert rows["b.weight"]["fit_status"] == "too_few"
    alpha = rows["a.weight"]["alpha"]
    text = "select avg(alpha) as mean, min(alpha) as least from spectra"
    found = run_sql(warehouse.root, text).to_pylist()
    assert found == [{"mean": alpha, "least": alpha}]
    theirs = np.mean([their_alpha(tensors["a.weight"]), -1.0])
    assert theirs < alpha / 2 + 0.5


def test_3_a_small_difference_is_fitted_and_not_called_over_trained():
    difference = noise(384, 384) * 1e-5
    assert their_alpha(difference) == -1  # and below 2 they say over-trained
    row = our_row(difference.astype(np.float64))
    assert (row["fit_status"], row["n_spikes"]) == ("ok", 0)
    assert row["alpha"] > 2


def test_4_a_missing_layer_is_said_and_shifts_nothing(tmp_path, warehouse):
    base = gpt2_tensors(0)
    tuned = {name: tensor + np.float32(1e-4) for name, tensor in base.items()}
    lost = "h.0.mlp.c_fc.weight"
    del tuned[lost]
    shuffled = dict(sorted(tuned.items(), reverse=True))
    (old,) = discover(str(save_model(tmp_path / "base", base)))
    (new,) = discover(str(save_model(tmp_path / "tuned", shuffled)))
    compare_checkpoints(old, new, warehouse, Settings(threads=2))
    rows = rows_of(warehouse, TENSOR_CHANGES)
    by_role = {row["tensor"]: row["from_tensor"] for row in rows if row["tensor"]}
    assert by_role == {name: name for name in tuned}
    (alone,) = [row for row in rows if row["from_tensor"] == lost]
    assert alone["relative_change"] is None
    assert alone["status"] not in {"ok", "identical"}
    assert max(row["relative_change"] or 0 for row in rows) < 0.05
    by_position = [
        # Of other shapes they take the whole weight for the difference.
        np.linalg.norm(a - b) if a.shape == b.shape else np.linalg.norm(a)
        for a, b in zip(tuned.values(), base.values(), strict=False)
    ]
    moved = [np.linalg.norm(tuned[name] - base[name]) for name in tuned]
    assert max(by_position) > 20 * max(moved)


EVERYTHING = {
    "embed_tokens.weight": (LARGEST_SIDE + 1, 8),
    "layers.0.mlp.experts.gate_up_proj": (3, 16, 24),
    "encoder.layers.0.self_attn.in_proj_weight": (48, 16),
    "rnn.weight_ih_l0": (64, 16),
    "rnn.bias_ih_l0": (64,),
    "stem.conv.weight": (8, 8, 3, 3, 3),
    "norm.weight": (16,),
}


def test_5_nothing_is_left_out_in_silence(tmp_path, warehouse):
    tensors = {name: noise(*shape) for name, shape in EVERYTHING.items()}
    extract(save_model(tmp_path / "all", tensors, {"model_type": "other"}), warehouse)
    listed = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert {name: row["status"] for name, row in listed.items()} == dict.fromkeys(
        EVERYTHING, "ok"
    )
    n_elements = sum(tensor.size for tensor in tensors.values())
    assert sum(row["n_elements"] for row in listed.values()) == n_elements
    rows = rows_of(warehouse, SPECTRA)
    with_spectrum = {row["tensor"] for row in rows if row["status"] == "ok"}
    assert with_spectrum == {n for n, shape in EVERYTHING.items() if len(shape) > 1}
    experts = [row["view_expert"] for row in rows if row["view_expert"] is not None]
    assert sorted(set(experts)) == [0, 1, 2]
    assert {r["reason"] for r in rows if r["status"] == "no_view"} == {"1-D"}
    theirs = [
        name
        for name, shape in EVERYTHING.items()
        if name.endswith(".weight") and len(shape) in (2, 4)
        if max(shape) <= LARGEST_SIDE
    ]
    assert theirs == []


def test_6_norms_of_convolutions_are_norms(tmp_path, warehouse):
    shapes = {"conv1.weight": (16, 8, 4, 4), "conv2.weight": (16, 8, 9)}
    tensors = {name: noise(*shape) for name, shape in shapes.items()}
    extract(save_model(tmp_path / "conv", tensors, {"model_type": "x"}), warehouse)
    whole = {
        r["tensor"]: r for r in rows_of(warehouse, SPECTRA) if r["view"] == "whole"
    }
    for name, tensor in tensors.items():
        norm = np.linalg.norm(tensor.astype(np.float64))
        assert whole[name]["frobenius_norm"] == pytest.approx(norm)
        assert (whole[name]["n_rows"], whole[name]["n_cols"]) == (16, tensor[0].size)
    # Theirs: each kernel offset by itself, times √½, and their norms averaged.
    even = tensors["conv1.weight"].astype(np.float64)
    slices = [even[:, :, i, j] * np.sqrt(0.5) for i in range(4) for j in range(4)]
    theirs = np.sqrt(np.mean([np.linalg.norm(each) ** 2 for each in slices]))
    assert theirs < 0.5 * np.linalg.norm(even)


def test_7_untrained_weights_are_noise_whatever_their_alpha(tmp_path, warehouse):
    extract(save_model(tmp_path / "fresh", gpt2_tensors(width=32)), warehouse)
    rows = run_query(warehouse.root, "noise", {"model": "fresh"}).to_pylist()
    assert {row["verdict"] for row in rows} == {"noise"}
    alphas = [row["alpha"] for row in rows]
    assert max(alphas) / min(alphas) > 2
    # Theirs: 2 to 6 is well trained, less over-trained, more under-trained.
    labels = {"over" if a < 2 else "under" if a > 6 else "trained" for a in alphas}
    assert "trained" in labels


def test_8a_one_nan_stops_one_matrix(tmp_path, warehouse):
    tensors = {"a.weight": noise(16, 12), "b.weight": noise(16, 12, seed=1)}
    tensors["a.weight"][0, 0] = np.nan
    extract(save_model(tmp_path / "nan", tensors), warehouse)
    status = {row["tensor"]: row["status"] for row in rows_of(warehouse, SPECTRA)}
    assert status == {"a.weight": "non_finite", "b.weight": "ok"}
    with pytest.raises(np.linalg.LinAlgError):
        eigenvalues(tensors["a.weight"])


def test_8b_codes_are_no_values_and_tied_weights_count_once(tmp_path, warehouse):
    weight = noise(48, 32)
    scale = np.abs(weight).max(axis=1, keepdims=True) / 127
    codes = np.rint(weight / scale).astype(np.int8)
    embedding = noise(60, 32, seed=2)
    tensors = {
        "q_proj.weight": codes,
        "q_proj.weight_scale": scale,
        "embed_tokens.weight": embedding,
        "lm_head.weight": embedding.copy(),
    }
    config = {"model_type": "llama", "quantization_config": {"quant_method": "fp8"}}
    extract(save_model(tmp_path / "codes", tensors, config), warehouse)
    stats = {row["tensor"]: row for row in rows_of(warehouse, TENSOR_STATS)}
    assert stats["q_proj.weight"]["abs_max"] == pytest.approx(np.abs(weight).max())
    assert np.abs(codes).max() > 25 * stats["q_proj.weight"]["abs_max"]
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["n_parameters"] == weight.size + embedding.size


def test_8c_the_shuffle_has_a_seed_and_the_logarithm_does_not_overflow():
    matrix = np.random.default_rng(0).standard_t(3, (40, 30))
    one, other = (measure_randomised(tensor_of(matrix))["randomised"] for _ in "12")
    assert one == other
    unseeded = [np.random.default_rng().permutation(9).tolist() for _ in range(8)]
    assert any(a != b for a, b in pairwise(unseeded))
    # λ of a 4,096² matrix of noise: uniform over the law's quarter circle in σ.
    sigma = 2 * np.sqrt(4096) * np.cos(np.linspace(0, np.pi / 2, 4096, endpoint=False))
    row = describe_tail(sigma, n_rows=4096, n_cols=4096)
    assert 2000 < row["n_erg_spikes"] < 4096
    with np.errstate(over="ignore"):
        assert np.isinf(np.cumprod(sigma**2 / np.mean(sigma**2))).any()


def test_8d_warnings_stay_as_they_were(tmp_path, warehouse):
    before = list(warnings.filters)
    extract(save_model(tmp_path / "pico"), warehouse)
    assert list(warnings.filters) == before
    assert "weightwatcher" not in sys.modules


def test_8e_every_byte_is_read_once(tmp_path, warehouse, monkeypatch):
    from pipeline.extract import reading

    n_read = []
    real = reading.hash_bytes

    def count(reader, tensor, digest, *, keep):
        n_read.append(tensor.name)
        return real(reader, tensor, digest, keep=keep)

    monkeypatch.setattr(reading, "hash_bytes", count)
    extract(save_model(tmp_path / "pico"), warehouse)
    assert sorted(n_read) == sorted(gpt2_tensors())
