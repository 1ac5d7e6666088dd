import pytest

from pipeline.errors import QueryError
from pipeline.query import keep_connections, kept, run_query, run_sql
from pipeline.tables import CHECKPOINTS
from tests.tiny_warehouse import tiny_warehouse, write_rows

COUNT = "select count(*)::int as n from checkpoints"


@pytest.fixture
def root(tmp_path):
    rows = [{"model": model} for model in "abcdefg"]
    return tiny_warehouse(tmp_path / "lake", checkpoints=rows)


@pytest.fixture
def opened(monkeypatch):
    """The connections that are opened while a test runs."""
    found = []
    open_empty = kept.open_empty

    def remember(root):
        found.append(open_empty(root))
        return found[-1]

    monkeypatch.setattr(kept, "open_empty", remember)
    return found


def is_closed(con):
    try:
        con.execute("select 1").fetchall()
    except Exception:  # noqa: BLE001  # whatever a closed connection raises
        return True
    return False


def test_questions_inside_share_one_connection_and_see_new_rows(root, opened):
    with keep_connections():
        assert run_sql(root, COUNT).to_pylist() == [{"n": 7}]
        assert run_sql(root, "select count(*)::int as n from tensors").num_rows == 1
        write_rows(root, CHECKPOINTS, [{"model": "h"}])
        assert run_sql(root, COUNT).to_pylist() == [{"n": 8}]
    assert len(opened) == 1
    assert is_closed(opened[0])


def test_outside_each_question_has_its_own(root, opened):
    run_sql(root, COUNT)
    run_sql(root, COUNT)
    assert len(opened) == 2
    assert all(map(is_closed, opened))


def test_a_text_leaves_nothing_for_the_next(root):
    made = "create temp table mine as select 1 as one; from mine"
    with keep_connections():
        for _ in range(2):
            assert run_sql(root, made).to_pylist() == [{"one": 1}]
        with pytest.raises(QueryError, match="mine"):
            run_sql(root, "from mine")
        assert run_sql(root, COUNT).num_rows == 1


def test_functions_are_registered_once(root):
    text = "select series_status([0, 1], [0.0, 1.0], 'x') as status"
    with keep_connections():
        assert run_sql(root, text).equals(run_sql(root, text))


def test_a_connection_per_model_and_only_the_last_stay_open(root, opened):
    with keep_connections():
        for model in "abcdefg":
            run_query(root, "zoo", {"model": model})
        assert len(opened) == 7
        assert sum(map(is_closed, opened)) == 3
    assert all(map(is_closed, opened))
