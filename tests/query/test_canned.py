"""Canned questions are found, in the user's folders too, and asked with words."""

import pytest

from pipeline.errors import QueryError
from pipeline.query import find_query, list_queries, run_query
from pipeline.query.canned import read_query
from tests.tiny_warehouse import tiny_warehouse

CHECKPOINTS = [{"model": "gpt2"}, {"model": "bert", "revision": "v1"}]


@pytest.fixture
def root(tmp_path):
    return tiny_warehouse(tmp_path / "lake", checkpoints=CHECKPOINTS)


@pytest.fixture
def folder(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "by_revision.sql").write_text(
        "select model from checkpoints where revision = $revision"
    )
    (mine / "zoo.sql").write_text("-- question: Mine?\n\nselect 42 as answer")
    return mine


def test_shipped_queries_are_listed_by_name():
    names = [query.name for query in list_queries()]
    assert names == sorted(names)
    assert {"zoo", "layers", "outliers", "distance", "status"} <= set(names)


def test_a_users_file_needs_no_header(root, folder):
    query = find_query("by_revision", [folder])
    assert (query.question, query.columns) == ("by_revision", ())
    assert [(p.name, p.is_required) for p in query.parameters] == [("revision", True)]
    rows = run_query(root, "by_revision", {"revision": "v1"}, folders=[folder])
    assert rows.to_pylist() == [{"model": "bert"}]
    with pytest.raises(QueryError, match="by_revision: the parameter revision must be"):
        run_query(root, "by_revision", folders=[folder])


def test_an_unknown_name_is_told_before_a_missing_one(root):
    with pytest.raises(QueryError, match=r"no parameter 'mdl'; did you mean model"):
        run_query(root, "layers", {"mdl": "gpt2"})


def test_a_users_file_wins_over_a_shipped_one(root, folder):
    assert run_query(root, "zoo", folders=[folder]).to_pylist() == [{"answer": 42}]
    assert run_query(root, "zoo").num_rows == 2
    listed = {query.name: query for query in list_queries([folder])}
    assert listed["zoo"].question == "Mine?"
    assert "by_revision" in listed


def test_the_only_model_need_not_be_named(tmp_path, root):
    one = tiny_warehouse(tmp_path / "one", checkpoints=CHECKPOINTS[:1])
    named = run_query(one, "layer_view", {"model": "gpt2"})
    assert run_query(one, "layer_view") == named
    with pytest.raises(QueryError, match=r"model must be given\. There are: bert, gp"):
        run_query(root, "layer_view")
    none = tiny_warehouse(tmp_path / "none")
    with pytest.raises(QueryError, match=r"checkpoints holds none yet: weightlake ext"):
        run_query(none, "layer_view")


def test_what_is_not_there_is_refused_with_what_is(root, folder):
    with pytest.raises(QueryError, match=r"'layer'; did you mean layers.*compare, com"):
        run_query(root, "layer")
    with pytest.raises(QueryError, match=r"gone: the folder of queries is not there"):
        list_queries([folder / "gone"])


def test_sql_that_does_not_parse_names_its_file(folder):
    path = folder / "broken.sql"
    path.write_text("selec $x")
    with pytest.raises(QueryError, match=r"broken\.sql: Parser Error"):
        read_query(path)


def test_a_dollar_in_a_text_is_no_parameter(root, folder):
    (folder / "price.sql").write_text("select '$5' as price")
    assert find_query("price", [folder]).parameters == ()
    rows = run_query(root, "price", folders=[folder])
    assert rows.to_pylist() == [{"price": "$5"}]


def test_partitions_limit_what_is_opened(root):
    (root / "checkpoints/bert/v1/checkpoints.parquet").write_bytes(b"!")
    rows = run_query(root, "zoo", {"model": "gpt2"})
    assert rows.column("model").to_pylist() == ["gpt2"]


def test_an_unknown_word_is_looked_up_in_the_whole_warehouse(root):
    message = (
        r"zoo: there is no model 'gpt'; did you mean gpt2\?.* There are: bert, gpt2"
    )
    with pytest.raises(QueryError, match=message):
        run_query(root, "zoo", {"model": "gpt"})


def test_an_empty_warehouse_answers_with_no_rows(tmp_path):
    root = tiny_warehouse(tmp_path)
    for query in list_queries():
        if not any(parameter.is_required for parameter in query.parameters):
            assert run_query(root, query.name).num_rows == 0, query.name
    with pytest.raises(QueryError, match=r"no model 'gpt2'\. The table checkpoi"):
        run_query(root, "layers", {"model": "gpt2"})
    with pytest.raises(QueryError, match="weightlake compare fills it"):
        run_query(root, "compare", {"model": "gpt2"})


def test_a_word_of_another_model_is_no_word_of_this_one(root):
    with pytest.raises(QueryError, match=r"no revision 'v1'.* There are: main$"):
        run_query(root, "layers", {"model": "gpt2", "revision": "v1"})


def test_names_with_quotes_and_markup_pass_as_parameters(tmp_path):
    name = 'it\'s "<b>"/ü; drop table x--'
    root = tiny_warehouse(tmp_path, checkpoints=[{"model": name}])
    assert run_query(root, "zoo", {"model": name}).num_rows == 1


def test_a_default_may_be_another_parameters_value():
    query = find_query("distance")
    defaults = {p.name: p.default for p in query.parameters}
    assert defaults["model_b"] == "$model_a"
