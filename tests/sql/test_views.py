"""The joined views show each row once, and an alias as what it repeats."""

import pytest

from pipeline.query import run_query, run_sql
from pipeline.tables import CHANNELS, SPECTRA, TENSOR_STATS
from pipeline.tables.column import COUNT, REAL
from tests.sql.small_zoo import counted, entries, place, spectrum
from tests.tiny_warehouse import tiny_warehouse


def rows(root, text, **params):
    return [tuple(row.values()) for row in run_sql(root, text, params).to_pylist()]


def test_weights_has_a_row_per_tensor(zoo):
    counts = "select (select count(*) from tensors), (select count(*) from weights)"
    assert rows(zoo, counts) == [(27, 27)]


def test_an_alias_shows_its_originals_numbers_under_its_own_name(zoo):
    question = """
        select w.tensor, w.component, w.mean, m.component, m.stable_rank
        from weights as w join matrices as m using (model, revision, tensor)
        where w.model = 'pair' and w.revision = 'main' and w.tensor in ('emb', 'head')
        order by all
    """
    assert rows(zoo, question) == [
        ("emb", "embedding", 1.0, "embedding", pytest.approx(10 / 9)),
        ("head", "lm_head", 1.0, "lm_head", pytest.approx(10 / 9)),
    ]


def test_an_aliased_part_keeps_the_parts_component(tmp_path):
    alias = {"alias_of": "h.0.qkv", "status": "aliased"}
    tiny_warehouse(
        tmp_path,
        tensors=[
            place("h.0.qkv", (6, 2), component="qkv"),
            place("h.1.qkv", (6, 2), layer=1, component="qkv", **alias),
        ],
        spectra=[
            spectrum(
                "h.0.qkv",
                [1, 1],
                (2, 2),
                view=part,
                view_component=part,
                matrix_view="split",
            )
            for part in "qkv"
        ],
    )
    question = """
        select view, component, layer from matrices
        where tensor = 'h.1.qkv' order by view
    """
    assert rows(tmp_path, question) == [("k", "k", 1), ("q", "q", 1), ("v", "v", 1)]


def fill(table, rest):
    """A row of the table with a number in every column that takes one."""
    numbers = {c.name: 1 for c in table.columns if c.type in {COUNT, REAL}}
    return numbers | {"tensor": "w"} | rest


def test_series_holds_every_declared_metric_and_nothing_else(tmp_path):
    tiny_warehouse(
        tmp_path,
        tensors=[place("w", (2, 2))],
        tensor_stats=[fill(TENSOR_STATS, {})],
        spectra=[fill(SPECTRA, {"singular_values": [1.0], "method": "gram"})],
        channels=[fill(CHANNELS, {"side": side}) for side in ("rows", "cols")],
    )
    question = """
        select table_name, metric, list(distinct view), sum(value) from series
        where table_name in ('tensor_stats', 'spectra', 'channels')
        group by all
    """
    found = {
        (table, metric): (views, total)
        for table, metric, views, total in rows(tmp_path, question)
    }
    assert set(found) == {
        (table.name, column.name)
        for table in (TENSOR_STATS, SPECTRA, CHANNELS)
        for column in table.columns
        if column.is_metric
    }
    assert found["tensor_stats", "kurtosis"] == ([None], 1.0)
    assert found["spectra", "stable_rank"] == (["whole"], 1.0)
    assert found["channels", "norm_gini"][1] == 2.0


