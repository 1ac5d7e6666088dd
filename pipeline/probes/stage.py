"""What does a model do on a probe set? The stage `probe`: loaded, run once, reduced."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import SourceError
from pipeline.probes.estimate import Estimate, estimate
from pipeline.probes.load import load_model
from pipeline.probes.run import ProbeParameters, Surroundings, run_probe
from pipeline.probes.texts import ProbeSet, read_probe_set
from pipeline.stages.plan import Plan
from pipeline.stages.stage import Job, Measured, Stage
from pipeline.stages.standing import find_standing
from pipeline.stages.subject import Beside
from pipeline.tables import (
    ACTIVATIONS,
    ATTENTION_HEADS,
    ATTENTION_MAPS,
    BLOCK_ACTIVATIONS,
    EXPERT_ACTIVATIONS,
    NEURONS,
    POSITION_ACTIVATIONS,
    PROBE_DOCUMENTS,
    PROBE_SETS,
    SIMILARITIES,
    TOKEN_ACTIVATIONS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class _Asked:
    """The probe set that a subject names, as the stage's parameters cut it."""

    probe_set: ProbeSet
    parameters: ProbeParameters


def measure_probe(job: Job) -> Measured:
    """The rows of one checkpoint on one probe set.

    Raises SourceError where the model cannot be made or run, the probe set has changed
    since it was named, or the run would take more memory than the settings allow.
    """
    asked = _asked(job)
    found = estimate(job.open(), asked.probe_set, asked.parameters)
    _refuse_over_budget(job, found)
    loaded = load_model(
        job.subject.source,
        dtype=asked.parameters.dtype,
        device=device_of(job),
        local_files_only=job.settings.local_files_only,
    )
    from pipeline.probes.capture import make_forward
    from pipeline.probes.probe_set import tokenise
    from pipeline.probes.skips import add_skips

    tokens = tokenise(
        asked.probe_set,
        loaded.tokenizer,
        vocabulary_size=loaded.vocabulary_size,
        max_positions=loaded.max_positions,
        pad=getattr(loaded.model.config, "pad_token_id", None),
    )
    around = Surroundings(
        loaded.tokenizer,
        job.settings.threads,
        job.settings.memory_bytes,
        job.progress,
    )
    with torch_threads(job.settings.threads):
        forward = make_forward(loaded.model)
        ran = run_probe(forward, tokens, asked.parameters, around)
        if asked.parameters.skips:
            add_skips(ran.tables, forward, tokens, asked.parameters)
    notes = (*loaded.notes, *ran.notes)
    ran.tables[PROBE_SETS.name][0]["notes"] = "; ".join(notes) or None
    return Measured(
        ran.tables,
        n_bytes=loaded.checkpoint.n_bytes,
        n_tensors=len(loaded.checkpoint.tensors),
        n_measured=len(loaded.checkpoint.tensors),
        notes=notes,
    )


def plan_probe(job: Job) -> Plan:
    """What the run would take: bytes to read, memory at its peak, time."""
    standing = find_standing(job)
    checkpoint = job.open()
    asked = _asked(job)
    found = estimate(checkpoint, asked.probe_set, asked.parameters)
    is_done = standing == "unchanged"
    return Plan(
        job.subject.source,
        standing,
        n_tensors=len(checkpoint.tensors),
        n_bytes=checkpoint.n_bytes,
        n_bytes_to_read=0 if is_done else checkpoint.n_bytes,
        peak_memory_bytes=0 if is_done else found.memory_bytes,
        seconds=0.0 if is_done else found.seconds / job.settings.threads,
        stage=job.stage.name,
        against=job.subject.against,
    )


# The last table stands for all: a reader who finds a run's row finds the others.
PROBE = Stage(
    "probe",
    3,
    "probe_set",
    (
        PROBE_DOCUMENTS,
        NEURONS,
        POSITION_ACTIVATIONS,
        TOKEN_ACTIVATIONS,
        SIMILARITIES,
        EXPERT_ACTIVATIONS,
        ATTENTION_MAPS,
        ATTENTION_HEADS,
        BLOCK_ACTIVATIONS,
        ACTIVATIONS,
        PROBE_SETS,
    ),
    measure_probe,
    ProbeParameters(),
    plan=plan_probe,
)


@contextmanager
def beside_of(what: str | Path | Sequence[str]) -> Iterator[Beside]:
    """What stands beside a checkpoint: a probe set by its name, digest and place.

    A list of texts is kept in a file as long as this is open: tasks read it there.
    """
    if isinstance(what, str | Path):
        probe_set = read_probe_set(what)
        yield Beside(probe_set.name, probe_set.digest, str(what))
        return
    with tempfile.TemporaryDirectory(prefix="weightlake-") as folder:
        path = Path(folder) / "list.jsonl"
        lines = (json.dumps({"text": text}) for text in what)
        path.write_text("\n".join(lines), encoding="utf-8")
        probe_set = read_probe_set(path)
        yield Beside(probe_set.name, probe_set.digest, str(path))


def _asked(job: Job) -> _Asked:
    parameters: ProbeParameters = job.parameters
    beside = job.subject.beside
    if beside is None:
        raise SourceError(
            "no probe set is named", where=str(job.subject.ref), fix="Name one"
        )
    if read_probe_set(beside.location).digest != beside.digest:
        raise SourceError(
            "the probe set has changed since the run began",
            where=beside.location,
            fix="Run it again",
        )
    probe_set = read_probe_set(
        beside.location,
        window=parameters.window or None,
        stride=parameters.stride or None,
    )
    return _Asked(probe_set, parameters)


def _refuse_over_budget(job: Job, found: Estimate) -> None:
    if found.memory_bytes > job.settings.memory_bytes:
        needed, allowed = (
            f"{n / 2**20:,.0f} MiB"
            for n in (found.memory_bytes, job.settings.memory_bytes)
        )
        raise SourceError(
            f"would take about {needed} of memory, {allowed} are allowed",
            where=str(job.subject.ref),
            fix="Give --memory, a smaller --batch-tokens, or --no-lens and --no-cka",
        )


def device_of(job: Job) -> str:
    """The device that the settings ask for; `auto` is cuda where there is one."""
    asked = str(job.settings.device)
    if asked != "auto":
        return asked
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def torch_threads(n: int) -> Iterator[Any]:
    """So many threads for torch while open; as before afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
