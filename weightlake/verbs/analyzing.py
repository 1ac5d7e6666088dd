"""What does one model do with one text? Loaded, run and answered in one call."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.analyze.asked import MOST_TOKENS, Asked, check_methods
from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.probes.estimate import Estimate, estimate
from pipeline.probes.run import ProbeParameters
from pipeline.probes.texts import ProbeSet
from pipeline.query import run_sql
from pipeline.refs import CheckpointSource
from pipeline.sources import discover, open_checkpoint
from pipeline.stages import StageSettings

if TYPE_CHECKING:
    from pipeline.analyze.analysis import Analysis
    from pipeline.probes.capture import Forward
    from pipeline.probes.load import DType, Loaded

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Model:
    """A checkpoint that texts are run on; it is loaded at the first text, once.

    `memory_bytes` is the most that a text may take.
    """

    source: CheckpointSource
    dtype: DType = "float32"
    device: Device = "auto"
    threads: int = 1
    memory_bytes: int = 1 << 32
    local_files_only: bool = False

    @cached_property
    def loaded(self) -> tuple[Loaded, Forward]:
        import torch

        from pipeline.probes.capture import make_forward  # brings torch
        from pipeline.probes.load import load_model

        device = self.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        found = load_model(
            self.source,
            dtype=self.dtype,
            device=device,
            local_files_only=self.local_files_only,
        )
        return found, make_forward(found.model)


@dataclass(frozen=True)
class Analyzed:
    """An analysis, and whose it is."""

    model: str
    text: str
    analysis: Analysis
    seconds: float


def find_model(
    root: Path,
    reference: str,
    settings: StageSettings,
    *,
    dtype: DType = "float32",
    device: Device = "auto",
) -> Model:
    """The one checkpoint that a reference or a name in the warehouse means.

    Raises UsageError where it means several, and AbsentError where nothing is called
    so.
    """
    is_offline = settings.local_files_only
    try:
        found = discover(reference, local_files_only=is_offline)
    except AbsentError:
        found = _in_warehouse(root, reference)
        if not found:
            raise
    if len(found) > 1:
        names = ", ".join(str(each.ref) for each in found[:4])
        raise UsageError(
            f"stands for {len(found)} checkpoints: {names}",
            where=reference,
            fix="Name one: its folder or file, or model@revision of the warehouse",
        )
    return Model(
        found[0],
        dtype,
        device,
        settings.threads,
        settings.memory_bytes,
        is_offline,
    )


def analyze(
    model: Model, text: str, methods: Sequence[str] = (), *, most_tokens: int = 0
) -> Analyzed:
    """Run the text; methods are all of METHODS where none is named.

    Raises UsageError for a method that there is none of and for an empty text,
    SourceError where the model cannot be loaded or run within its memory.
    """
    asked = _asked(text, methods, most_tokens)
    began = time.monotonic()
    needed = plan_analyze(model, text, methods, most_tokens=most_tokens)
    if needed.memory_bytes > model.memory_bytes:
        raise SourceError(
            f"would take about {needed.memory_bytes / 2**20:,.0f} MiB of memory, "
            f"{model.memory_bytes / 2**20:,.0f} MiB are allowed",
            where=str(model.source.ref),
            fix="Give more memory, or a shorter text",
        )
    from pipeline.analyze.analysis import analyze_text  # brings torch
    from pipeline.probes.run import Surroundings
    from pipeline.probes.stage import torch_threads

    loaded, forward = model.loaded
    around = Surroundings(loaded.tokenizer, model.threads, model.memory_bytes)
    with torch_threads(model.threads):
        found = analyze_text(loaded, forward, text, asked=asked, around=around)
    return Analyzed(str(model.source.ref), text, found, time.monotonic() - began)


def plan_analyze(
    model: Model, text: str, methods: Sequence[str] = (), *, most_tokens: int = 0
) -> Estimate:
    """Memory and seconds, from headers and the length of the text; nothing is run."""
    asked = _asked(text, methods, most_tokens)
    checkpoint = open_checkpoint(model.source, local_files_only=model.local_files_only)
    parameters = ProbeParameters(dtype=model.dtype, cka=False)
    found = estimate(checkpoint, ProbeSet("text", (text,)), parameters)
    n = min(found.n_tokens, asked.most_tokens)
    config = checkpoint.config or {}
    layers = int(config.get("num_hidden_layers") or config.get("n_layer") or 12)
    heads = int(config.get("num_attention_heads") or config.get("n_head") or 12)
    # Of integrated gradients and occlusion: forwards of the text, backward thrice one.
    passes = (4 * 16 + n + 4) if "importance" in asked.methods else 1
    pairs = layers * heads * n * n * 4 * asked.looks_at_pairs
    return Estimate(
        found.memory_bytes + pairs,
        found.seconds * (1 + passes) / model.threads,
        found.n_tokens,
    )


def _asked(text: str, methods: Sequence[str], most_tokens: int) -> Asked:
    if not text.strip():
        raise UsageError("the text is empty", fix="Give a sentence")
    if most_tokens < 0:
        raise UsageError(f"most_tokens is {most_tokens}", fix="Give 1 or more")
    return Asked(check_methods(methods), most_tokens or MOST_TOKENS)


def _in_warehouse(root: Path, name: str) -> tuple[CheckpointSource, ...]:
    """The checkpoints whose model, or model@revision, is `name`, where they lie now."""
    if not root.exists():
        return ()
    rows = run_sql(
        root,
        "select distinct source from checkpoints "
        "where model = $name or model || '@' || revision = $name",
        {"name": name},
    ).to_pylist()
    return tuple(one for row in rows for one in discover(str(row["source"])))
