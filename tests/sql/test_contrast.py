"""Query `contrast`: every metric once, by component, corrected over all of them."""

import numpy as np
import pytest
from scipy import stats

from tests.sql.small_zoo import at, entries, pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture(scope="module")
def two_models(tmp_path_factory):
    """Six layers of q and up each; stable ranks differ, means do not."""
    rng = np.random.default_rng(0)
    tables = {"checkpoints": [], "tensors": [], "tensor_stats": [], "spectra": []}
    for model, shift in (("a", 0), ("b", 5)):
        names = [f"{part}.{i}" for part in ("q", "up") for i in range(6)]
        parts = [name.split(".")[0] for name in names]
        tables["checkpoints"] += at([{}], model)
        tables["tensors"] += at(
            [
                place(n, (4, 4), layer=int(n[-1]), component=c)
                for n, c in zip(names, parts, strict=True)
            ],
            model,
        )
        tables["tensor_stats"] += at(
            [
                entries(n, [1.0], mean=m, frobenius_norm=1.0)
                for n, m in zip(names, rng.normal(size=12), strict=True)
            ],
            model,
        )
        tables["spectra"] += at(
            [
                spectrum(n, [1], (4, 4), stable_rank=v, view_component=c)
                for n, c, v in zip(
                    names, parts, shift + rng.normal(size=12), strict=True
                )
            ],
            model,
        )
    return tiny_warehouse(tmp_path_factory.mktemp("two"), **tables)


def test_contrast(two_models):
    columns = "component metric n_a n_b cliffs_delta p_value q_value status"
    found = pick(two_models, "contrast", columns, model_a="a", model_b="b")
    assert {row[:2] for row in found[:2]} == {
        ("q", "stable_rank"),
        ("up", "stable_rank"),
    }
    assert {row[2:5] for row in found[:2]} == {(6, 6, 1)}
    # A norm stands in two tables; it is one metric.
    assert len({row[:2] for row in found}) == len(found)
    norms = {row[2:] for row in found if row[1] == "frobenius_norm"}
    assert norms == {(6, 6, None, None, None, "constant")}
    tested = [row for row in found if row[5] is not None]
    q = stats.false_discovery_control([row[5] for row in tested])
    assert [row[6] for row in tested] == pytest.approx(q)


def test_a_narrower_question_is_corrected_for_less(two_models):
    asked = {"model_a": "a", "model_b": "b", "metric": "stable_rank"}
    found = pick(two_models, "contrast", "p_value q_value", component="q", **asked)
    assert found[0][0] == found[0][1] == pytest.approx(2 / 924)
