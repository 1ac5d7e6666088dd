"""What does weightlake say of real weights? The demo's main job, command by command.

It makes the zoo, measures it as a flow, runs two of its models on a few texts, asks
what was found, draws four pictures and writes a page to wander in.
Each command is shown as a user would type it.

Run as `python -m demo.run`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from demo.make_zoo import ENCODER, SERIES, ZOO, make_zoo
from demo.train_series import Recipe
from weightlake.cli import main

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"

_ENCODER = f"--param model={ENCODER}"
_SERIES = f"--param model={SERIES} --param metric=frobenius_norm"
_TAIL = "encoder.layer.0.output.dense.weight"
_MATRIX = "transformer.h.0.mlp.c_fc.weight"

# A second thread costs models this small more than it saves.
PROBED = (SERIES, ENCODER)
PROBE_OPTIONS = "--threads 1 --no-cka"

ANSWERS = (
    ("Which models are there?", "query models"),
    ("What do the encoder's layers look like?", f"query layer_view {_ENCODER}"),
    (
        "Which of its tensors differ most from their peers?",
        f"query outliers {_ENCODER} --param limit=8",
    ),
    (
        "How does a matrix of the series move from step to step?",
        f"query series {_SERIES} --param tensor={_MATRIX}",
    ),
    (
        "When did its training turn, and in how many tensors?",
        f"breaks {SERIES}",
    ),
    (
        "What does it do differently from step to step?",
        f"query learned_behaviour --param model={SERIES}",
    ),
    (
        "Did what it does turn when its weights did?",
        f"breaks {SERIES} --each --metric activations.rms --component block",
    ),
)
FIGURES = (
    ("heatmap.svg", f"plot heatmap {_ENCODER} --param metric=stable_rank"),
    (
        "histogram.svg",
        f"plot histogram {_ENCODER} --param tensor={_TAIL} --param log_y=true",
    ),
    ("series.svg", f"plot series {_SERIES} --param component=up"),
    (
        "behaviour.svg",
        f"plot series --param model={SERIES} --param metric=block_activations.lens_kl",
    ),
)
PAGE = ("explorer.html", "explore")


def run_demo() -> int:
    """The whole demo; returns the exit code of the first command that fails, or 0."""
    make_zoo(ZOO, Recipe(), lambda text: print(text, file=sys.stderr, flush=True))
    PICTURES.mkdir(exist_ok=True)
    root = Path.cwd()
    commands = [("", f"run {_relative(HERE / 'zoo.toml', root)}")]
    texts = f"--probe-set {_relative(HERE / 'probe.jsonl', root)} {PROBE_OPTIONS}"
    commands += [
        ("", f"probe {_relative(ZOO / name, root)} {texts}") for name in PROBED
    ]
    commands += ANSWERS
    commands += [
        ("", f"{command} -o {_relative(PICTURES / file, root)}")
        for file, command in (*FIGURES, PAGE)
    ]
    for question, command in commands:
        if question:
            print(f"\n{question}")
        print(f"$ weightlake {command}", flush=True)
        code = run_weightlake(shlex.split(command))
        if code:
            return code
    print(f"\nThe pictures and the page are in {_relative(PICTURES, root)}")
    return 0


def run_weightlake(arguments: list[str]) -> int:
    """One command; the flow in a process of its own, Prefect's database beside us."""
    if arguments[0] != "run":
        return main(arguments)
    program = Path(sys.executable).with_name("weightlake")
    environment = {"PREFECT_HOME": str(HERE / ".prefect"), **os.environ}
    return subprocess.run(
        [program, *arguments], env=environment, check=False
    ).returncode


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


if __name__ == "__main__":
    sys.exit(run_demo())
