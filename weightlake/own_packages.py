"""Are `pipeline` and `flows` the packages of weightlake, and not a user's folders?

Both names are common, and Python looks into the working directory first. So weightlake
imports the two from beside itself, before any other file of it asks for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

NAMES = ("pipeline", "flows")
_HOME = Path(__file__).resolve().parents[1]


def claim_packages() -> None:
    """Import our own packages under their names, wherever Python would look first.

    Raises ImportError when another package of that name is imported already, as Python
    would then search our modules inside the other package.
    """
    for name in NAMES:
        there = sys.modules.get(name) or _load(name)
        if not _is_ours(there, name):
            raise ImportError(
                f"weightlake needs its own package {name!r}, but another one is "
                f"imported already: {_place(there)}. Rename that one, or use "
                "weightlake in a process that does not import it",
                name=name,
            )
        _explain_misses(there)
    if not any(isinstance(finder, Explainer) for finder in sys.meta_path):
        sys.meta_path.append(Explainer())


@contextmanager
def first_on_path() -> Iterator[None]:
    """Within the block, processes that are started find our packages first, too.

    A spawned process takes over `sys.path`, and imports what it is sent by name.
    """
    sys.path.insert(0, str(_HOME))
    try:
        yield
    finally:
        sys.path.remove(str(_HOME))


class Explainer:
    """The last finder: says why `import pipeline.mine` finds nothing in our package."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None, as nothing was found; ImportError where a folder of yours has it."""
        package, _, rest = name.partition(".")
        if package in NAMES and rest:
            hidden = find_hidden(package)
            if hidden is not None:
                raise ImportError(_hidden_text(package, rest, hidden), name=name)
        return None


def find_hidden(name: str) -> Path | None:
    """The package or module of yours that ours hides, where there is one."""
    for entry in sys.path:
        folder = Path(entry or ".").resolve()
        if (folder / "weightlake" / "__init__.py").is_file():
            continue  # ours, or another copy of ours
        # A folder without code is no package: the working directory may hold data.
        for path in (folder / f"{name}.py", folder / name):
            if path.is_file() or (path.is_dir() and any(path.glob("*.py"))):
                return path
    return None


def _hidden_text(package: str, rest: str, hidden: Path) -> str:
    return (
        f"{package!r} is weightlake's own package and has no {rest!r}; yours at "
        f"{hidden} is hidden by it. Rename yours, or import weightlake in another "
        "process"
    )


def _load(name: str) -> ModuleType:
    spec = PathFinder.find_spec(name, [str(_HOME)])
    if spec is None or spec.loader is None:
        raise ImportError(
            f"weightlake's own package {name!r} is not at {_HOME}. Install weightlake "
            "again",
            name=name,
        )
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _explain_misses(module: ModuleType) -> None:
    """Let `pipeline.mine`, which is not in our package, say whose package it is."""
    name = module.__name__

    def explain(attribute: str) -> object:
        hidden = None if attribute.startswith("__") else find_hidden(name)
        text = (
            _hidden_text(name, attribute, hidden)
            if hidden
            else f"module {name!r} has no attribute {attribute!r}"
        )
        raise AttributeError(text, name=attribute, obj=module)

    module.__dict__["__getattr__"] = explain


def _is_ours(module: ModuleType, name: str) -> bool:
    folders = [Path(each).resolve() for each in getattr(module, "__path__", ())]
    return _HOME / name in folders


def _place(module: ModuleType) -> str:
    return str(
        getattr(module, "__file__", None)
        or ", ".join(getattr(module, "__path__", ()))
        or module
    )
