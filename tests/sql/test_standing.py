"""Queries of what a zoo holds, lacks and repeats, with rows worked by hand."""

import math
import re

import pytest

from pipeline.errors import QueryError
from pipeline.query import find_query
from pipeline.query.definitions import locate_sql
from pipeline.tables import TABLES
from tests.sql.small_zoo import ask, pick
from tests.tiny_warehouse import MEASURED_AT, tiny_warehouse


def test_skipped(zoo):
    assert ask(zoo, "skipped", model="pair") == [
        ("pair", "main", "matrix", "h.1.up", 8, "not_converged", "as planned"),
        ("pair", "main", "tensor", "momentum", 9, "skipped", "optimizer_state"),
        ("pair", "old", "tensor", "momentum", 9, "skipped", "optimizer_state"),
    ]
    names = pick(zoo, "skipped", "name reason", model="pair", no_views="true")
    assert ("h.0.ln", "1-D") in names


def test_sizes(zoo):
    rows = ask(zoo, "sizes", model="pair")
    assert rows[0] == ("pair", "main", "q", "F32", 3, 18, 18, 72, 72 / 228)
    assert ("pair", "main", "lm_head", "F32", 1, 6, 0, 24, 24 / 228) in rows
    assert sum(row[7] for row in rows) == 4 * 57


def test_duplicates(zoo):
    rows = pick(
        zoo,
        "duplicates",
        "digest n_tensors n_checkpoints n_models n_bytes_repeated first_tensor "
        "last_tensor",
        min_elements=6,
    )
    # The embedding and its tied head, in two revisions each.
    assert rows[0] == (
        "digest of emb",
        4,
        2,
        1,
        72,
        "pair@main emb",
        "pair@old head",
    )


def test_status(zoo):
    columns = "model revision step n_checkpoints n_tensors n_value_counts n_spectra"
    rows = pick(zoo, "status", columns, model="run")
    assert rows[1] == ("run", "step-10", 10, 1, 2, 1, 0)
    assert pick(zoo, "status", "extracted_at", model="run")[1] == (MEASURED_AT,)
    assert len(ask(zoo, "status")) == 6
    counted = {c.name for c in find_query("status").columns if c.name.startswith("n_")}
    together = {table.name for table in TABLES if "parameter_set" in table.key}
    together.remove("extractions")
    apart = {table.name for table in TABLES} - together - {"nulls"}
    assert counted == {f"n_{name}" for name in apart} | {"n_behaviour", "n_others"}
    text = (locate_sql() / "queries" / "status.sql").read_text()
    assert all(f"'{name}'" in text for name in together)
    # None of ours is counted among those from elsewhere.
    text = (locate_sql() / "views" / "foreign_rows.sql").read_text()
    listed = re.findall(r"'(\w+)'", text.split("not in (")[1].split(")")[0])
    assert sorted(listed) == sorted(table.name for table in TABLES)


def test_an_outlier_stands_out_from_its_peers(tmp_path):
    # ln(abs_max / std) is ln 4 … ln 4 but for one of 40: median and MAD by hand.
    names = [f"q.{i}" for i in range(11)]
    sigmas = [3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 40]
    tiny_warehouse(
        tmp_path,
        checkpoints=[{"model": "m"}],
        tensors=[{"tensor": name, "n_elements": 100} for name in names],
        tensor_stats=[
            {
                "tensor": name,
                "n_finite": 100,
                "std": 1.0,
                "abs_max": float(sigma),
                "kurtosis": 0.0,
                "outlier_6_sigma_fraction": 0.01 if sigma == 40 else 0.0,
            }
            for name, sigma in zip(names, sigmas, strict=True)
        ],
    )
    columns = "tensor n_peers score max_sigmas normal_max_sigmas kurtosis_z outlier_z"
    rows = pick(tmp_path, "outliers", columns, limit=2)
    mad = math.log(5 / 4)  # of |ln(x / 4)|: 0 ×4, ln(5/4) ×3, ln(4/3) ×3, ln 10
    z = math.log(40 / 4) / (1.4826 * mad)
    normal = pytest.approx(math.sqrt(2 * math.log(100)))
    # The fraction's root is 0.1, its counting error 1/(2√100); no peer has any.
    outlier_z = pytest.approx(0.1 / 0.05)
    assert rows[0] == ("q.10", 11, pytest.approx(z), 40.0, normal, None, outlier_z)
    assert len(rows) == 2
    assert pick(tmp_path, "outliers", columns, min_peers=12) == []


def test_failures_are_told_until_they_are_mended(tmp_path):
    run = {"family": "spectra", "source": "/a", "status": "measured"}
    early, late = MEASURED_AT.replace(day=3), MEASURED_AT.replace(day=4)
    failed = {"status": "failed", "error": "truncated", "started_at": early}
    tiny_warehouse(
        tmp_path,
        extractions=[
            *[{**run, "run": f"r{n}", "model": "a"} | failed for n in (1,)],
            {**run, "run": "r2", "model": "a", "started_at": late},
            {**run, "run": "r1", "model": "b"} | failed | {"family": "checkpoint"},
            {**run, "run": "r1", "model": "c"} | failed | {"family": "checkpoint"},
            {**run, "run": "r2", "model": "c", "started_at": late},
        ],
    )
    columns = "model family error run"
    open_ones = [("b", "checkpoint", "truncated", "r1")]
    assert pick(tmp_path, "failures", columns) == open_ones
    assert len(pick(tmp_path, "failures", columns, every="true")) == 3
    assert pick(tmp_path, "skipped", "model what name status reason") == [
        ("b", "extraction", "checkpoint", "failed", "truncated")
    ]


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("layers", {"model": "pear"}, r"no model 'pear'; did you mean pair\?"),
        (
            "layers",
            {"model": "pair", "metric": "stable_ranks"},
            r"no metric 'stable_ranks'; did you mean stable_rank",
        ),
        ("tensors", {"model": "pair", "revision": "ld"}, "no revision 'ld'; did you"),
        (
            "histogram",
            {"model": "pair", "tensor": "h.0.k"},
            r"no tensor 'h\.0\.k'; did you mean h\.0\.q",
        ),
        ("series", {}, "the parameter metric must be given"),
    ],
)
def test_words_that_name_nothing_are_refused(zoo, name, params, message):
    with pytest.raises(QueryError, match=message):
        ask(zoo, name, **params)
