"""Which of two steps came first, by growth alone: how often is that backwards?"""

from __future__ import annotations

import numpy as np

from benchmarks.calibration.small_runs import CONFIGS, train
from benchmarks.calibration.table import Rate
from pipeline.analysis.directions import directions, relations
from pipeline.analysis.kinship import Sketches, measure_kinship
from pipeline.metrics.entries.sketches import sample_places

TITLE = "Direction of time"
INTRO = (
    "15 runs of a small transformer (AdamW at three learning rates, SGD at two, three "
    "decays each), 14 steps from 0 to 600: all pairs but neighbours, of which the "
    "order is known; wrong among those decided by growth."
)


def measure() -> list[Rate]:
    n_decided = n_wrong = n_pairs = 0
    for seed, (optimiser, rate, decay) in enumerate(CONFIGS):
        steps = train(optimiser, rate, decay, seed)
        kinship = measure_kinship(_sketches(steps), len(steps))
        previous = np.arange(len(steps)) - 1
        unknown = np.full(len(steps), np.nan)
        sign, evidence = directions(kinship, relations(kinship), unknown, previous)
        is_apart = kinship.b > kinship.a + 1
        by_growth = is_apart & (np.array(evidence) == "growth")
        n_pairs += int(is_apart.sum())
        n_decided += int(by_growth.sum())
        n_wrong += int((by_growth & (sign < 0)).sum())
    return [
        Rate("wrong among the decided", "≤ 2 %", n_decided, n_wrong),
        Rate("decided among all pairs", "no promise", n_pairs, n_decided),
    ]


def _sketches(steps: list[list[np.ndarray]]) -> Sketches:
    flat = [
        (place, slot, w) for place, ws in enumerate(steps) for slot, w in enumerate(ws)
    ]
    contents: dict[bytes, int] = {}
    entries = []
    for _, _, w in flat:
        places = sample_places(len(w), w.size // len(w))
        entries.append(w.reshape(-1)[places].astype(np.float64))
    return Sketches(
        checkpoint=np.array([place for place, _, _ in flat]),
        slot=np.array([slot for _, slot, _ in flat]),
        digest=np.array(
            [contents.setdefault(w.tobytes(), len(contents)) for *_, w in flat]
        ),
        size=np.array([w.size for *_, w in flat], np.float64),
        norm=np.array([np.linalg.norm(w) for *_, w in flat], np.float64),
        kurtosis=np.zeros(len(flat)),
        eps=np.full(len(flat), 2.0**-23),
        entries=entries,
    )
