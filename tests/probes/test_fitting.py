"""Is every window run once where memory runs out, and does the run say so?"""

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes import fitting
from pipeline.probes.capture import Forward
from pipeline.probes.fitting import run_all
from pipeline.probes.probe_set import make_batches, tokenise
from pipeline.probes.texts import ProbeSet


class Somewhere:
    """A model without weights on a device without memory."""

    def __init__(self):
        self.where = "meta"

    def parameters(self):
        yield torch.empty(1, device=self.where)

    def to(self, where):
        self.where = where


def windows_run(monkeypatch, does_fit):
    """Windows in the order in which they ran, where they ran, and the notes."""
    model = Somewhere()
    forward = Forward(model, "decoder", None, ())

    def last_states(_forward, batch):
        if not does_fit(batch):
            raise torch.OutOfMemoryError

    monkeypatch.setattr(fitting, "last_states", last_states)
    probe_set = ProbeSet("made", tuple((k + 1,) * 6 for k in range(8)))
    tokens = tokenise(probe_set, None, vocabulary_size=48, max_positions=8)
    ran, notes = [], []

    def run(batch):
        assert batch.tokens.device.type == forward.device.type
        ran.extend((one.document, model.where) for one in batch.windows)

    run_all(forward, make_batches(tokens, n_tokens=24), run, notes)
    return ran, notes


def test_batches_that_do_not_fit_are_halved(monkeypatch):
    ran, notes = windows_run(monkeypatch, lambda batch: len(batch.windows) < 3)
    assert ran == [(k, "meta") for k in range(8)]
    assert notes == ["out of memory: batches of 2 windows instead"]


def test_a_window_that_does_not_fit_alone_moves_the_rest_to_the_cpu(monkeypatch):
    def does_fit(batch):
        return all(one.document != 5 for one in batch.windows)

    ran, notes = windows_run(monkeypatch, does_fit)
    assert ran == [(k, "meta" if k < 5 else "cpu") for k in range(8)]
    assert notes == [
        "out of memory: batches of 2 windows instead",
        "out of memory: batches of 1 windows instead",
        "out of memory: run on the cpu instead",
    ]


def test_what_fits_runs_as_it_is(monkeypatch):
    ran, notes = windows_run(monkeypatch, lambda _batch: True)
    assert [document for document, _ in ran] == list(range(8))
    assert notes == []
