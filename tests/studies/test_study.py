"""Is a study's file read as it stands, and each mistake in it named?"""

from importlib.resources import files
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.studies.study import PARTS, make_study, read_study, shipped_studies


def test_the_five_everyday_studies_are_there():
    folder = Path(str(files("pipeline.studies").joinpath("shipped")))
    names = sorted(path.stem for path in folder.glob("*.toml"))
    assert sorted(shipped_studies()) == names
    assert all(read_study(name).question for name in names)
    assert read_study("everything").parts == PARTS


def test_a_file_and_changes_of_its_keys(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('models = "a"\nscales = [1, 2.5]\nmetric = "magnitude"\n')
    study = read_study(str(path), {"models": ["b", "c"], "topk": 5})
    assert (study.name, study.models, study.topk) == ("mine", ("b", "c"), 5)
    assert study.scales == (1.0, 2.5)
    assert study.scored_by == "magnitude"


def test_names_that_people_use_mean_ours():
    study = make_study({"perturbations": ["magnitude_scale", "sign_flip"]})
    assert study.scored_by == "abs_grad_x_weight"
    assert study.operations == ("scale", "sign_flip")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"top_k": 5}, "did you mean topk"),
        ({"topk": "5"}, "topk = '5' is not a whole number"),
        ({"topk": 0}, "topk is 0"),
        ({"limit": -1}, "limit is -1"),
        ({"doses": [10, 0]}, "doses is 0"),
        ({"scales": [float("nan")]}, "scales is nan"),
        ({"seeds": []}, "not a list of whole numbers"),
        ({"scales": ["x"]}, "not a list of numbers"),
        ({"parts": ["weight"]}, "parts holds 'weight'"),
        ({"mode": "locally"}, "mode holds 'locally'"),
        ({"controls": ["none"]}, "controls holds 'none'"),
        ({"plots": 1}, "not a true or false"),
    ],
)
def test_mistakes_are_named(keys, said):
    with pytest.raises(UsageError, match=said):
        make_study(keys)


def test_a_study_that_there_is_not(tmp_path):
    with pytest.raises(UsageError, match="no study is called 'bsic'"):
        read_study("bsic")
    with pytest.raises(UsageError, match="no such manifest"):
        read_study(str(tmp_path / "absent.toml"))
