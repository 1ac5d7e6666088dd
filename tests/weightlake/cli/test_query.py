"""Do sql, query and tables answer from a warehouse, and say what is wrong?"""

import io
import json
import re

import pytest

from pipeline.query import list_queries
from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main
from weightlake.cli.app import VERBS


@pytest.fixture
def lake(tmp_path, monkeypatch):
    root = tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[{"model": "gpt2", "n_layers": 12}, {"model": "o'neil|\x1b[1m"}],
        tensors=[{"model": "gpt2", "tensor": "h.0.w"}, {"tensor": "h.1.w"}],
    )
    monkeypatch.setenv("WEIGHTLAKE_WAREHOUSE", str(root))
    return root


def ask(capsys, *arguments):
    code = main([*arguments, "--format", "json"])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return json.loads(captured.out)


@pytest.mark.usefixtures("lake")
def test_sql_answers(capsys):
    text = "select model, n_layers from checkpoints order by model limit 1"
    assert ask(capsys, "sql", text) == [{"model": "gpt2", "n_layers": 12}]


@pytest.mark.usefixtures("lake")
def test_sql_from_a_file_and_from_stdin(capsys, tmp_path, monkeypatch):
    path = tmp_path / "question.sql"
    path.write_text("select count(*)::int as n from tensors")
    assert ask(capsys, "sql", "-f", str(path)) == [{"n": 2}]
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1 as one"))
    assert ask(capsys, "sql", "-f", "-") == [{"one": 1}]


@pytest.mark.usefixtures("lake")
def test_names_are_bound_and_never_formatted_in(capsys):
    text = "select n_layers from checkpoints where model = $m"
    assert ask(capsys, "sql", text, "--param", "m=gpt2") == [{"n_layers": 12}]
    hostile = "m=gpt2' or '1'='1"
    assert ask(capsys, "sql", text, "--param", hostile) == []


@pytest.mark.usefixtures("lake")
def test_hostile_names_do_not_reach_the_terminal(capsys):
    assert main(["sql", "select model from checkpoints"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert r"o'neil|\x1b[1m" in shown


@pytest.mark.usefixtures("lake")
def test_a_mistake_in_sql_is_one_sentence(capsys):
    assert main(["sql", "select nothing from checkpoints"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("weightlake: sql: ")
    assert "nothing" in captured.err
    assert "Traceback" not in captured.err


def test_query_alone_lists_questions(capsys):
    assert main(["query", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"query", "question"} == set(rows[0])
    assert "zoo" in {row["query"] for row in rows}
    assert all(row["question"].endswith("?") for row in rows)


@pytest.mark.usefixtures("lake")
def test_query_answers(capsys):
    rows = ask(capsys, "query", "zoo", "--param", "model=gpt2")
    assert [(row["model"], row["n_layers"]) for row in rows] == [("gpt2", 12)]


def test_query_describes_itself(capsys, tmp_path):
    assert main(["query", "zoo", "--describe"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^Parameters:\nname +type +default", shown, re.MULTILINE)
    assert re.search(r"^n_layers +integer +layers", shown, re.MULTILINE)
    assert "from checkpoints" in shown
    path = tmp_path / "zoo.txt"
    assert main(["query", "zoo", "--describe", "-o", str(path)]) == 0
    assert path.read_text() == shown


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zooo"], "'zooo'"),
        (["zooo", "--describe"], "'zooo'"),
        (["zoo", "--param", "modle=gpt2"], "model"),
    ],
)
def test_a_wrong_word_is_code_2(capsys, arguments, message):
    assert main(["query", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.usefixtures("lake")
def test_a_users_own_folder(capsys, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "big.sql").write_text(
        "-- question: Which models have many layers?\n"
        "-- grain: one row per checkpoint\n"
        "-- param: least integer = 10 — layers at least\n"
        "-- inputs: checkpoints\n"
        "-- column: model text — label\n"
        "select model from checkpoints where n_layers >= $least\n"
    )
    assert ask(capsys, "query", "big", "--queries", str(folder)) == [{"model": "gpt2"}]
    monkeypatch.setenv("WEIGHTLAKE_QUERIES", str(folder))
    assert ask(capsys, "query", "big", "--param", "least=13") == []
    listed = ask(capsys, "query")
    assert {"query": "big", "question": "Which models have many layers?"} in listed


def test_examples_name_queries_that_exist():
    known = {query.name for query in list_queries()}
    text = "\n".join(verb.__doc__ or "" for verb in VERBS)
    named = set(re.findall(r"weightlake query (\w+)", text))
    assert named
    assert named <= known


def test_tables_show_the_dictionary(capsys):
    assert main(["tables", "channels", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "column,type,unit,meaning,formula,bounds"
    assert lines[1].startswith("model,string,,")


@pytest.mark.usefixtures("lake")
def test_an_empty_answer_says_what_would_fill_it(capsys):
    assert main(["query", "heads", "--param", "model=gpt2"]) == 0
    assert capsys.readouterr().err == (
        "no rows; heads and circuits are empty: filled by weightlake extract "
        "--families heads\n"
    )
