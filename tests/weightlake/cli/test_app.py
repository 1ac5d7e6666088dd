"""Does every verb explain itself, and does every end have its exit code?"""

import re
import shlex
import subprocess
import sys
from typing import get_args

import pytest
import typer

from pipeline.errors import UsageError
from weightlake.cli import main
from weightlake.cli.app import VERBS, build
from weightlake.cli.options import FormatName, split_parameters
from weightlake.output import FORMATS

HEAVY = ("torch", "prefect", "matplotlib", "transformers", "huggingface_hub", "numba")


def run(*words, **options):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "weightlake", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_every_verb_has_examples_that_parse(verb, capsys):
    name = verb.__name__
    assert main([name, "--help"]) == 0
    _, _, examples = capsys.readouterr().out.partition("For example:\n")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    command = typer.main.get_command(build()).commands[name]
    for line in lines:
        words = [word for word in shlex.split(line) if not re.match("[A-Z_]+=", word)]
        assert words[:2] == ["weightlake", name]
        command.make_context(name, words[2:])


def test_help_lists_every_verb_whole(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for verb in VERBS:
        first = (verb.__doc__ or "").splitlines()[0]
        assert re.search(
            rf"^  {verb.__name__} +{re.escape(first)}$", shown, re.MULTILINE
        )


def test_formats_are_named_alike():
    assert get_args(FormatName) == FORMATS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql"], "sql takes a text or a file, one of them"),
        (["sql", "select 1", "-f", "x.sql"], "one of them"),
        (["tables", "tensor_stat"], "Did you mean tensor_stats"),
        (["query", "--param", "a=1"], "no query is named"),
        (["query", "zoo", "--param", "a"], "--param 'a' is not NAME=VALUE"),
        (["tables", "-o", "x.xlsx"], "'.xlsx' names no format"),
        (["tables", "--format", "xml"], "xml"),
        (["nonsense"], "nonsense"),
        (["tables", "--nonsense"], "--nonsense"),
        (["extract"], "REF..."),
        (["serve", "zoo.toml"], "serve takes a cron line or an interval"),
        (["run", "missing.toml"], "missing.toml: there is no such manifest"),
        (["plan", "a.toml", "b"], "a.toml is a manifest and not the only argument"),
        (["plot", "nonsense"], "there is no figure 'nonsense'"),
        (["plot", "heatmap", "--format", "csv"], "--format is for the list of figures"),
        (["extract", "x", "--device", "tpu"], "'--device': 'tpu' is not one of 'auto'"),
        (["extract", "x", "--families", ""], "no family is named"),
    ],
)
def test_usage_errors_are_one_line_and_code_2(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("weightlake: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_the_version_is_told_as_everywhere(capsys):
    assert main(["--version"]) == main(["version"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_a_missing_warehouse_is_code_1(tmp_path, capsys):
    assert main(["sql", "select 1", "--warehouse", str(tmp_path / "none")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_code_1(tmp_path, capsys):
    path = tmp_path / "no folder" / "rows.csv"
    assert main(["tables", "-o", str(path)]) == 1
    assert capsys.readouterr().err == f"weightlake: {path}: No such file or directory\n"


def test_no_verb_shows_the_help():
    ended = run()
    assert (ended.returncode, ended.stderr.count("Usage: weightlake")) == (2, 1)


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m weightlake tables tensor_stats --format json"
    ended = subprocess.run(
        ["bash", "-c", f"{command} | head -c 1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stderr == ""
    assert ended.stdout in {"[0\n", "[141\n"}


def test_interruption_is_code_130(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("weightlake.verbs.dictionary.list_tables", interrupt)
    assert main(["tables"]) == 130
    assert capsys.readouterr().err == "weightlake: interrupted\n"


def test_a_defect_is_not_hidden(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr("weightlake.verbs.dictionary.list_tables", fail)
    with pytest.raises(ZeroDivisionError):
        main(["tables"])


@pytest.mark.parametrize("arguments", [["version"], ["tables"], ["query"]])
def test_quick_verbs_load_nothing_heavy(arguments):
    program = (
        "import sys; from weightlake.cli import main; code = main(sys.argv[1:]); "
        "print([name for name in sys.modules if '.' not in name], file=sys.stderr); "
        "sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(re.findall(r"'(\w+)'", ended.stderr))
    assert "flows" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_parameters_may_hold_equal_signs():
    assert split_parameters(["a=b=c", " n = 1"]) == {"a": "b=c", "n": " 1"}
    with pytest.raises(UsageError, match="--param a is given twice"):
        split_parameters(["a=1", "a=2"])
    with pytest.raises(UsageError, match="'=1' is not NAME=VALUE"):
        split_parameters(["=1"])
