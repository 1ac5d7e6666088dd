"""Are questions answered as frames, with parameters bound and slips named?"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import weightlake as wl
from pipeline.tables.functions import FUNCTIONS
from tests.sql.small_zoo import zoo
from tests.tiny_warehouse import tiny_warehouse

__all__ = ["zoo"]


@pytest.fixture
def lake(zoo):
    return wl.open(zoo)


def test_a_question_gives_a_frame(lake):
    frame = lake.query("zoo", model="run")
    assert isinstance(frame, pl.DataFrame)
    assert set(frame["model"]) == {"run"}
    assert lake.query("zoo", model=None).height > frame.height


def test_words_may_be_what_python_has(lake, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "where.sql").write_text(
        "-- question: Where?\n-- grain: one row\n"
        "-- param: path text — a path\n-- param: n integer = 1 in 0..9 — a number\n"
        "-- column: path text — the same\n-- column: n integer — the same\n"
        "select $path as path, $n as n\n"
    )
    mine = wl.open(lake.root, queries=folder)
    assert mine.query("where", path=Path("a/b")).row(0) == ("a/b", 1)
    assert mine.query("where", path="a", n=np.int64(2)).row(0) == ("a", 2)
    assert mine.query("where", path="a", n="3").row(0) == ("a", 3)
    with pytest.raises(wl.QueryError, match=r"10 is not in 0\.\.9"):
        mine.query("where", path="a", n=10)
    assert "where" in mine.questions()["query"]
    assert "where" not in lake.questions()["query"]


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("zooo", {}, "no query is called 'zooo'; did you mean zoo"),
        (
            "zoo",
            {"modle": "a"},
            r"no parameter 'modle'.*Its parameters are model \(text",
        ),
        ("zoo", {"model": "nobody"}, "There are: .*run"),
        ("outliers", {"limit": "many"}, "'many' is no integer"),
    ],
)
def test_a_slip_is_named_with_what_is_allowed(lake, name, params, message):
    with pytest.raises(wl.QueryError, match=message):
        lake.query(name, **params)


def test_sql_binds_its_parameters(lake):
    text = "select distinct model from checkpoints where model = $m"
    assert lake.sql(text, m="run")["model"].to_list() == ["run"]
    assert lake.sql(text, m="x' or '1'='1").height == 0
    with pytest.raises(wl.QueryError, match="the parameter m must be given"):
        lake.sql(text)
    with pytest.raises(wl.QueryError, match="no parameter 'n'"):
        lake.sql(text, m="run", n=1)


def test_sums_are_integers(lake):
    frame = lake.sql("select sum(n_elements) as n from tensors")
    assert frame.schema == {"n": pl.Int64}


def test_the_dictionary_and_a_description(lake):
    assert {"spectra", "weights"} <= set(lake.tables()["table"])
    assert lake.tables("spectra")["column"][0] == "model"
    text = lake.describe("zoo")
    assert repr(text) == text
    assert "Parameters:\nname" in text


def test_a_connection_has_every_function_that_sql_may_call(lake, monkeypatch, tmp_path):
    with lake.connect() as con:
        monkeypatch.chdir(tmp_path)  # views hold paths that do not depend on it
        made = con.sql("select distinct function_name from duckdb_functions()")
        names = {name for (name,) in made.fetchall()}
        assert {each.name for each in FUNCTIONS} <= names
        ten = list(range(20))
        (scan,) = con.execute(
            "select series_breaks($steps, $values, 'm')",
            {"steps": ten, "values": [0.0, 0.1] * 5 + [9.0, 9.1] * 5},
        ).fetchone()
        assert [each["step"] for each in scan["breaks"]] == [10]
        n_models = con.execute("select count(distinct model) from weights").fetchone()
    assert n_models[0] > 0


def test_an_answer_without_rows_says_what_would_fill_it(tmp_path):
    root = tiny_warehouse(
        tmp_path / "lake", checkpoints=[{"model": "m"}], tensors=[{"tensor": "w"}]
    )
    with pytest.warns(wl.NoRowsWarning, match="heads and circuits are empty") as seen:
        assert wl.open(root).query("heads", model="m").height == 0
    assert seen[0].filename == __file__