def test_metric_values_agree_with_series(zoo):
    question = """
        select model, revision, tensor, view, value from metric_values($metric, null)
        except
        select model, revision, tensor, view, value from series where metric = $metric
    """
    for metric in ("std", "stable_rank", "spectral_norm"):
        counts = "select count(*) from metric_values($metric, null)"
        assert rows(zoo, counts, metric=metric)[0][0] > 3
        assert rows(zoo, question, metric=metric) == []


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A fused qkv, a convolution with offsets, and channels of both sides."""
    return tiny_warehouse(
        tmp_path_factory.mktemp("parts"),
        checkpoints=[{}],
        tensors=[
            place("qkv", (6, 2), component="qkv", layer=0),
            place("conv", (2, 4), component="conv", layer=0, position=1),
        ],
        tensor_stats=[
            entries("qkv", [1] * 12, frobenius_norm=5.0, n_zero=9),
            entries("conv", [1] * 8),
        ],
        spectra=[
            *[
                spectrum(
                    "qkv",
                    [sigma, sigma],
                    (2, 2),
                    view=part,
                    view_component=part,
                    matrix_view="split",
                )
                for part, sigma in (("q", 1), ("k", 2), ("v", 3))
            ],
            spectrum(
                "conv", [3, 1], (2, 4), view_component="conv", matrix_view="convolution"
            ),
            spectrum(
                "conv",
                [1, 1],
                (2, 2),
                view_component="conv",
                view="offset.0",
                matrix_view="kernel_offset",
            ),
        ],
        channels=[
            {"tensor": "qkv", "side": "rows", "norm_gini": 0.25, "n_zero": 1},
            {"tensor": "qkv", "side": "cols", "norm_gini": 0.5, "n_zero": 2},
        ],
    )


@pytest.mark.parametrize(
    ("metric", "view", "expected"),
    [
        # Entries: the tensor as a whole, though spectra of its parts have the word too.
        ("frobenius_norm", None, [("conv", 8**0.5), ("qkv", 5.0)]),
        ("spectral_norm", None, [("conv", 3.0), ("k", 2.0), ("q", 1.0), ("v", 3.0)]),
        ("spectral_norm", "k", [("k", 2.0)]),
        ("spectral_norm", "offset.0", [("conv", 1.0)]),
        ("frobenius_norm", "k", [("k", 8**0.5)]),
        ("norm_gini", None, [("qkv", 0.25)]),
        ("norm_gini", "cols", [("qkv", 0.5)]),
        ("n_zero", None, [("conv", 0.0), ("qkv", 9.0)]),
        ("n_zero", "cols", [("qkv", 2.0)]),
    ],
)
def test_which_rows_a_view_means(parts, metric, view, expected):
    given = {"model": "m", "metric": metric} | ({"view": view} if view else {})
    table = run_query(parts, "layers", given)
    found = [(row["component"], row["value"]) for row in table.to_pylist()]
    assert sorted(found) == [(name, pytest.approx(value)) for name, value in expected]


def test_layers_pools_the_tensors_of_a_component(zoo):
    question = """
        select component, parameter, n_tensors, n_elements, mean, std, n_matrices,
            stable_rank
        from layers where model = 'pair' and revision = 'main' and layer = 0
        order by position
    """
    assert rows(zoo, question) == [
        ("q", "weight", 1, 8, 0.0, 1.0, 1, 2.0),
        ("up", "weight", 1, 8, 4.0, 1.0, 1, 1.0),
        ("norm", "weight", 1, 2, 1.0, 0.0, 0, None),
        ("q", "bias", 1, 2, 2.0, 2.0, 0, None),
    ]


def test_layers_pools_the_experts_of_a_layer(tmp_path):
    names = ["experts.0.up", "experts.1.up"]
    tiny_warehouse(
        tmp_path,
        tensors=[
            place(name, (2, 2), layer=0, expert=i) for i, name in enumerate(names)
        ],
        tensor_stats=[
            entries(name, [level] * 4)
            for name, level in zip(names, (1, 3), strict=True)
        ],
        spectra=[
            spectrum(name, [2, last], (2, 2))
            for name, last in zip(names, (0, 2), strict=True)
        ],
    )
    question = """
        select n_tensors, n_elements, mean, std, n_matrices, stable_rank from layers
    """
    assert rows(tmp_path, question) == [(2, 8, 2.0, 1.0, 2, 1.5)]


def test_a_series_level_log_is_taken_before_the_checkpoints(tmp_path):
    log = {"model": "run", "step": 1, "metric": "loss"}
    tiny_warehouse(
        tmp_path,
        checkpoints=[{"model": "run", "revision": "step-9", "step": 9}],
        training_log=[
            log | {"revision": "step-9", "value": 1.0},
            log | {"revision": "__series__", "value": 2.0},
        ],
    )
    assert rows(tmp_path, "from training") == [("run", 1, "loss", 2.0, 2)]


def test_value_lists_resolve_aliases(tmp_path):
    tiny_warehouse(
        tmp_path,
        tensors=[
            place("a", (2,)),
            place("b", (2,), alias_of="a", status="aliased"),
        ],
        value_counts=[counted("a", {1.0: 2})],
    )
    question = 'select tensor, "values", counts from value_lists order by tensor'
    assert rows(tmp_path, question) == [("a", [1.0], [2]), ("b", [1.0], [2])]
