"""How is weightlake put together? The table of CONTRIBUTING.md, and a picture.

`make architecture` writes both: the table from docs/layers.toml, the picture from the
imports of every file. `--tree FOLDER` draws another checkout, `-o FILE` elsewhere.
"""

from __future__ import annotations

import argparse
import ast
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("pipeline", "flows", "weightlake")
_BEGIN, _END = "<!-- made by make architecture -->", "<!-- end -->"
_CELL, _LEFT, _TOP = 24, 90, 90  # pixels of the picture
_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  role="img" aria-label="who imports whom">
<style>
  text {{ font: 11px sans-serif; fill: #222; }}
  path {{ stroke: #999; }}
  .use {{ fill: #56b4e966; }} .up {{ fill: #d55e00; }} .self {{ fill: #8883; }}
  @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd; }} }}
</style>"""


@dataclass(frozen=True)
class Layers:
    """The rules: packages by layer with their questions, doors, who stands alone."""

    layers: tuple[tuple[str, Mapping[str, str]], ...]
    doors: Mapping[str, tuple[str, ...]]
    alone: Mapping[str, tuple[str, ...]]

    @property
    def packages(self) -> tuple[str, ...]:
        """Every package, from the ground up."""
        return tuple(name for _, packages in self.layers for name in packages)

    def layer_of(self, module: str) -> int | None:
        """The number of the layer that a module lies in; None for a library."""
        for number, (_, packages) in enumerate(self.layers):
            if within(module, packages):
                return number
        return None


def read_layers(path: Path = ROOT / "docs" / "layers.toml") -> Layers:
    """The rules as they stand in the file."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    layers = tuple((each.pop("name"), each) for each in found["layers"])
    tables = {
        name: {key: tuple(words) for key, words in found[name].items()}
        for name in ("doors", "alone")
    }
    return Layers(layers, tables["doors"], tables["alone"])


def within(module: str, packages: str | Collection[str]) -> bool:
    """Whether a module is one of the packages or lies in one."""
    packages = (packages,) if isinstance(packages, str) else packages
    return any(module == p or module.startswith(f"{p}.") for p in packages)


def module_of(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path: Path, *, with_names: bool = False) -> Iterator[str]:
    """The modules that a file imports, wherever in it; a relative one with its dots.

    `with_names` adds MODULE.NAME of each `from` import: NAME may be a module too.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            if with_names:
                yield from (f"{module}.{alias.name}" for alias in node.names)


def write_table(rules: Layers) -> str:
    """The table of folders: what each answers and may import."""
    lines = [
        "| folder | answers | layer | but not | brings in |",
        "|---|---|---|---|---|",
    ]
    for number, (_, packages) in enumerate(rules.layers):
        for name, answers in packages.items():
            but_not = ", ".join(_last(each) for each in rules.alone.get(name, ()))
            doors = [lib for lib, at in rules.doors.items() if _opens(name, at)]
            cells = (f"`{name.replace('.', '/')}`", answers, str(number), but_not)
            lines.append(f"| {' | '.join((*cells, ', '.join(doors)))} |")
    return "\n".join(lines)


def put_table(text: str, table: str) -> str:
    """A page with the table between its two marks."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table}\n{_END}{after}"


def count_imports(root: Path, packages: Sequence[str]) -> Counter[tuple[str, str]]:
    """How many files of one package import another, for every pair of packages."""
    found: Counter[tuple[str, str]] = Counter()
    for top in TOPS:
        for path in sorted((root / top).rglob("*.py")):
            own = _package(module_of(path, root), packages)
            others = {_package(name, packages) for name in imported(path)}
            found.update((own, other) for other in others - {own, ""} if own)
    return found


def draw(root: Path, rules: Layers) -> str:
    """An SVG: who (a row) imports whom (a column), and in how many files.

    Rows and columns run from the ground up, so that an import of a higher layer would
    stand right of the diagonal, in another colour.
    """
    packages = list_packages(root, rules)
    uses = count_imports(root, packages)
    end = _LEFT + len(packages) * _CELL, _TOP + len(packages) * _CELL
    parts = [_HEAD.format(width=end[0] + 60, height=end[1] + 10)]
    for place, name in enumerate(packages):
        parts += _labels(place, name)
        parts.append(_box(place, place, "self"))
        layer = rules.layer_of(name)
        if place and layer != rules.layer_of(packages[place - 1]):
            parts.append(f'<path d="M10 {_TOP + place * _CELL}H{end[0]}"/>')
            parts.append(f'<path d="M{_LEFT + place * _CELL} 10V{end[1]}"/>')
        for column, other in enumerate(packages):
            if uses[name, other]:
                kind = "up" if _is_above(rules, name, other) else "use"
                parts.append(_box(place, column, kind, uses[name, other]))
    return "\n".join([*parts, "</svg>", ""])


def list_packages(root: Path, rules: Layers) -> list[str]:
    """The folders of a tree: those of the rules in their order, then any others."""
    listed = [p for p in rules.packages if (root / p.replace(".", "/")).is_dir()]
    inner = sorted((root / "pipeline").glob("*/__init__.py"))
    names = [f"pipeline.{path.parent.name}" for path in inner]
    return listed + [name for name in names if name not in listed]


def main() -> None:
    """Write the table, unless another tree is meant, and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    rules = read_layers()
    if given.tree == ROOT:
        page = ROOT / "CONTRIBUTING.md"
        text = put_table(page.read_text(encoding="utf-8"), write_table(rules))
        page.write_text(text, encoding="utf-8")
    target = given.output or ROOT / "docs" / "architecture.svg"
    target.write_text(draw(given.tree.resolve(), rules), encoding="utf-8")


def _labels(place: int, name: str) -> Iterator[str]:
    short = name.removeprefix("pipeline.")
    across, along = _LEFT + place * _CELL + 14, _TOP + place * _CELL + 15
    yield f'<text x="{_LEFT - 8}" y="{along}" text-anchor="end">{short}</text>'
    turn = f'transform="rotate(-60 {across} {_TOP - 8})"'
    yield f'<text x="{across}" y="{_TOP - 8}" {turn}>{short}</text>'


def _box(row: int, column: int, kind: str, n_files: int = 0) -> str:
    x, y = _LEFT + column * _CELL, _TOP + row * _CELL
    box = f'<rect class="{kind}" x="{x}" y="{y}" width="{_CELL}" height="{_CELL}"/>'
    middle = f'x="{x + _CELL / 2:g}" y="{y + 15}" text-anchor="middle"'
    return box + (f"<text {middle}>{n_files}</text>" if n_files else "")


def _package(module: str, packages: Sequence[str]) -> str:
    """The package that a module lies in; empty for none of them."""
    return next((name for name in packages if within(module, name)), "")


def _is_above(rules: Layers, name: str, other: str) -> bool:
    own, theirs = rules.layer_of(name), rules.layer_of(other)
    return own is not None and theirs is not None and theirs > own


def _opens(name: str, places: Sequence[str]) -> bool:
    return any(within(place, name) for place in places)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


if __name__ == "__main__":
    main()
