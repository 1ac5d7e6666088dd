"""Any SQL is answered as an Arrow table, or refused in words that help."""

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import QueryError, WarehouseError
from pipeline.query import run_sql
from tests.tiny_warehouse import MEASURED_AT, tiny_warehouse

TENSORS = [
    {"model": "a", "tensor": "w", "n_elements": 4},
    {"model": "b", "tensor": "w", "n_elements": 6},
]


@pytest.fixture
def root(tmp_path):
    return tiny_warehouse(tmp_path, tensors=TENSORS, checkpoints=[{"model": "a"}])


def test_rows_come_as_an_arrow_table(root):
    table = run_sql(root, "select model, n_elements from tensors order by model")
    expected = pa.table({"model": ["a", "b"], "n_elements": [4, 6]})
    assert table.equals(expected)


def test_parameters_are_bound_never_pasted(root):
    words = {"m": "a' or true --"}
    assert run_sql(root, "from tensors where model = $m", words).num_rows == 0
    found = run_sql(
        root, "select tensor from tensors where n_elements > $n", {"n": "5"}
    )
    assert found.num_rows == 1


def test_the_last_statement_answers(root):
    text = """
        create temp table big as from tensors where n_elements > $n;
        select count(*) as n from big;
    """
    assert run_sql(root, text, {"n": 5}).to_pylist() == [{"n": 1}]


def test_statements_without_rows_and_special_ones(root):
    created = run_sql(root, "create temp table x as select 7 as seven")
    assert created.to_pylist() == [{"Count": 1}]
    assert run_sql(root, "describe tensors").column("column_name")[0].as_py() == "model"
    assert "tensors" in run_sql(root, "show tables").column("name").to_pylist()


def test_a_result_can_be_copied_to_a_file(root, tmp_path):
    target = tmp_path / "answer.csv"
    run_sql(root, f"copy (select model from tensors) to '{target}'")
    assert target.read_text().splitlines()[0] == "model"


def test_times_are_in_utc(root):
    found = run_sql(root, "select extracted_at from checkpoints").to_pylist()
    assert found == [{"extracted_at": MEASURED_AT}]
    assert found[0]["extracted_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_equal_column_names_are_told_apart(root):
    table = run_sql(root, "select 1 as a, 2 as b, 3 as a, 4 as a, 5 as a_1")
    assert table.column_names == ["a", "b", "a_2", "a_3", "a_1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select modle from tensors", '(?s)modle.*"model".*lists the columns'),
        (
            "from tensor_stat",
            "(?s)Did you mean .*tensor_stats.*and views are .*, tensors, .*training, ",
        ),
        ("selec 1", "sql: Parser Error: syntax error at or near"),
        ("  -- nothing", "there is no statement to run"),
        ("select $m", "the parameter m must be given. Its parameters are m"),
        ("select 'x'::integer", "sql: Conversion Error"),
    ],
)
def test_refusals_say_why(root, text, message):
    with pytest.raises(QueryError, match=message):
        run_sql(root, text)


def test_a_parameter_too_many_is_refused(root):
    with pytest.raises(QueryError, match="no parameter 'n'"):
        run_sql(root, "select 1", {"n": 1})


def test_a_damaged_file_is_named(root):
    path = root / "tensors/b/main/tensors.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WarehouseError, match=r"tensors/b/.*--replace"):
        run_sql(root, "select tensor from tensors")


def test_a_damaged_page_is_named_by_its_file(root):
    path = root / "tensors/b/main/tensors.parquet"
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(byte ^ 0xFF for byte in content[4:200])
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"tensors/b/.*damaged.*--replace"):
        run_sql(root, "from tensors")


def test_a_file_of_the_user_that_is_missing_is_no_damage(root, tmp_path):
    text = f"select count(*) from tensors, read_parquet('{tmp_path / 'no.parquet'}')"
    with pytest.raises(QueryError, match=r"No files found.*no\.parquet"):
        run_sql(root, text)


def test_a_damaged_file_is_named_also_beside_one_of_an_older_schema(root):
    older, damaged = (root / f"tensors/{name}/main/tensors.parquet" for name in "ab")
    pq.write_table(pq.read_table(older, partitioning=None).drop(["reason"]), older)
    damaged.write_bytes(b"PAR1 cut short")
    with pytest.raises(WarehouseError, match=r"tensors/b/.*is damaged"):
        run_sql(root, "select tensor from tensors")


def test_files_of_an_older_schema_are_read_with_nulls(root):
    path = root / "tensors/b/main/tensors.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).drop(["reason"]), path)
    table = run_sql(root, "select model, reason from tensors order by model")
    assert table.column("reason").to_pylist() == [None, None]


def test_a_file_that_vanishes_is_listed_anew(root, monkeypatch):
    """Between the listing and the reading, compaction puts one file for another."""
    import pipeline.query.answer as module

    folder = root / "tensors/b"
    compacted = root / "tensors/b/%5F_compacted__"
    calls = []
    borrow = module.borrow

    @contextmanager
    def borrow_then_compact(*args, **kwargs):
        calls.append(kwargs["union_by_name"])
        with borrow(*args, **kwargs) as con:
            if len(calls) == 1:
                # DuckDB lists the files when a query starts: bind one to the old list.
                files = [str(path) for path in folder.glob("*/*.parquet")]
                con.execute("drop view tensors").fetchall()
                view = f"create view tensors as from read_parquet({files})"
                con.execute(view).fetchall()
                compacted.mkdir()
                shutil.move(files[0], compacted / "tensors.parquet")
            yield con

    monkeypatch.setattr(module, "borrow", borrow_then_compact)
    table = run_sql(root, "select count(*) as n from tensors")
    assert table.to_pylist() == [{"n": 2}]
    assert calls == [False, False]


def test_a_missing_warehouse_says_what_to_do(tmp_path):
    with pytest.raises(WarehouseError, match="Run weightlake extract first"):
        run_sql(tmp_path / "none", "select 1")


def test_a_name_that_hides_in_a_comment_is_still_found(root):
    text = "select '\n-- ' as dashes, count(*) as n from\n-- \ntensors"
    assert run_sql(root, text).column("n").to_pylist() == [2]
    text = "select $$\n--$$ || (select count(*) from\n--$$ tensors $$\ntensors) as n"
    assert run_sql(root, text).num_rows == 1
