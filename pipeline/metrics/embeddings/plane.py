"""Where do clusters lie in the plane of the first two principal components?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.group import Member
from pipeline.row import Row

Floats = NDArray[np.float64]

# Number of rows of a cluster whose places are kept: enough to draw a cloud.
N_PLACED = 48


def principal_plane(root: Floats) -> tuple[Floats, float]:
    """The first two principal components as columns, and their share of the variance.

    `root` is R with R·Rᵀ the covariance, its columns orthogonal. The second component
    is zero where there is one dimension. The sign of each makes its largest entry
    positive, so that equal vectors give equal planes.
    """
    squares = (root**2).sum(axis=0)
    longest = np.argsort(-squares, kind="stable")[:2]
    axes = np.zeros((len(root), 2))
    for place, column in enumerate(longest[squares[longest] > 0]):
        axis = root[:, column] / np.sqrt(squares[column])
        axes[:, place] = axis * np.sign(axis[np.argmax(np.abs(axis))])
    return axes, float(squares[longest].sum() / squares.sum())


def place_cluster(
    member: Member,
    ids: NDArray[np.int64],
    plane: tuple[Floats, Floats],
    centre: Floats,
) -> Row:
    """Columns of `embeddings`: a cluster's centre and an even sample of its rows.

    `plane` is the point that lies at its origin, and its axes as columns.
    """
    mean, axes = plane
    taken = ids[:: -(-ids.size // N_PLACED)]
    rows = member.decode(member.patterns()[taken]).astype(np.float64)
    x, y = ((rows - mean) @ axes).T
    centre_x, centre_y = (centre - mean) @ axes
    return {
        "centre_x": float(centre_x),
        "centre_y": float(centre_y),
        "placed_x": x.tolist(),
        "placed_y": y.tolist(),
    }
