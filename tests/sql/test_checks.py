"""Each check is silent on clean rows and finds the row that was broken by hand."""

from copy import deepcopy

import pytest

from pipeline.query import list_checks, run_checks
from pipeline.tables.dictionary import type_word
from tests.sql.small_zoo import counted, entries, place, spectrum
from tests.tiny_warehouse import tiny_warehouse

VALUES = [3, 0, 0, 4]


def clean():
    """Tables of one checkpoint that every check agrees with."""
    alias = {"alias_of": "w", "status": "aliased", "digest": "digest of w"}
    return {
        "checkpoints": [
            {
                "n_tensors": 4,
                "n_aliased": 1,
                "n_skipped": 1,
                "n_elements": 13,
                "n_bytes": 52,
            }
        ],
        "tensors": [
            place("w", (2, 2)),
            place("b", (2,), position=1, parameter="bias"),
            place("tied", (2, 2), position=2, **alias),
            place(
                "m",
                (3,),
                position=3,
                status="skipped",
                reason="optimizer_state",
                digest=None,
            ),
        ],
        "tensor_stats": [entries("w", VALUES), entries("b", [1, 1])],
        "value_counts": [counted("w", {0: 2, 3: 1, 4: 1}), counted("b", {1: 2})],
        "channels": [
            {
                "tensor": "w",
                "digest": "digest of w",
                "side": side,
                "n_channels": 2,
                "norm_gini": 0.5,
            }
            for side in ("rows", "cols")
        ],
        "spectra": [
            spectrum("w", [4, 3], (2, 2)),
            {
                "tensor": "b",
                "digest": "digest of b",
                "view": "none",
                "status": "no_view",
                "reason": "1-D",
            },
        ],
        "training_log": [
            {"step": 1, "metric": "loss", "value": 2.0},
            {"revision": "__series__", "step": 1, "metric": "loss", "value": 2.0},
        ],
        "extractions": [{"run": "r1", "family": "entries"}],
    }


def found(root):
    """The checks that tripped, and their rows."""
    return {
        result.name: result.sample.to_pylist()
        for result in run_checks(root)
        if result.n_rows
    }


def broken(root, table, place_of, **change):
    """What the checks say when one row of the clean tables is changed."""
    tables = deepcopy(clean())
    tables[table][place_of].update(change)
    return found(tiny_warehouse(root, **tables))


def test_clean_tables_trip_nothing(tmp_path):
    assert found(tiny_warehouse(tmp_path, **clean())) == {}


def test_an_empty_warehouse_trips_nothing(tmp_path):
    assert found(tiny_warehouse(tmp_path)) == {}


@pytest.mark.parametrize("table", sorted(clean()))
def test_a_key_that_is_there_twice(tmp_path, table):
    tables = clean()
    tables[table].append(tables[table][0])
    rows = found(tiny_warehouse(tmp_path, **tables))["duplicated_keys"]
    assert [(row["table_name"], row["n_rows"]) for row in rows] == [(table, 2)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"n_elements": 14}, ("elements", 14, 13)),
        ({"n_tensors": 5}, ("tensors", 5, 4)),
        ({"n_bytes": 50}, ("bytes", 50, 52)),
        ({"n_aliased": 0}, ("aliased", 0, 1)),
        ({"n_skipped": 0}, ("skipped", 0, 1)),
    ],
)
def test_sums_that_the_headers_do_not_declare(tmp_path, change, expected):
    rows = broken(tmp_path, "checkpoints", 0, **change)["unaccounted_elements"]
    assert [(row["what"], row["n_declared"], row["n_found"]) for row in rows] == [
        expected
    ]


def test_a_checkpoint_without_any_tensor(tmp_path):
    tables = {"checkpoints": [{"n_elements": 7}]}
    rows = found(tiny_warehouse(tmp_path, **tables))["unaccounted_elements"]
    assert [(row["what"], row["n_declared"], row["n_found"]) for row in rows] == [
        ("elements", 7, 0)
    ]


@pytest.mark.parametrize("table", ["tensor_stats", "value_counts", "spectra"])
def test_a_tensor_that_a_family_forgot(tmp_path, table):
    tables = clean()
    tables[table] = [row for row in tables[table] if row["tensor"] != "b"]
    rows = found(tiny_warehouse(tmp_path, **tables))["unmeasured_tensors"]
    assert [(row["table_name"], row["tensor"]) for row in rows] == [(table, "b")]


def test_a_family_that_did_not_run_is_no_fault(tmp_path):
    tables = clean()
    del tables["spectra"], tables["channels"]
    assert found(tiny_warehouse(tmp_path, **tables)) == {}


@pytest.mark.parametrize(
    ("place_of", "change"),
    [
        (2, {"alias_of": "gone"}),
        (2, {"alias_of": "m"}),
        (2, {"digest": "another"}),
        (2, {"alias_of": None}),
        (2, {"status": "ok"}),
    ],
)
def test_an_alias_of_nothing(tmp_path, place_of, change):
    rows = broken(tmp_path, "tensors", place_of, **change)["broken_aliases"]
    assert [row["tensor"] for row in rows] == ["tied"]


