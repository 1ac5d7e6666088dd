"""Lists of components stand in components.toml alone, whatever they are lists of."""

import ast
import re
from pathlib import Path

import pytest

from pipeline.components import load_components

ROOT = Path(__file__).parents[1]
WORDS = frozenset(load_components())
# What names two components and is no copy of anything that components.toml says.
OTHERS = {
    "pipeline/metrics/circuits/heads.py": "formulas of circuits: W_Q·W_K, W_O·W_V",
    "pipeline/perturb/experiment.py": "columns, of which one is called k",
    "pipeline/tables/perturbations.py": "columns, of which one is called k",
    "pipeline/tables/sensitivities.py": "read at every start; compared below",
    "pipeline/probes/head.py": "what a model's head is made of, in torch's order",
    "pipeline/layout/words.toml": "names of modules, one of which is a component's",
    "pipeline/explorer/page/sublayers.js": "where a drawing has its boxes",
}
FILES = sorted(
    path
    for folder in ("pipeline", "weightlake", "flows", "sql")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sql", ".js", ".toml"}
    and path.name != "components.toml"
    and path.parent.name not in {"patterns", "vendor"}
)


def listed_in_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            yield [each.value for each in node.elts if isinstance(each, ast.Constant)]
        elif isinstance(node, ast.Dict):
            yield [each.value for each in node.keys if isinstance(each, ast.Constant)]


def listed_elsewhere(text):
    """Words in quotes between brackets, which separate them by commas alone."""
    for inside in re.findall(r"[\[(]([^\[\](){}]*)[\])]", text):
        yield re.findall(r"""["'](\w+)["']""", inside)


def lists_of_components(text, suffix):
    lists = listed_in_python(text) if suffix == ".py" else listed_elsewhere(text)
    found = ([word for word in each if word in WORDS] for each in lists)
    return [words for words in found if len(words) > 1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_lists_components(path):
    name = path.relative_to(ROOT).as_posix()
    lists = lists_of_components(path.read_text(encoding="utf-8"), path.suffix)
    if name in OTHERS:
        assert lists, f"{name} lists none any more: {OTHERS[name]}"
    else:
        assert not lists, f"{name}: let components.toml say it"


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('_EMBEDDINGS = frozenset({"token_embedding", "unembedding"})', ".py"),
        ('PLACES = {"q": 0, "k": 1}', ".py"),
        ("order by list_position(['q', 'k', 'qk'], kind)", ".sql"),
        ("where component in ('gate',\n'up')", ".sql"),
        ('const LAST = [\n  "final_norm",\n  "pooler",\n];', ".js"),
        ('components = ["q", "k"]', ".toml"),
    ],
)
def test_a_list_is_found(text, suffix):
    assert lists_of_components(text, suffix)


def test_parts_of_an_attention_are_those_that_hold_heads():
    from pipeline.layout.attention import PARTS
    from pipeline.tables import HEAD_SENSITIVITIES

    (part,) = (c for c in HEAD_SENSITIVITIES.columns if c.name == "part")
    assert part.words == PARTS == ("q", "k", "v", "o")
