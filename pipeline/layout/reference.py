"""How do the docs list the vocabulary and the families? As tables of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.components import load_components
from pipeline.layout.families import UNKNOWN, load_families


def component_table() -> str:
    """Every word of `component` with its meaning, as Markdown."""
    lines = ["| component | meaning |", "|---|---|"]
    words = load_components().values()
    lines += [f"| `{word.name}` | {word.meaning} |" for word in words]
    return "\n".join(lines)


def family_table() -> str:
    """Every family with its title and the config's `model_type`s, as Markdown."""
    lines = ["| family | networks | `model_type` in config.json |", "|---|---|---|"]
    for family in load_families().values():
        if family.name != UNKNOWN:
            types = ", ".join(f"`{kind}`" for kind in family.model_types)
            lines.append(
                f"| `{family.name}` | {family.title} | {types or 'by names only'} |"
            )
    return "\n".join(lines)


_TABLES: Mapping[str, Callable[[], str]] = {
    "components": component_table,
    "families": family_table,
}


def update_tables(text: str) -> str:
    """Renew each table of the text between `<!-- NAME -->` and `<!-- end -->`."""
    for name, table in _TABLES.items():
        start, end = f"<!-- {name} -->\n", "\n<!-- end -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = before + start + table() + end + after
    return text
