"""Do tests keep to what a package shows? They reach no name with an underscore."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OWN = frozenset({"pipeline", "weightlake", "flows", "demo", "docs", "benchmarks"})
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def is_private(dotted: str) -> bool:
    last = dotted.rpartition(".")[2]
    return last.startswith("_") and not last.endswith("__")


def is_own(module: str | None) -> bool:
    return bool(module) and module.partition(".")[0] in OWN


def names_of_ours(tree: ast.Module) -> set[str]:
    """What the file calls the modules, classes and functions that it takes from us."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = alias.name if isinstance(node, ast.Import) else node.module
                if is_own(module):
                    found.add((alias.asname or alias.name).partition(".")[0])
    return found


def reaches(node: ast.AST, ours: set[str]) -> str | None:
    """The private name of ours that a node imports, reads or replaces."""
    if isinstance(node, ast.ImportFrom) and is_own(node.module):
        return next((one.name for one in node.names if is_private(one.name)), None)
    if isinstance(node, ast.Attribute) and is_private(node.attr):
        base = node.value
        while isinstance(base, ast.Attribute | ast.Call):
            base = base.value if isinstance(base, ast.Attribute) else base.func
        return node.attr if isinstance(base, ast.Name) and base.id in ours else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        words = [word for word in words if isinstance(word, str) and is_private(word)]
        if node.func.attr == "setattr" and words:
            is_named = isinstance(node.args[0], ast.Name) or is_own(words[0])
            return words[0] if is_named else None
    return None


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_private_name_is_reached(path):
    tree = ast.parse(path.read_text())
    ours = names_of_ours(tree)
    for node in ast.walk(tree):
        name = reaches(node, ours)
        assert name is None, f"line {node.lineno}: {name} belongs to its module alone"


@pytest.mark.parametrize(
    "text",
    [
        "from pipeline.store.locks import _BEAT",
        "from pipeline.store import locks\nlocks._BEAT",
        "from pipeline.store import locks\nlocks.Lock(1)._beat",
        "from pipeline.store import locks\nmonkeypatch.setattr(locks, '_BEAT', 1)",
        "monkeypatch.setattr('pipeline.store.locks._BEAT', 1)",
    ],
)
def test_each_way_to_reach_one_is_found(text):
    tree = ast.parse(text)
    ours = names_of_ours(tree)
    assert any(reaches(node, ours) for node in ast.walk(tree))
    shown = ast.parse(text.replace("_BEAT", "BEAT").replace("_beat", "beat"))
    assert not any(reaches(node, ours) for node in ast.walk(shown))
