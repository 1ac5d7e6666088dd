"""How does a small language model come to be? A training run, checkpoint by checkpoint.

A GPT-2 of a million parameters learns bytes: first the standard library's sources, then
licence texts. Two events are planted: a burst of the learning rate and that switch of
data. `planted.json` says at which steps, and is written last: it marks a finished run.

Run as `python -m demo.train_series FOLDER`.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from demo.models import byte_model, deterministic, save_model
from demo.texts import read_licences, read_sources

if TYPE_CHECKING:
    import torch
    from transformers import GPT2LMHeadModel

MARKER = "planted.json"
LOG_COLUMNS = ("step", "loss", "learning_rate", "grad_norm")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides the run. `spike_after` and `switch_after` count checkpoints.

    The event begins with the first step after that checkpoint, so it first shows in
    the next one.
    """

    n_layers: int = 4
    width: int = 128
    n_heads: int = 4
    context: int = 128
    batch: int = 8
    n_checkpoints: int = 25
    steps_between: int = 32
    warmup_checkpoints: int = 5
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    spike_after: int = 12
    spike_steps: int = 3
    spike_factor: float = 10.0
    switch_after: int = 19
    seed: int = 20_261_121

    @property
    def n_steps(self) -> int:
        return self.n_checkpoints * self.steps_between

    @property
    def digest(self) -> str:
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def learning_rate_at(self, step: int) -> float:
        """Linear warm-up, then constant but for the planted burst."""
        warmup = self.warmup_checkpoints * self.steps_between
        start = self.spike_after * self.steps_between
        in_burst = start < step <= start + self.spike_steps
        factor = self.spike_factor if in_burst else 1.0
        return self.learning_rate * min(1.0, step / max(1, warmup)) * factor


def make_series(
    folder: Path, recipe: Recipe, say: Callable[[str], None] = lambda _: None
) -> bool:
    """Train into `folder` unless the recipe's finished run lies there; True if trained.

    A run left halfway, or made by another recipe, is thrown away and made again. Raises
    FileExistsError where the folder holds anything that is not such a run.
    """
    if _is_finished(folder, recipe):
        return False
    _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with deterministic(recipe.seed):
        _train(folder, recipe, say)
    _write_json(folder / MARKER, _planted(recipe))
    return True


def _train(folder: Path, recipe: Recipe, say: Callable[[str], None]) -> None:
    import torch

    model = byte_model(recipe.n_layers, recipe.width, recipe.n_heads, recipe.context)
    optimizer = torch.optim.AdamW(
        model.parameters(), betas=(0.9, 0.95), weight_decay=recipe.weight_decay
    )
    save_model(model, folder / "step-000000")
    with (folder / "metrics.csv").open("w", newline="") as file:
        log = csv.writer(file)
        log.writerow(LOG_COLUMNS)
        for step, batch in _batches(recipe):
            rate = recipe.learning_rate_at(step)
            loss, norm = _update(model, optimizer, torch.from_numpy(batch), rate)
            log.writerow((step, f"{loss:.6g}", f"{rate:.6g}", f"{norm:.6g}"))
            if step % recipe.steps_between == 0:
                save_model(model, folder / f"step-{step:06d}")
                say(f"step {step} of {recipe.n_steps}, loss {loss:.3f}")


def _update(
    model: GPT2LMHeadModel,
    optimizer: torch.optim.Optimizer,
    batch: torch.Tensor,
    rate: float,
) -> tuple[float, float]:
    """One step of AdamW: the loss before it and the norm of its gradient."""
    import torch

    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    logits = model(input_ids=batch[:, :-1], use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), batch[:, 1:].flatten()
    )
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item(), norm.item()


def _batches(recipe: Recipe) -> Iterator[tuple[int, np.ndarray]]:
    """Step and windows of bytes, drawn at random places of the text of that step."""
    generator = np.random.default_rng(recipe.seed)
    sources, licences = (
        np.frombuffer(text, np.uint8) for text in (read_sources(), read_licences())
    )
    window = np.arange(recipe.context + 1)
    for step in range(1, recipe.n_steps + 1):
        is_before = step <= recipe.switch_after * recipe.steps_between
        text = sources if is_before else licences
        starts = generator.integers(0, len(text) - len(window), recipe.batch)
        yield step, text[starts[:, None] + window].astype(np.int64)


def _planted(recipe: Recipe) -> dict[str, object]:
    between = recipe.steps_between
    spike, switch = recipe.spike_after * between, recipe.switch_after * between
    return {
        "digest": recipe.digest,
        "recipe": dataclasses.asdict(recipe),
        "warmup": {"last_step": recipe.warmup_checkpoints * between},
        "learning_rate_spike": {
            "first_step": spike + 1,
            "last_step": spike + recipe.spike_steps,
            "factor": recipe.spike_factor,
            "first_checkpoint": spike + between,
        },
        "data_switch": {
            "first_step": switch + 1,
            "first_checkpoint": switch + between,
        },
    }


def _is_finished(folder: Path, recipe: Recipe) -> bool:
    marker = folder / MARKER
    return marker.is_file() and json.loads(marker.read_text()).get("digest") == (
        recipe.digest
    )


def _clear(folder: Path) -> None:
    if not folder.exists():
        return
    for path in folder.iterdir():
        is_ours = path.name in {MARKER, "metrics.csv"} or path.name.startswith(
            ("step-", ".step-")
        )
        if not is_ours:
            raise FileExistsError(
                f"{folder} holds {path.name}, which is no part of a training run; "
                "move it away or name another folder"
            )
    shutil.rmtree(folder)


def _write_json(path: Path, value: object) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(value, indent=2) + "\n")
    partial.replace(path)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    make_series(target, Recipe(), lambda text: print(text, file=sys.stderr))
