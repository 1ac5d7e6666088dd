"""What a header promises is what the query gives, for every shipped query."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.query import list_checks, list_queries, locate_sql, run_query
from pipeline.query.header import read_header
from pipeline.tables import TABLES
from pipeline.tables.dictionary import type_word
from pipeline.text.cells import column_texts, is_number
from weightlake.output.fitting import Shows
from weightlake.output.names import cell_width
from weightlake.output.text_table import render

QUERIES = list_queries()
FILES = sorted(locate_sql().glob("*/*.sql"))
NAMES = {table.name for table in TABLES} | {
    "columns",
    "components",
    "metrics",
    "keys",
    "numbers",
    "statuses",
}
REQUIRED = {
    "scores": str(Path(__file__).with_name("scores.csv")),
    "model": "pair",
    "model_a": "pair",
    "model_b": "deep",
    "metric": "stable_rank",
    "tensor": "h.0.q",
    "tensor_a": "h.0.q",
}


def by_name(each):
    return each.stem if hasattr(each, "stem") else each.name


@pytest.fixture(scope="module", params=QUERIES, ids=by_name)
def answered(request, zoo):
    """Each query with its answer."""
    query = request.param
    params = {p.name: REQUIRED[p.name] for p in query.parameters if p.is_required}
    return query, run_query(zoo, query.name, params)


def test_the_result_has_the_columns_of_the_header(answered):
    query, answer = answered
    found = [(field.name, type_word(field.type)) for field in answer.schema]
    assert found == [(column.name, column.type) for column in query.columns]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_screen_shows_the_key_and_the_answer(answered, width):
    query, answer = answered
    shows = Shows(query.key, query.answer)
    for rows in (pa.concat_tables([answer] * 4), long_rows(answer.schema)):
        rendering = render(rows, width=width, shows=shows)
        text = re.sub(r"\x1b\[\d*m", "", rendering.text)
        assert max(map(cell_width, text.splitlines())) <= width
        assert {*shows.key, *shows.answer}.isdisjoint(rendering.left_out)
        assert set(shows.answer).isdisjoint(rendering.empty)
        for name in (*shows.key, *shows.answer):
            if is_number(rows.schema.field(name).type):
                for number in column_texts(rows[name]):
                    assert number in text or name in rendering.empty


def long_rows(schema):
    """Six rows in which texts and numbers are as long as those of real zoos."""
    forms = {"tensor": "model.layers.{}.self_attn.q_proj.weight", "model": "Qwen2-{}B"}
    columns = {}
    for field in schema:
        if pa.types.is_string(field.type):
            form = forms.get(
                field.name.removesuffix("_a").removesuffix("_b"), "word-{}"
            )
            values = [form.format(row) for row in range(6)]
        elif pa.types.is_floating(field.type):
            values = [0.012345 * (row + 1) for row in range(6)]
        elif pa.types.is_integer(field.type):
            values = [10_000 + row for row in range(6)]
        else:
            values = [None] * 6
        columns[field.name] = pa.array(values, field.type)
    return pa.table(columns)


@pytest.mark.parametrize("query", QUERIES, ids=by_name)
def test_the_header_says_everything(query):
    assert query.question.endswith("?")
    assert query.grain.startswith("one row")
    used = set(re.findall(r"\$(\w+)", query.sql.partition("\n\n")[2]))
    assert used == {parameter.name for parameter in query.parameters}
    assert set(query.partitions) <= used
    assert query.key
    assert query.answer
    shown = {*query.key, *query.answer}
    assert shown <= {column.name for column in query.columns}


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_the_inputs_are_those_of_the_text(path):
    header = read_header(path)
    body = re.sub(r"--.*", "", header.sql)
    files = {file.stem for file in FILES if file.parent.name in {"macros", "views"}}
    scalars = re.findall(
        r"create macro (\w+)", (locate_sql() / "macros/scalars.sql").read_text()
    )
    used = set(re.findall(r"(?:from|join)\s+(\w+)", body)) & (NAMES | files)
    if path.stem != "scalars" and any(f"{name}(" in body for name in scalars):
        used.add("scalars")
    used |= {"residual_side"} & set(
        re.findall(r"(\w+)\(", body)
    )  # from components.toml
    assert set(header.inputs) == used


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_the_form_of_a_file(path):
    lines = path.read_text().splitlines()
    # What a query shows is said beside its columns: it is no part of its length.
    length = sum(not line.startswith("-- shows:") for line in lines)
    assert length <= (130 if path.parent.name in {"macros", "views"} else 80)
    assert [line for line in lines if len(line) > 88] == []
    assert read_header(path).question.endswith("?")


def test_checks_have_a_question():
    assert [check.name for check in list_checks() if not check.has_header] == []
