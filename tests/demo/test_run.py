"""Do the demo's commands name what exists? The whole takes minutes: `make demo`."""

import shlex

import pytest

from demo import run as module
from demo.run import ANSWERS, FIGURES, run_demo
from pipeline.figures import find_figure
from pipeline.probes.texts import read_probe_set
from pipeline.query import list_queries
from weightlake.cli.app import VERBS

COMMANDS = [command for _, command in (*ANSWERS, *FIGURES)]
ZOO = "demo/zoo/{}"
NAMED = [each for each in COMMANDS if each.startswith(("query ", "plot "))]


def test_each_verb_is_one():
    assert {command.split()[0] for command in COMMANDS} <= {
        verb.__name__ for verb in VERBS
    }


@pytest.mark.parametrize("command", NAMED)
def test_each_command_names_a_query_and_its_parameters(command):
    verb, name, *rest = shlex.split(command)
    assert rest[::2] == ["--param"] * (len(rest) // 2)
    params = dict(part.split("=", 1) for part in rest[1::2])
    if verb == "plot":
        figure = find_figure(name)
        params, _ = figure.split(params)
        name = figure.query
    query = next(each for each in list_queries() if each.name == name)
    declared = {parameter.name for parameter in query.parameters}
    assert set(params) <= declared


def test_the_demo_runs_the_series_and_the_encoder_on_its_own_texts():
    texts = read_probe_set(module.HERE / "probe.jsonl")
    assert len(texts.documents) == 4
    assert module.PROBED == (module.SERIES, module.ENCODER)


def test_the_demo_shows_each_command_and_stops_at_the_first_failure(
    monkeypatch, capsys, tmp_path
):
    asked = []
    monkeypatch.chdir(module.HERE.parent)

    def answer(arguments):
        asked.append(arguments)
        return 3 if arguments[:2] == ["query", "outliers"] else 0

    monkeypatch.setattr(module, "make_zoo", lambda *_: None)
    monkeypatch.setattr(module, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(module, "run_weightlake", answer)
    assert run_demo() == 3
    assert [arguments[:2] for arguments in asked][1:] == [
        ["probe", str(module.ZOO / "byte-gpt2").removeprefix(f"{module.Path.cwd()}/")],
        [
            "probe",
            str(module.ZOO / module.ENCODER).removeprefix(f"{module.Path.cwd()}/"),
        ],
        ["query", "models"],
        ["query", "layer_view"],
        ["query", "outliers"],
    ]
    shown = capsys.readouterr().out
    assert "$ weightlake query models\n" in shown
    assert "series" not in shown


def test_the_demo_draws_pictures_and_a_page_and_says_where(
    monkeypatch, capsys, tmp_path
):
    asked = []
    monkeypatch.setattr(module, "make_zoo", lambda *_: None)
    monkeypatch.setattr(module, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(module, "run_weightlake", lambda each: asked.append(each) or 0)
    assert run_demo() == 0
    assert [each[-1] for each in asked[-5:]] == [
        str(tmp_path / "pictures" / name)
        for name in (
            "heatmap.svg",
            "histogram.svg",
            "series.svg",
            "behaviour.svg",
            "explorer.html",
        )
    ]
    assert capsys.readouterr().out.endswith(
        f"The pictures and the page are in {tmp_path / 'pictures'}\n"
    )
