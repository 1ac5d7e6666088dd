"""Does explore write one page of what is meant, and say what is wrong?"""

import json

import pytest

from tests.extract.pico import gpt2_tensors, save_model, save_series
from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


def models_of(path):
    text = path.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0]
    return json.loads(text)["models"]


def run(*arguments):
    return main(["explore", *map(str, arguments)])


@pytest.fixture
def lake(tmp_path):
    series = save_series(tmp_path / "run", n_steps=3)
    root = tmp_path / "lake"
    assert main(["extract", str(series), "--warehouse", str(root)]) == 0
    return root


def test_a_warehouse(lake, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert run("--warehouse", lake, "-o", page) == 0
    assert "1 model, " in capsys.readouterr().err
    (model,) = models_of(page)
    assert [r["step"] for r in model["revisions"]] == [0, 100, 200]
    assert len(model["values"]) == len(model["bins"]) == len(model["spectra"]) == 3
    assert run("run@step-000100", "--warehouse", lake, "-o", page) == 0
    assert [r["step"] for r in models_of(page)[0]["revisions"]] == [100]


def test_headers_and_configs_need_no_warehouse(tmp_path, capsys):
    weights = save_model(tmp_path / "pico")
    (tmp_path / "shape").mkdir()
    config = (weights / "config.json").rename(tmp_path / "shape" / "config.json")
    page = tmp_path / "page.html"
    none = tmp_path / "none"
    assert run(weights, config, config.parent, "-o", page, "--warehouse", none) == 0
    names = [(m["name"], len(m["tensors"]), m["n_bytes"]) for m in models_of(page)]
    assert names[0][0] == "pico"
    assert [name for name, _, _ in names[1:]] == ["shape (1)", "shape (2)"]
    assert names[1][1:] == names[2][1:]
    assert capsys.readouterr().out == ""


def test_json_goes_to_stdout_and_adds_up(tmp_path, capsys):
    folder = save_model(tmp_path / "pico")
    assert run(folder, "--json", "--warehouse", tmp_path / "none") == 0
    (told,) = json.loads(capsys.readouterr().out)
    n_elements = sum(array.size for array in gpt2_tensors().values())
    assert told["n_parameters"] == told["n_trainable"] == n_elements
    assert sum(layer["n_parameters"] for layer in told["parameters_per_layer"]) == (
        n_elements
    )
    tensors = [
        tensor
        for stack in told["stacks"]
        for layer in stack["layers"]
        for component in layer["components"]
        for tensor in component["tensors"]
    ]
    assert {t["name"]: tuple(t["shape"]) for t in tensors} == {
        name: array.shape for name, array in gpt2_tensors().items()
    }


def test_json_to_a_file(tmp_path):
    path = tmp_path / "tree.json"
    assert run(save_model(tmp_path / "pico"), "--json", "-o", path) == 0
    assert json.loads(path.read_text())[0]["family"] == "gpt2"


def test_open_shows_the_page(tmp_path, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    monkeypatch.chdir(tmp_path)
    assert run(save_model(tmp_path / "pico"), "--open") == 0
    assert shown == [(tmp_path / "explorer.html").as_uri()]
    assert "no browser could be opened" in capsys.readouterr().err


def test_of_a_series_on_disk_the_last_step_is_told(tmp_path):
    page = tmp_path / "page.html"
    folder = save_series(tmp_path / "run", n_steps=3)
    assert run(folder, "-o", page, "--warehouse", tmp_path / "none") == 0
    (model,) = models_of(page)
    assert model["revision"] == "step-000200"
    assert "the last of 3 checkpoints" in model["notes"][-1]


@pytest.mark.parametrize(
    ("references", "said", "code"),
    [
        ([], "no warehouse here", 1),
        (["no-such-model"], "no such file or folder", 2),
        (["bad.json"], "names no model_type", 1),
    ],
)
def test_what_is_not_there_is_one_sentence(
    tmp_path, monkeypatch, capsys, references, said, code
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("{}")
    assert run(*references, "--warehouse", "none") == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "explorer.html").exists()


def test_an_empty_warehouse_says_so(tmp_path, capsys):
    root = tiny_warehouse(tmp_path / "lake")
    assert run("--warehouse", root) == 1
    assert "holds no model yet" in capsys.readouterr().err


def test_an_unknown_name_tells_the_models_there_are(lake, capsys):
    assert run("rum", "--warehouse", lake) == 1
    assert "Models of the warehouse: run" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to(tmp_path, capsys):
    page = tmp_path / "not" / "there.html"
    assert run(save_model(tmp_path / "pico"), "-o", page) == 1
    assert f"{page}: No such file" in capsys.readouterr().err
