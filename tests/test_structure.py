"""Who may import whom, read from the syntax trees, and how large a piece may grow."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from docs.architecture import (
    draw,
    imported,
    put_table,
    read_layers,
    within,
    write_table,
)
from docs.architecture import module_of as dotted

ROOT = Path(__file__).parents[1]
RULES = read_layers()
FILES = sorted(
    path
    for folder in ("pipeline", "flows", "weightlake")
    for path in (ROOT / folder).rglob("*.py")
)

# What a store alone may do with the files of a warehouse.
OF_STORES = re.compile(
    r"\b(fcntl|flock|msvcrt)\b|\.(r?glob|iterdir)\(|\bos\.(rename|replace|link|scandir)"
)
# Files of other kinds: checkpoints, SQL texts, templates, code of the caller's.
NO_WAREHOUSE = re.compile(
    r"locate_sql\(\)|pipeline/(store|sources|layout|report|demo)/|pipeline/query/canned"
    r"|weightlake/own_packages"
)

HELPERS = sorted(
    path
    for folder in ("tests", "benchmarks", "demo", "docs")
    for path in (ROOT / folder).rglob("*.py")
)

MAX_FILE_LINES = 250
MAX_TEST_LINES = 300
MAX_FUNCTION_LINES = 60
MAX_POSITIONAL = 4
# Compiled code takes no keywords everywhere; pytest passes its arguments by name.
BY_THE_CALLER = re.compile(r"@(njit|pytest\.fixture|pytest\.mark\.parametrize)\b")
# transformers calls these two, and decides what their signatures are.
OF_TRANSFORMERS = frozenset(
    {
        "pipeline.probes.attention.mask.make_rule_mask",
        "pipeline.probes.attention.switch._forward",
    }
)


def module_of(path):
    return dotted(path, ROOT)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_down_and_through_the_doors(path):
    module = module_of(path)
    for name in imported(path):
        assert not name.startswith("."), f"{module}: imports are absolute"
        own, other = RULES.layer_of(module), RULES.layer_of(name)
        if own is not None and other is not None:
            assert other <= own, f"{module} imports {name}, which lies above it"
        door = RULES.doors.get(name.split(".")[0])
        assert door is None or within(module, door), f"{module} imports {name}"
        for package, forbidden in RULES.alone.items():
            if within(module, package):
                assert not within(name, forbidden), f"{module} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_lies_in_a_layer(path):
    module = module_of(path)
    assert module == "pipeline" or RULES.layer_of(module) is not None


def test_the_table_of_contributing_is_what_the_rules_make():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert put_table(text, write_table(RULES)) == text, "make architecture"
    assert text.count(" | ") > len(RULES.packages)


def test_the_picture_marks_an_import_that_goes_up(tmp_path):
    for name in ("sources", "query"):
        (tmp_path / "pipeline" / name).mkdir(parents=True)
        (tmp_path / "pipeline" / name / "__init__.py").touch()
    (tmp_path / "pipeline/sources/a.py").write_text("from pipeline.query import b")
    (tmp_path / "pipeline/query/b.py").write_text("import pipeline.sources")
    picture = draw(tmp_path, RULES)
    assert picture.count('class="up"') == picture.count('class="use"') == 1
    assert picture.count(">query</text>") == 2


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_only_a_store_locks_lists_and_renames_files(path):
    if NO_WAREHOUSE.search(path.as_posix()):
        return
    for line in path.read_text().splitlines():
        if OF_STORES.search(line):
            assert NO_WAREHOUSE.search(line), f"{module_of(path)}: {line.strip()}"


def test_no_two_files_import_each_other():
    imports = {module_of(path): set(imported(path)) for path in FILES}
    circles = {
        (one, other)
        for one, names in imports.items()
        for other in names & imports.keys()
        if one < other and one in imports[other]
    }
    # A package and the file that its `__init__` takes names from are one.
    assert not {pair for pair in circles if not within(pair[1], pair[0])}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_says_one_thing(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_FILE_LINES
    tree = ast.parse(text)
    assert not text.strip() or ast.get_docstring(tree), "the first line says what for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            # A verb's options are many lines of signature; its body is what counts.
            has_docstring = ast.get_docstring(node) is not None and len(node.body) > 1
            first = node.body[1 if has_docstring else 0]
            lines = node.end_lineno - first.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", HELPERS, ids=module_of)
def test_a_file_of_tests_is_read_at_one_sitting(path):
    assert len(path.read_text().splitlines()) <= MAX_TEST_LINES


@pytest.mark.parametrize("path", FILES + HELPERS, ids=module_of)
def test_few_arguments_are_positional(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = " ".join(f"@{ast.unparse(mark)}" for mark in node.decorator_list)
        name = f"{module_of(path)}.{node.name}"
        if BY_THE_CALLER.search(marks) or name in OF_TRANSFORMERS:
            continue
        given = [arg.arg for arg in node.args.posonlyargs + node.args.args]
        given = [arg for arg in given if arg not in {"self", "cls"}]
        assert len(given) <= MAX_POSITIONAL, f"{name} takes {given} by position"


MIRRORS = {
    f"{folder}/{name}": where
    for folder, files in tomllib.loads(
        (ROOT / "tests" / "mirrors.toml").read_text(encoding="utf-8")
    ).items()
    for name, where in files.items()
}
BY_MODULE = {module_of(path): path for path in FILES + HELPERS}


def own_mirror(path):
    """The test of the same name, in tests/ as the file is in its package."""
    parts = path.relative_to(ROOT).parts
    folder = parts[1:-1] if parts[0] == "pipeline" else parts[:-1]
    return ROOT.joinpath("tests", *folder, f"test_{path.name}")


@cache
def names_imported(path):
    names = set(imported(path, with_names=True))
    if "subprocess" in names:  # it starts the command
        names.add("weightlake.__main__")
    names |= {".".join(n.split(".")[:k]) for n in names for k in range(1, 9)}
    return names & BY_MODULE.keys()


@cache
def reached_from(test):
    """Every module of ours that a test imports, or that an import of it does."""
    found, waiting = set(), [test]
    while waiting:
        path = waiting.pop()
        new = names_imported(path) - found
        found |= new
        waiting += [BY_MODULE[name] for name in new]
    return found


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.name != "__init__.py"], ids=module_of
)
def test_a_file_is_tested_where_its_name_says_or_a_line_does(path):
    key = path.relative_to(ROOT).with_suffix("").as_posix()
    mirror = own_mirror(path)
    if mirror.exists():
        assert key not in MIRRORS, f"tests/mirrors.toml: {mirror} tests {key}"
        return
    where = MIRRORS.get(key)
    assert where, f"add {mirror.relative_to(ROOT)}, or a line to tests/mirrors.toml"
    test = ROOT / "tests" / where
    assert test.exists(), f"tests/mirrors.toml: {key} is not tested in {where}"
    assert module_of(path) in reached_from(test), f"{where} imports no {key}"


def test_every_line_of_mirrors_is_of_a_file():
    assert [key for key in MIRRORS if not (ROOT / f"{key}.py").exists()] == []
