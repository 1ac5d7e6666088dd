"""A SQL file's header becomes values, or an error that shows how to write it."""

import pytest

from pipeline.errors import QueryError
from pipeline.query.header import Parameter, QueryColumn, read_header

TEXT = """-- question: How many tensors are there,
--   and where?
-- grain: one row per model
-- param: model text = null from checkpoints.model — only this model
-- param: share real — least share
-- inputs: tensors, weights
-- partitions: $model
-- shows: model,
--   hit: n_bytes
-- column: model text — the model
-- column: n_bytes integer bytes — their size
-- column: hit list of real per element — some — reals

-- column: after_a_gap text — is read too while the comment lasts
-- Prose about the statement
--   is no part of it.
select 1 -- question: no longer the header
"""


@pytest.fixture
def sql_file(tmp_path):
    def write(text):
        path = tmp_path / "how_many.sql"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_reads_every_part(sql_file):
    header = read_header(sql_file(TEXT))
    assert header.name == "how_many"
    assert header.question == "How many tensors are there, and where?"
    assert header.grain == "one row per model"
    assert header.parameters == (
        Parameter("model", "text", "null", "only this model", "checkpoints.model"),
        Parameter("share", "real", None, "least share"),
    )
    assert [p.is_required for p in header.parameters] == [False, True]
    assert header.inputs == ("tensors", "weights")
    assert header.partitions == ("model",)
    assert header.columns == (
        QueryColumn("model", "text", "", "the model"),
        QueryColumn("n_bytes", "integer", "bytes", "their size"),
        QueryColumn("hit", "list of real", "per element", "some — reals"),
        QueryColumn("after_a_gap", "text", "", "is read too while the comment lasts"),
    )
    assert (header.key, header.answer) == (("model", "hit"), ("n_bytes",))
    assert header.has_header


def test_a_file_without_header_is_called_by_its_name(sql_file):
    header = read_header(sql_file("select 2 as two;\n"))
    assert (header.question, header.columns) == ("how_many", ())
    assert header.sql == "select 2 as two"
    assert not header.has_header


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("param: model string — x", "'param: model string — x' cannot be understood"),
        ("param: model text", "Write it as: name type = default"),
        ("column: n float — x", "with type one of text, integer, real, boolean"),
    ],
)
def test_a_malformed_line_is_shown_with_its_form(sql_file, line, message):
    with pytest.raises(QueryError, match=r"how_many\.sql") as caught:
        read_header(sql_file(f"-- {line}\nselect 1"))
    assert message in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(QueryError, match=r"gone\.sql: the file cannot be read"):
        read_header(tmp_path / "gone.sql")
    (tmp_path / "latin.sql").write_bytes(b"select '\xe9'")
    with pytest.raises(QueryError, match="Save it as readable UTF-8"):
        read_header(tmp_path / "latin.sql")
