"""At which few steps do many series break together? Breaks merged into events."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline.analysis.change_points import ChangePoints

_COLUMNS = {
    "step": pl.Int64,
    "first_step": pl.Int64,
    "last_step": pl.Int64,
    "kinds": pl.String,
    "n_series": pl.Int64,
    "n_tested": pl.Int64,
    "agreement": pl.Float64,
    "q_value": pl.Float64,
    "evidence": pl.String,
}


def find_events(
    found: ChangePoints,
    steps: Sequence[int],
    *,
    within: Sequence[str] = (),
    member: str = "tensor",
    reach: int = 2,
) -> pl.DataFrame:
    """One row per event: neighbouring breaks of several series, the most shared first.

    `steps` is the grid; breaks at most `reach` places of it from the step that most
    series name are one event. `within` are columns of `found` that events do not cross
    (model, metric); series that differ in `member` alone are counted once each.
    `agreement` is n_series / n_tested in [0, 1]; `q_value` is that of its surest break.
    """
    place = {step: i for i, step in enumerate(sorted(set(steps)))}
    tested = found.tested.filter(pl.col("status") == "ok")
    rows: list[dict[str, object]] = []
    groups = (
        found.breaks.partition_by(*within, maintain_order=True)
        if within
        else [found.breaks]
    )
    for breaks in groups:
        keys = {name: breaks[name][0] for name in within} if breaks.height else {}
        same = [pl.col(name).eq_missing(pl.lit(each)) for name, each in keys.items()]
        n_tested = _n_series(tested.filter(same) if same else tested, member)
        rows += [
            keys | event for event in _merge(breaks, place, n_tested, member, reach)
        ]
    schema = {name: found.breaks.schema[name] for name in within} | _COLUMNS
    return pl.DataFrame(rows, schema=schema).sort(
        "agreement", "step", descending=[True, False]
    )


def _merge(
    breaks: pl.DataFrame, place: dict[int, int], n_tested: int, member: str, reach: int
) -> list[dict[str, object]]:
    """Take the most shared step and its neighbourhood, until no break is left."""
    events = []
    left = breaks.with_columns(place=pl.col("step").replace_strict(place))
    while left.height:
        votes = left.group_by("place").agg(
            n=pl.col(member).n_unique() if member in left.columns else pl.len(),
            strength=(-pl.col("p_value").clip(1e-300).log()).sum(),
        )
        top = votes.sort("n", "strength", "place", descending=[True, True, False])
        centre = int(top["place"][0])
        near = (pl.col("place") - centre).abs() <= reach
        events.append(_event(left.filter(near), centre, n_tested, member))
        left = left.filter(~near)
    return events


def _event(
    part: pl.DataFrame, centre: int, n_tested: int, member: str
) -> dict[str, object]:
    step = int(part.filter(pl.col("place") == centre)["step"][0])
    n_series = _n_series(part, member)
    word = f"{member}s" if member in part.columns else "series"
    return {
        "step": step,
        "first_step": part["step"].min(),
        "last_step": part["step"].max(),
        "kinds": ", ".join(sorted(part["kind"].unique())),
        "n_series": n_series,
        "n_tested": n_tested,
        "agreement": n_series / max(n_tested, n_series),
        "q_value": part["q_value"].min(),
        "evidence": f"{n_series} of {n_tested} {word} break at step {step}",
    }


def _n_series(tested: pl.DataFrame, member: str) -> int:
    return tested[member].n_unique() if member in tested.columns else tested.height
