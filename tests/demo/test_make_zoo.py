import json

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the demo needs transformers")
from safetensors.numpy import load_file

from demo import make_zoo as module
from demo.make_zoo import ENCODER, SERIES, find_encoder, make_zoo
from demo.train_series import Recipe, make_series
from tests.demo.recipes import TINY


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A small network in place of the 90 MB that the package carries."""
    folder = tmp_path_factory.mktemp("package")
    make_series(folder / "series", TINY)
    return folder / "series" / "step-000015"


@pytest.fixture
def zoo(package, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "find_encoder", lambda: package)
    make_zoo(tmp_path / "zoo", TINY)
    return tmp_path / "zoo"


def test_the_zoo_holds_what_its_manifest_names(zoo, package):
    assert (zoo / ENCODER).resolve() == package
    assert (zoo / SERIES / "planted.json").is_file()
    assert sorted(path.name for path in (zoo / "twins").iterdir()) == [ENCODER, SERIES]


@pytest.mark.parametrize("name", [ENCODER, SERIES])
def test_a_twin_has_the_same_tensors_and_other_values(zoo, name):
    original = zoo / SERIES / "step-000000" if name == SERIES else zoo / ENCODER
    trained = load_file(original / "model.safetensors")
    twin = load_file(zoo / "twins" / name / "model.safetensors")
    assert {key: value.shape for key, value in twin.items()} == {
        key: value.shape for key, value in trained.items()
    }
    key = "transformer.h.0.attn.c_attn.weight"
    assert not np.array_equal(twin[key], trained[key])
    assert twin[key].std() == pytest.approx(0.06, rel=0.1)  # as it is initialised


def test_a_second_call_does_nothing_and_says_nothing(zoo):
    seen = {path: path.stat().st_mtime_ns for path in zoo.rglob("*")}
    said = []
    make_zoo(zoo, TINY, said.append)
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in zoo.rglob("*")} == seen


def test_another_recipe_makes_another_twin(zoo):
    wider = Recipe(**{**TINY.__dict__, "width": 32})
    make_zoo(zoo, wider)
    config = json.loads((zoo / "twins" / SERIES / "config.json").read_text())
    assert config["n_embd"] == 32


def test_a_link_to_a_package_that_moved_is_mended(zoo, package, tmp_path):
    link = zoo / ENCODER
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    make_zoo(zoo, TINY)
    assert link.resolve() == package


def test_where_links_are_forbidden_the_encoder_is_copied(
    zoo, package, monkeypatch, tmp_path
):
    def refuse(*_args, **_options):
        raise OSError("a required privilege is not held")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    make_zoo(tmp_path / "other", TINY)
    copy = tmp_path / "other" / ENCODER
    assert not copy.is_symlink()
    weights = "model.safetensors"
    assert (copy / weights).read_bytes() == (package / weights).read_bytes()
    assert zoo.exists()


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(FileNotFoundError, match="make setup"):
        find_encoder()


def test_the_package_carries_the_encoder():
    try:
        folder = find_encoder()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    config = json.loads((folder / "config.json").read_text())
    assert (config["model_type"], config["num_hidden_layers"]) == ("bert", 6)
