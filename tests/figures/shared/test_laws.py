import numpy as np
import pytest
from scipy import stats

from pipeline.figures.charts.histogram import draw_histogram
from pipeline.figures.shared.laws import Law, density, read_law
from tests.figures.frames import densities_frame
from tests.figures.pictures import assert_readable, texts_of

KNOWN = [
    ("normal", None, stats.norm),
    ("laplace", None, stats.laplace),
    ("logistic", None, stats.logistic),
    ("student_t", 1.0, stats.t(1)),
    ("student_t", 10.0, stats.t(10)),
    ("student_t", 200.0, stats.t(200)),
]


@pytest.mark.parametrize(("name", "df", "known"), KNOWN)
def test_a_law_is_the_known_one_of_the_same_quartiles(name, df, known):
    """Independent: scipy.stats, moved and scaled to median 3 and quartiles ± 2."""
    scale = 2 / known.ppf(0.75)
    x = np.linspace(-20, 26, 93)
    expected = known.pdf((x - 3) / scale) / scale
    assert density(Law(name, df, 3.0, 2.0), x) == pytest.approx(expected, rel=2e-3)


def test_a_row_without_spread_has_no_law():
    row = {"law": "normal", "law_df": None, "q25": 1.0, "median": 1.0, "q75": 1.0}
    assert read_law(row) is None
    assert read_law({**row, "q25": 0.0, "law": None}) is None
    assert read_law({**row, "q25": None}) is None
    assert read_law({**row, "q25": 0.0}) == Law("normal", None, 1.0, 0.5)


def test_the_law_is_dashed_over_the_histogram_and_named():
    figure = draw_histogram(densities_frame(law="student_t", df=4.0))
    (curve,) = figure.axes[0].lines
    assert curve.get_linestyle() == "--" or curve.is_dashed()
    assert "dashed: Student t, 4 degrees" in texts_of(figure)
    assert_readable(figure)
    assert not draw_histogram(densities_frame(), laws=False).axes[0].lines


def test_many_tensors_are_drawn_without_their_laws():
    figure = draw_histogram(densities_frame([f"t{k}" for k in range(12)]))
    assert not figure.axes[0].lines
    assert_readable(figure)
