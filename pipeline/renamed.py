"""Which queries and figures have a new name? The old one answers, with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping

# A verb, its query and its picture bear one name since version 0.2. The old names go
# in version 0.3.
QUERIES = {
    "change_points": "breakpoints",
    "changes": "compare",
    "channel_norms": "channels",
    "cluster_places": "clusters",
    "segments": "breaks",
}
FIGURES = {"configs": "shapes", "multiples": "profiles"}

# A name that asks another question today: a parameter of the old question decides.
_MOVED_QUERIES = {("compare", "model_a"): "differences"}


def current_name(
    kind: str, name: str, names: Mapping[str, str], known: Collection[str]
) -> str:
    """`name`, or what it is called today; warns where it is an old name.

    A name that is known, such as a user's own query, is never an old one.
    """
    if name in known or name not in names:
        return name
    _warn(kind, name, names[name])
    return names[name]


def current_query(name: str, params: Collection[str], known: Collection[str]) -> str:
    """The query that `name` means, given the parameters that are asked of it."""
    for (old, parameter), new in _MOVED_QUERIES.items():
        if name == old and parameter in params:
            _warn("query", f"{old}, with {parameter},", new)
            return new
    return current_name("query", name, QUERIES, known)


def _warn(kind: str, old: str, new: str) -> None:
    text = f"the {kind} {old} is now called {new}; the old name goes in version 0.3"
    warnings.warn(text, FutureWarning, stacklevel=4)
