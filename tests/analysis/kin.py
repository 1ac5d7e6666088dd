"""Sketches of checkpoints as the tests make them: lists of arrays, tensor by tensor."""

import numpy as np

from pipeline.analysis.kinship import Sketches, measure_kinship


def sketches_of(zoo, *, size=1e6, eps=2.0**-23):
    """`zoo`: a list of tensors per checkpoint, None where it lacks one.

    The norm is that of entries like the sampled ones; equal entries have one digest.
    """
    rows = [
        (place, slot, np.asarray(entries, float))
        for place, tensors in enumerate(zoo)
        for slot, entries in enumerate(tensors)
        if entries is not None
    ]
    contents = {}
    rms = [np.sqrt(np.mean(np.nan_to_num(e, posinf=0) ** 2)) for *_, e in rows]
    return Sketches(
        checkpoint=np.array([place for place, _, _ in rows], int),
        slot=np.array([slot for _, slot, _ in rows], int),
        digest=np.array(
            [contents.setdefault(e.tobytes(), len(contents)) for *_, e in rows]
        ),
        size=np.full(len(rows), size),
        norm=np.sqrt(size) * np.array(rms),
        kurtosis=np.zeros(len(rows)),
        eps=np.broadcast_to(np.asarray(eps, float), len(rows)).copy(),
        entries=[entries for *_, entries in rows],
    )


def kinship_of(zoo, **more):
    return measure_kinship(sketches_of(zoo, **more), len(zoo))


def noise(seed, n_tensors=6, n=256):
    return list(np.random.default_rng(seed).normal(size=(n_tensors, n)))


def changed(tensors, seed, by):
    """Each tensor with noise added, `by` times as large."""
    return [t + by * d for t, d in zip(tensors, noise(seed, len(tensors)), strict=True)]
