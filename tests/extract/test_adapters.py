"""Do low-rank adapters reach the warehouse as the updates that they stand for?"""

import numpy as np
import pytest

from pipeline.tables import ADAPTERS, SPECTRA
from tests.extract.grouped import (
    ROOT,
    extract,
    factors,
    save_adapter,
    sigma,
)
from tests.extract.tables import rows_of


def test_an_adapter_is_its_explicit_product(tmp_path, warehouse):
    tensors = factors()
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    A, B = (tensors[f"{ROOT}query.lora_{f}.weight"].astype(np.float64) for f in "AB")
    explicit = 16 / 4 * B @ A
    np.testing.assert_allclose(row["singular_values"], sigma(explicit, 4), rtol=1e-9)
    assert row["frobenius_norm"] == pytest.approx(np.linalg.norm(explicit))
    assert (row["n_rows"], row["n_cols"], row["rank"]) == (24, 16, 4)
    assert (row["status"], row["scale"], row["utilisation"]) == ("ok", 4.0, 1.0)
    assert len(rows_of(warehouse, SPECTRA)) == 2, "the factors' own spectra"


def test_a_changed_scale_is_measured_anew(tmp_path, warehouse):
    folder = save_adapter(tmp_path / "lora", factors())
    extract(folder, warehouse)
    (before,) = rows_of(warehouse, ADAPTERS)
    save_adapter(folder, factors(), lora_alpha=160.0)
    assert extract(folder, warehouse).status == "measured"
    (after,) = rows_of(warehouse, ADAPTERS)
    assert after["frobenius_norm"] == pytest.approx(10 * before["frobenius_norm"])
    assert after["stable_rank"] == pytest.approx(before["stable_rank"])


def test_utilisation_counts_directions(tmp_path, warehouse):
    tensors = factors()
    tensors[ROOT + "query.lora_A.weight"][3] = tensors[ROOT + "query.lora_A.weight"][0]
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    assert (row["numerical_rank"], row["utilisation"]) == (3, 0.75)


def spoil(what):
    tensors = factors()
    a, b = list(tensors)
    if what == "no B":
        del tensors[b]
    elif what == "rank 0":
        tensors[a], tensors[b] = (
            np.zeros((0, 16), np.float32),
            np.zeros((24, 0), np.float32),
        )
    elif what == "other ranks":
        tensors[b] = np.ones((24, 3), np.float32)
    elif what == "NaN":
        tensors[a][0, 0] = np.nan
    elif what == "fresh":
        tensors[b][:] = 0
    return tensors


@pytest.mark.parametrize(
    ("what", "config", "status", "reason"),
    [
        ("no B", {}, "missing_partner", "there is no lora_B of this module"),
        ("rank 0", {"r": 0}, "empty", "a factor has no element"),
        ("other ranks", {}, "shape_mismatch", "A has 4 rows and B 3 columns"),
        ("NaN", {}, "non_finite", "a factor holds NaN or Inf"),
        ("fresh", {}, "all_zero", "all entries are 0"),
        ("nothing", {"r": 8}, "no_scale", "the config says rank 8, the factors have 4"),
    ],
)
def test_a_broken_adapter_is_a_row_with_a_status(
    tmp_path, warehouse, what, config, status, reason
):
    folder = save_adapter(tmp_path / "lora", spoil(what), **config)
    assert extract(folder, warehouse).status == "measured"
    (row,) = rows_of(warehouse, ADAPTERS)
    assert (row["status"], row["reason"]) == (status, reason)
    if status == "no_scale":
        assert row["frobenius_norm"] is None
        assert row["stable_rank"] > 1


def test_half_precision_factors_are_exact_in_float64(tmp_path, warehouse):
    tensors = factors(dtype=np.float16)
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    A, B = (tensors[f"{ROOT}query.lora_{f}.weight"].astype(np.float64) for f in "AB")
    np.testing.assert_allclose(row["singular_values"], sigma(4 * B @ A, 4), rtol=1e-9)
