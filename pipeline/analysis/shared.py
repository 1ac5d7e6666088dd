"""At which steps does the typical series of a group jump, and which members with it?

One tensor's burst drowns in its own noise; the median over tensors does not. So the
median is tested first, over all steps; where it stands out, each member is tested at
that step alone (Benjamini & Bogomolov 2014: families chosen first, members after).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.abrupt import (
    Tails,
    abrupt_changes,
    local_z,
    rate_of,
    tail_freedom,
)
from pipeline.analysis.multiplicity import q_values
from pipeline.analysis.one_series import Break, Ready, with_q
from pipeline.analysis.tails import two_sided

Floats = NDArray[np.float64]

MIN_MEMBERS = 5


def shared_jumps(
    members: Sequence[Ready], tails: Tails, alpha: float
) -> list[tuple[int, Break]]:
    """(index of the member, its break) at every step where the group's median jumps.

    Members are sizes of change with the same steps; those with other steps than most
    are left out. Fewer than MIN_MEMBERS make no group.
    """
    chosen = _aligned(members)
    if len(chosen) < MIN_MEMBERS:
        return []
    steps = members[chosen[0]].steps
    logs = np.log(np.array([members[i].values for i in chosen]))
    typical = np.exp(np.median(logs - np.median(logs, axis=1, keepdims=True), axis=0))
    # A median's tails are no heavier than those of the values it is taken over.
    jumps = abrupt_changes(steps, typical, alpha, is_change=True, tails=tails)
    found: list[tuple[int, Break]] = []
    for jump in jumps:
        at = int(jump.place)
        judged = [_judge(members[i], at, tails) for i in chosen]
        q = q_values(np.array([each.p_value for each in judged]), len(chosen))
        # The q-value of a member is at least the p-value of its group.
        for i, each, q_member in zip(chosen, judged, q, strict=True):
            q_value = max(float(q_member), jump.p_value)
            if q_value <= alpha and each.effect_size * jump.z > 0:
                found.append((i, with_q(each, q_value)))
    return found


def _aligned(members: Sequence[Ready]) -> list[int]:
    """Members that share the most common steps."""
    grids: dict[bytes, list[int]] = {}
    for i, each in enumerate(members):
        if each.status == "ok" and each.is_change:
            grids.setdefault(each.steps.tobytes(), []).append(i)
    return max(grids.values(), key=len, default=[])


def _judge(member: Ready, at: int, tails: Tails) -> Break:
    rate = rate_of(member.steps, member.values, is_change=True)
    z, centre = local_z(rate)
    p = two_sided(float(z[at]), tail_freedom(z, tails))
    step, after = int(member.steps[at]), float(member.values[at])
    before = after * float(np.exp(centre[at] - rate[at]))
    return Break(
        step=step,
        ci_low=step,
        ci_high=step,
        kind="jump",
        before=before,
        after=after,
        effect_size=float(z[at]),
        p_value=p,
    )
