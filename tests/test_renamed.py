"""Do old names answer, with a warning, and new ones without?"""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import QueryError
from pipeline.figures import FIGURES, find_figure
from pipeline.query import find_query, list_queries, run_query
from pipeline.renamed import FIGURES as OLD_FIGURES
from pipeline.renamed import QUERIES as OLD_QUERIES
from pipeline.warehouse import open_warehouse


@pytest.mark.parametrize(("old", "new"), OLD_QUERIES.items())
def test_a_query_answers_to_its_old_name(old, new):
    with pytest.warns(FutureWarning, match=f"query {old} is now called {new}"):
        assert find_query(old) == find_query(new)


@pytest.mark.parametrize(("old", "new"), OLD_FIGURES.items())
def test_a_figure_answers_to_its_old_name(old, new):
    with pytest.warns(FutureWarning, match=f"figure {old} is now called {new}"):
        assert find_figure(old) is find_figure(new)


def test_old_names_are_no_names_of_today():
    assert not set(OLD_QUERIES) & {query.name for query in list_queries()}
    assert not set(OLD_FIGURES) & {figure.name for figure in FIGURES}


def test_the_old_question_of_compare_is_known_by_its_parameters(tmp_path):
    open_warehouse(tmp_path)
    asked = {"model_a": "a", "model_b": "b", "metric": "stable_rank"}
    with (
        pytest.warns(FutureWarning, match=r"compare, with model_a, .* differences"),
        pytest.raises(QueryError, match="differences"),
    ):
        run_query(tmp_path, "compare", asked)


def test_a_query_of_ones_own_keeps_its_name(tmp_path):
    (tmp_path / "segments.sql").write_text("select 1 as one")
    assert find_query("segments", [tmp_path]).path == tmp_path / "segments.sql"


def test_a_figure_draws_the_query_of_its_name_where_there_is_one():
    names = {query.name for query in list_queries()}
    assert [f.name for f in FIGURES if f.name in names and f.query != f.name] == []


def test_the_command_line_warns_in_one_line(tmp_path):
    open_warehouse(tmp_path)
    command = ["query", "segments", "--describe", "--warehouse", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-m", "weightlake", *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert ended.returncode == 0
    assert ended.stderr == (
        "weightlake: warning: the query segments is now called breaks; "
        "the old name goes in version 0.3\n"
    )
