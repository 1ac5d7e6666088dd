"""Who may import whom, read from the syntax trees, and how large a piece may grow."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for folder in ("pipeline", "flows", "weightlake")
    for path in (ROOT / folder).rglob("*.py")
)

# Layers from the ground up: a piece imports its own and lower ones.
LAYERS = (
    {
        "pipeline.errors",
        "pipeline.refs",
        "pipeline.dtypes",
        "pipeline.exit_codes",
        "pipeline.renamed",
        "pipeline.require",
        "pipeline.row",
    },
    {
        "pipeline.sources",
        "pipeline.layout",
        "pipeline.metrics",
        "pipeline.tables",
        "pipeline.quantised",
        "pipeline.store",
        "pipeline.text",
    },
    {
        "pipeline.compare",
        "pipeline.explorer",
        "pipeline.extract",
        "pipeline.analysis",
        "pipeline.figures",
        "pipeline.probes",
        "pipeline.query",
        "pipeline.stages",
        "pipeline.structure",
        "pipeline.warehouse",
    },
    {"pipeline.report", "pipeline.zoo"},
    {"flows"},
    {"weightlake"},
)

# The one place where a library comes in.
DOORS = {
    "duckdb": "pipeline.query",
    "prefect": "flows",
    "typer": "weightlake",
    "matplotlib": "pipeline.figures",
    "jinja2": "pipeline.report",
    "markdown_it": "pipeline.report",
    "numba": ("pipeline.metrics", "pipeline.analysis"),
    "torch": (
        "pipeline.probes",
        "pipeline.sources",
        "pipeline.structure",
        "pipeline.metrics.spectra.device",
    ),
    "transformers": ("pipeline.probes", "pipeline.structure"),
    "gguf": "pipeline.quantised",
    "h5py": "pipeline.sources",
    "onnx": "pipeline.sources",
    "msgpack": "pipeline.sources",
    "huggingface_hub": ("pipeline.sources", "weightlake.verbs.environment"),
    "sklearn": "pipeline.metrics",
    "scipy": ("pipeline.metrics", "pipeline.analysis"),
}

# Each of these answers one question alone.
ALONE = {
    "pipeline.metrics": ("pipeline.tables", "pipeline.sources", "pipeline.layout"),
    "pipeline.figures": ("pipeline.query", "pipeline.warehouse", "pipeline.extract"),
    "pipeline.layout": ("pipeline.sources", "pipeline.metrics", "pipeline.tables"),
    "pipeline.sources": ("pipeline.layout", "pipeline.metrics", "pipeline.tables"),
    "pipeline.quantised": ("pipeline.sources", "pipeline.layout", "pipeline.tables"),
    "pipeline.tables": ("pipeline.sources", "pipeline.layout", "pipeline.metrics"),
}

# What a store alone may do with the files of a warehouse.
OF_STORES = re.compile(
    r"\b(fcntl|flock|msvcrt)\b|\.(r?glob|iterdir)\(|\bos\.(rename|replace|link|scandir)"
)
# Files of other kinds: checkpoints, SQL texts, templates, code of the caller's.
NO_WAREHOUSE = re.compile(
    r"locate_sql\(\)|pipeline/(store|sources|layout|report|demo)/|pipeline/query/canned"
    r"|weightlake/own_packages"
)

MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 60


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module


def within(module, packages):
    packages = (packages,) if isinstance(packages, str) else packages
    return any(module == p or module.startswith(f"{p}.") for p in packages)


def layer_of(module):
    return next((i for i, layer in enumerate(LAYERS) if within(module, layer)), None)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_down_and_through_the_doors(path):
    module = module_of(path)
    for name in imported(path):
        own, other = layer_of(module), layer_of(name)
        if own is not None and other is not None:
            assert other <= own, f"{module} imports {name}, which lies above it"
        door = DOORS.get(name.split(".")[0])
        assert door is None or within(module, door), f"{module} imports {name}"
        for package, forbidden in ALONE.items():
            if within(module, package):
                assert not within(name, forbidden), f"{module} imports {name}"


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
