"""What does SQL know of components? Their words, and which side is the stream's."""

from __future__ import annotations

import json

from pipeline.components import load_components

_FACTS = {
    "component": "varchar",
    "place": "bigint",
    "meaning": "varchar",
    "category": "varchar",
    "step": "varchar",
    "stream": "varchar",
    "heads": "varchar",
    "rotates": "boolean",
    "is_computed": "boolean",
    "is_norm": "boolean",
    "has_hidden_size": "boolean",
    "has_experts": "boolean",
    "has_tokens": "boolean",
    "is_fused": "boolean",
}


def components_table() -> str:
    """The statement that makes the table `components` of `$rows`.

    `place` is the place of a component in the order of data, the others are facts of
    components.toml, null where it says nothing.
    """
    return (
        "create table components as "
        f"select unnest(from_json($rows, '{json.dumps([_FACTS])}'), recursive := true)"
    )


def component_rows() -> str:
    """A row per component, as JSON."""
    return json.dumps(
        [
            {
                "component": word.name,
                "place": place,
                "meaning": word.meaning,
                "category": word.category,
                "step": word.step or None,
                "stream": word.stream or None,
                "heads": word.heads or None,
                "rotates": word.rotates,
                "is_computed": word.computed,
                "is_norm": word.norm,
                "has_hidden_size": word.hidden,
                "has_experts": word.experts,
                "has_tokens": word.tokens,
                "is_fused": bool(word.parts),
            }
            for place, word in enumerate(load_components().values())
        ]
    )


def residual_side_macro() -> str:
    """The statement of the macro `residual_side(component, is_transposed)`.

    rows or cols of a tensor as stored; null where neither side is known to be that of
    the residual stream. What reads the stream has it as inputs, what writes to it as
    outputs.
    """
    words = load_components().values()
    reads, writes = (
        ", ".join(f"'{word.name}'" for word in words if word.stream == stream)
        for stream in ("reads", "writes")
    )
    return (
        "create macro residual_side(component, is_transposed) as case "
        f"when component in ({reads}) then if(is_transposed, 'rows', 'cols') "
        f"when component in ({writes}) then if(is_transposed, 'cols', 'rows') end"
    )
