"""How does what is kept of a site become rows of tables?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.columns import Columns
from pipeline.metrics.activations.places import GroupSums, bucket_range
from pipeline.metrics.activations.summary import summarise_firing, summarise_site
from pipeline.probes.probe_set import TokenSet
from pipeline.probes.sites import Site

Row = dict[str, Any]

_AROUND = 6
_MOST_TOKENS = 50
N_SHARES = 101


@dataclass
class SiteState:
    """All that is kept of one site."""

    columns: Columns
    positions: GroupSums
    lengths: GroupSums
    tokens: GroupSums | None
    shares: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(N_SHARES, np.int64)
    )
    same_as: Site | None = None
    is_first: bool = True
    # Σ|a| by bucket of position and neuron, where dimensions are neurons.
    by_position: NDArray[np.float64] | None = None


def place(site: Site) -> Row:
    """The columns that say where a row is about."""
    return {
        "module": site.path,
        "site": site.kind,
        "stack": site.stack,
        "layer": site.layer,
        "component": site.component,
    }


def site_row(site: Site, state: SiteState) -> Row:
    row = place(site) | summarise_site(state.columns)
    row["same_as"] = (
        f"{state.same_as.kind} {state.same_as.path}" if state.same_as else None
    )
    if state.columns.octaves is not None and row.get("rms") is not None:
        row |= summarise_firing(state.columns, row["rms"])
        row["positive_fraction_counts"] = state.shares.tolist()
    return row


def position_lists(state: SiteState, neuron: int) -> Row:
    """A neuron's mean magnitude at each range of positions that was seen."""
    if state.by_position is None:
        return {}
    seen = np.flatnonzero(state.positions.n)
    means = state.by_position[seen, neuron] / state.positions.n[seen]
    return {
        "position_first": [bucket_range(one)[0] for one in seen.tolist()],
        "position_mean_abs": means.tolist(),
    }


def bucket_rows(site: Site, state: SiteState, dimension: str) -> Iterator[Row]:
    sums = state.positions if dimension == "position" else state.lengths
    for bucket in np.flatnonzero(sums.n).tolist():
        first, last = bucket_range(bucket)
        yield (
            place(site)
            | {
                "dimension": dimension,
                "first": first,
                "last": last,
            }
            | _means(sums, bucket)
        )


def token_rows(site: Site, state: SiteState) -> Iterator[Row]:
    """The tokens of the largest mean rms, and those seen most often."""
    sums = state.tokens
    if sums is None:
        return
    seen = np.flatnonzero(sums.n)
    mean = sums.rms[seen] / sums.n[seen]
    loud = seen[np.argsort(-mean, kind="stable")[:_MOST_TOKENS]]
    often = seen[np.argsort(-sums.n[seen], kind="stable")[:_MOST_TOKENS]]
    for token in sorted({*loud.tolist(), *often.tolist()}):
        yield place(site) | {"token_id": token} | _means(sums, token)


def _means(sums: GroupSums, group: int) -> Row:
    n = int(sums.n[group])
    return {
        "n_tokens": n,
        "rms": float(sums.rms[group] / n),
        "positive_fraction": float(sums.positive[group] / n),
        "abs_max": float(sums.largest[group]),
    }


def name_tokens(
    rows: list[Row], tokens: TokenSet, spell: Callable[[list[int]], str]
) -> None:
    """Put the text around a neuron's largest values where their numbers stand."""
    known: dict[int, str] = {}
    for row in rows:
        places = row.pop("top_places", None)
        if places is None:
            continue
        row["top_tokens"], row["top_contexts"] = [], []
        for before, token, after in tokens.contexts(places, _AROUND):
            if token not in known:
                known[token] = spell([token])
            row["top_tokens"].append(known[token])
            row["top_contexts"].append(f"{spell(before)}⟦{known[token]}⟧{spell(after)}")


def join_blocks(tables: dict[str, list[Row]]) -> None:
    """Put what lens, routers and skips say of a block into its row."""
    rows = {(row["stack"], row["layer"]): row for row in tables["block_activations"]}
    for name in ("lenses", "router_entropies", "skips"):
        for extra in tables.pop(name, []):
            row = rows.get((extra["stack"], extra["layer"]))
            if row is not None:
                row.update({k: v for k, v in extra.items() if k != "module"})
