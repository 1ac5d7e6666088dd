import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.evolution import (
    as_spectra,
    draw_evolution,
    sketch_evolution,
)
from tests.figures.pictures import assert_readable, texts_of
from tests.figures.series_frames import evolution_frame


def test_spectra_come_by_step_and_thinned_with_both_ends():
    spectra = as_spectra(evolution_frame(range(0, 1000, 10), 8), 5)
    assert [each.step for each in spectra] == [0, 250, 500, 740, 990]
    assert (np.diff(spectra[0].sigma) < 0).all()


@pytest.mark.parametrize("n_values", [1, 5, 400])
@pytest.mark.parametrize("steps", [[0], [0, 10], list(range(0, 150_000, 1000))])
def test_text_is_readable(steps, n_values):
    figure = draw_evolution(evolution_frame(steps, n_values))
    assert_readable(figure)
    assert len(figure.axes[0].lines) == min(len(steps), 40) + 1


def test_a_part_is_named_and_an_edge_is_dashed():
    texts = texts_of(draw_evolution(evolution_frame([0, 10], 20, view="q")))
    assert "run\nh.0.w [q]" in texts
    assert "dashed: edge of the noise at step 10" in texts


def test_two_tensors_are_refused_and_none_is_said():
    frame = evolution_frame([0, 10], 4)
    with pytest.raises(UsageError, match="one tensor can be drawn"):
        draw_evolution(frame.vstack(evolution_frame([0], 4, tensor="h.1.w")))
    assert "Nothing to draw" in texts_of(draw_evolution(frame.clear()))[0]
    assert sketch_evolution(frame.clear()).startswith("Nothing to draw")


def test_the_sketch_has_a_line_a_step():
    lines = sketch_evolution(evolution_frame([0, 10, 20], 30), 60).splitlines()
    assert len(lines) == 2 + 3
    assert max(map(len, lines)) <= 60