@pytest.mark.parametrize(
    ("change", "n_counted"),
    [({"counts": [2, 1, 2]}, 5), ({"values": [0.0, 3.0]}, 4)],
)
def test_counts_that_do_not_add_up(tmp_path, change, n_counted):
    rows = broken(tmp_path, "value_counts", 0, **change)["miscounted_values"]
    assert [(row["tensor"], row["n_counted"]) for row in rows] == [("w", n_counted)]


def test_a_spectrum_without_the_entries_energy(tmp_path):
    change = {"singular_values": [4.0, 3.0001]}
    rows = broken(tmp_path, "spectra", 0, **change)["unequal_energies"]
    assert rows[0]["relative_error"] == pytest.approx(0.0006 / 25, rel=1e-3)


def test_a_spectrum_within_the_tolerance_is_fine(tmp_path):
    change = {"singular_values": [4.0, 3.000001]}
    assert broken(tmp_path, "spectra", 0, **change) == {}


@pytest.mark.parametrize(
    ("table", "change", "column"),
    [
        ("tensor_stats", {"zero_fraction": 1.5}, "zero_fraction"),
        ("tensor_stats", {"kurtosis": -2.5}, "kurtosis"),
        ("tensor_stats", {"value_resolution": 2.0}, "value_resolution"),
        ("tensor_stats", {"skewness": float("nan")}, "skewness"),
        ("spectra", {"rank_ratio": -0.1}, "rank_ratio"),
        ("channels", {"norm_gini": 1.1}, "norm_gini"),
    ],
)
def test_values_out_of_bounds(tmp_path, table, change, column):
    rows = broken(tmp_path, table, 0, **change)["out_of_bounds"]
    assert [(row["table_name"], row["column_name"]) for row in rows] == [
        (table, column)
    ]


def test_rounding_is_not_out_of_bounds(tmp_path):
    change = {"spectral_entropy": 1 + 1e-12, "kurtosis": None}
    assert "out_of_bounds" not in broken(
        tmp_path, "spectra", 0, spectral_entropy=change["spectral_entropy"]
    )


@pytest.mark.parametrize("change", [{"n_nan": 1}, {"n_finite": 3, "n_elements": 3}])
def test_elements_that_do_not_reconcile(tmp_path, change):
    rows = broken(tmp_path, "tensor_stats", 0, **change)["unreconciled_elements"]
    assert [row["tensor"] for row in rows] == ["w"]


def test_rows_without_a_checkpoint(tmp_path):
    tables = clean()
    del tables["checkpoints"]
    rows = found(tiny_warehouse(tmp_path, **tables))["orphans"]
    assert [(row["table_name"], row["lacks"], row["n_rows"]) for row in rows] == [
        ("channels", "checkpoint", 2),
        ("spectra", "checkpoint", 2),
        ("tensor_stats", "checkpoint", 2),
        ("tensors", "checkpoint", 4),
        ("training_log", "checkpoint", 1),
        ("value_counts", "checkpoint", 2),
    ]


@pytest.mark.parametrize("change", [{"tensor": "gone"}, {"digest": "of older values"}])
def test_measurements_of_no_tensor(tmp_path, change):
    rows = broken(tmp_path, "channels", 0, **change)["orphans"]
    assert [(row["table_name"], row["lacks"], row["n_rows"]) for row in rows] == [
        ("channels", "tensor", 1)
    ]


@pytest.mark.parametrize(
    ("table", "place_of", "change", "name"),
    [
        ("tensors", 3, {"reason": None}, "m"),
        ("tensors", 3, {"status": "skiped"}, "m"),
        ("spectra", 1, {"reason": ""}, "b none"),
        ("spectra", 0, {"status": "fine"}, "w whole"),
    ],
)
def test_statuses_that_say_nothing(tmp_path, table, place_of, change, name):
    rows = broken(tmp_path, table, place_of, **change)["missing_statuses"]
    assert [(row["table_name"], row["name"]) for row in rows] == [(table, name)]


@pytest.mark.parametrize("check", list_checks(), ids=lambda check: check.name)
def test_the_result_has_the_columns_of_the_header(tmp_path, check):
    results = run_checks(tiny_warehouse(tmp_path))
    sample = next(each.sample for each in results if each.name == check.name)
    columns = [(field.name, type_word(field.type)) for field in sample.schema]
    assert columns == [(column.name, column.type) for column in check.columns]
    assert check.question.endswith("?")


def test_a_result_keeps_a_sample(tmp_path):
    tables = {"tensors": [place(f"t{i}", (1,)) for i in range(30)] * 2}
    result = {r.name: r for r in run_checks(tiny_warehouse(tmp_path, **tables))}
    doubled = result["duplicated_keys"]
    assert (doubled.n_rows, doubled.sample.num_rows, doubled.is_passed) == (
        30,
        20,
        False,
    )
    assert result["broken_aliases"].is_passed
