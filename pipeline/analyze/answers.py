"""Which rows say what was seen? Heads, pairs, layers and neurons of one text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.analyze import tables
from pipeline.analyze.pairs import Weights
from pipeline.analyze.patterns import leading_pattern, pattern_of

Row = dict[str, Any]

_MOST_PAIRS = 60
_MOST_NEURONS = 30


def heads_table(rows: Sequence[Row]) -> pa.Table:
    named = []
    for row in rows:
        word, share = leading_pattern(row)
        named.append(
            row | {"pattern": pattern_of(row), "leading": word, "share": share}
        )
    return _fill(named, tables.HEADS)


def layers_table(rows: Sequence[Row]) -> pa.Table:
    """What each block adds; its likeliest tokens stand in one text, as `'a' 'b'`."""
    named = [
        row | {"lens_top_tokens": " ".join(map(repr, row["lens_top_tokens"]))}
        if row.get("lens_top_tokens")
        else row
        for row in rows
    ]
    return _fill(named, tables.LAYERS)


def pairs_table(weights: Weights, tokens: Sequence[str]) -> pa.Table:
    """The strongest pairs of all heads, but for looks at itself and the first token.

    Those are named by the patterns, and would fill the table.
    """
    found: list[tuple[float, Row]] = []
    for place, each in weights.items():
        if each.shape[1] != len(tokens) or each.shape[2] != len(tokens):
            continue
        masked = each.copy()
        masked[:, :, 0] = 0
        own = np.arange(len(tokens))
        masked[:, own, own] = 0
        flat = np.argsort(masked, axis=None)[::-1][:_MOST_PAIRS]
        for head, query, key in zip(*np.unravel_index(flat, masked.shape), strict=True):
            row = {
                **place._asdict(),
                "head": int(head),
                "query": int(query),
                "query_token": tokens[query],
                "key": int(key),
                "key_token": tokens[key],
                "weight": float(masked[head, query, key]),
            }
            found.append((row["weight"], row))
    found.sort(key=lambda one: -one[0])
    strongest = [row for weight, row in found[:_MOST_PAIRS] if weight > 0]
    return _fill(strongest, tables.PAIRS)


def neurons_table(rows: Sequence[Row]) -> pa.Table:
    """The neurons with the largest values, and where on the text they have them."""
    found = []
    for row in rows:
        if row["site"] != "mlp_activation" or not row.get("top_values"):
            continue
        first = {
            "value": row["top_values"][0],
            "token": row["top_tokens"][0],
            "context": row["top_contexts"][0],
        }
        found.append({**row, **first})
    found.sort(key=lambda row: -abs(row["value"]))
    return _fill(found[:_MOST_NEURONS], tables.NEURONS)


def _fill(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    names = schema.names
    filled = [{name: finite(row.get(name)) for name in names} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema)


def finite(value: Any) -> Any:
    is_odd = isinstance(value, float) and not math.isfinite(value)
    return None if is_odd else value
