"""Do dimensions matter in a few patterns? Each a point in the plane that shows most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.figures.shared.style import (
    GREY,
    PALETTE,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_row_clusters(found: Mapping[str, Any], title: str) -> Figure:
    """Points by cluster; all grey where no number of clusters beats the null."""
    if found.get("status") != "ok":
        return sentence_figure("Nothing to draw: too few rows with scores.")
    plane = np.array(found["plane"])
    labels = np.array(found["labels"])
    k = found["k"]
    verdict = (
        f"{k} clusters, p {found['p_value']:.2g}"
        if k
        else f"no number of clusters beats a Gaussian cloud, p {found['p_value']:.2g}"
    )
    with house_style():
        figure = new_figure(2.8)
        axes = figure.subplots()
        for label in range(labels.max() + 1):
            colour = PALETTE[label % len(PALETTE)] if k else GREY
            mine = plane[labels == label]
            axes.plot(mine[:, 0], mine[:, 1], ".", color=colour, markersize=3)
        share = 100 * found["plane_fraction"]
        axes.set_xlabel(f"first two components: {share:.0f} % of the variance")
        add_title(figure, title, verdict)
    return figure
