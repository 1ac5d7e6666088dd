"""Do pictures look as they did when they were last looked at?

Each figure's SVG is compared with a kept one by structure: the same texts and shapes in
the same order and colours, coordinates within a tolerance that another version of a
font or of matplotlib may use up. After a change that is meant, look at the pictures and
write them anew: KEEP_PICTURES=1 python -m pytest tests/figures/test_regression.py
"""

import json
import os
from pathlib import Path

import pytest

from pipeline.figures import FIGURES
from pipeline.figures.files.inline import inline_svg
from tests.figures.structure import structure_of
from tests.figures.test_catalogue import FRAMES

FOLDER = Path(__file__).parent / "structures"
POINTS = 1.5  # of 237 that a column is wide


def structure(spec):
    return structure_of(inline_svg(spec.draw(FRAMES[spec.query])))


@pytest.mark.parametrize("spec", FIGURES, ids=lambda spec: spec.name)
def test_a_figure_is_what_was_looked_at(spec):
    found = structure(spec)
    path = FOLDER / f"{spec.name}.json"
    if os.environ.get("KEEP_PICTURES"):
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        path.write_text(text.replace('},{"kind', '},\n{"kind') + "\n", encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    for now, then in zip(found, kept, strict=True):
        assert (now["kind"], now["text"]) == (then["kind"], then["text"])
        assert now["look"] == then["look"]
        assert now["places"] == pytest.approx(then["places"], abs=POINTS)


def test_another_picture_is_told_from_it():
    heatmap = next(spec for spec in FIGURES if spec.name == "heatmap")
    series = next(spec for spec in FIGURES if spec.name == "series")
    assert structure(heatmap) != structure(series)
    first = structure(heatmap)
    assert any(each["text"] == "layer" for each in first)
    assert any(each["look"].get("fill", "").startswith("#") for each in first)
