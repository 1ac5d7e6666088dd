import pytest

from pipeline.errors import UsageError
from pipeline.figures import FIGURES, find_figure
from tests.figures.behaviour_frames import (
    behaviour_frame,
    lens_frame,
    positions_frame,
    similarities_frame,
    thresholds_frame,
)
from tests.figures.frames import (
    channels_frame,
    clusters_frame,
    configs_frame,
    densities_frame,
    depth_frame,
    esd_frame,
    heatmap_frame,
    histogram_frame,
    outliers_frame,
    sizes_frame,
    spectrum_frame,
    zeros_frame,
)
from tests.figures.series_frames import (
    evolution_frame,
    lineage_frame,
    matrix_frame,
    profiles_frame,
    segments_frame,
    series_frame,
)

FRAMES = {
    "channels": channels_frame([1.0, 2.0], [1]),
    "sparsity_map": zeros_frame([[0, 1], [0.5, 0]]),
    "clusters": clusters_frame(),
    "densities": densities_frame(),
    "spectrum": spectrum_frame([3, 2, 1]),
    "sizes": sizes_frame({("m", "q"): 4, ("m", "k"): 2}),
    "shapes": configs_frame(),
    "outliers": outliers_frame([9.0, 1.0]),
    "heatmap": heatmap_frame(3),
    "histogram": histogram_frame([0, 1, 2], [1, 2]),
    "series": series_frame([0, 1, 2], 3),
    "breaks": segments_frame([0, 1, 2], 3, breaks={1: 0.5}),
    "evolution": evolution_frame([0, 1, 2], 3),
    "depth": depth_frame(3),
    "esd": esd_frame(range(1, 21)),
    "training": series_frame([0, 1, 2]).select("model", "metric", "step", "value"),
    "profiles": profiles_frame(["m", "n"], ["q", "up"], 3),
    "change_map": heatmap_frame(3, metric="relative_change"),
    "change_matrix": matrix_frame([("a", None), ("b", None)]),
    "behaviour": behaviour_frame(3, rms=[1.0, 20.0, 300.0]),
    "similar_layers": similarities_frame([(0, 1, 0.8), (0, 2, 0.3), (1, 2, 0.6)]),
    "lens": lens_frame(3),
    "thresholds": thresholds_frame(2),
    "firing_positions": positions_frame(3),
    "lineage": lineage_frame([("a", "main", None, None, None, None, None)]),
}


@pytest.mark.parametrize("spec", FIGURES, ids=lambda spec: spec.name)
def test_every_figure_draws_and_sketches_with_each_of_its_options(spec):
    assert spec.question.endswith("?")
    wanted = [(option.name, text) for option in spec.options for text in option.choices]
    for name, text in [*wanted, ("", "")]:
        rest, options = spec.split({name: text} if name else {})
        assert not rest
        assert spec.draw(FRAMES[spec.query], **options).axes
        assert spec.sketch(FRAMES[spec.query], 60, **options).endswith("\n")
    for option in spec.options:
        assert option.default in option.choices


def test_parameters_are_told_from_options():
    spec = find_figure("histogram")
    assert spec.split({"model": "m", "log_y": "true"}) == (
        {"model": "m"},
        {"log_y": True},
    )
    with pytest.raises(UsageError, match=r"log_y cannot be 'maybe'.*false, true"):
        spec.split({"log_y": "maybe"})


def test_an_unknown_figure_gets_the_nearest_name():
    with pytest.raises(UsageError, match=r"Did you mean heatmap\? .*series"):
        find_figure("heat_map")
    with pytest.raises(
        UsageError,
        match=r"Figures: heatmap, histogram, densities, scree, .*series, breaks",
    ):
        find_figure("zzz")
