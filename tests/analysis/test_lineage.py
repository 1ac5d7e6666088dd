"""Who was made from whom: stated, shown by weights, implied by the tree, unknown."""

import ml_dtypes
import numpy as np
import pytest

from pipeline.analysis.directions import directions, relations
from pipeline.analysis.lineage import build_lineage
from tests.analysis.kin import changed, kinship_of, noise

NONE = -1


def lineage(zoo, *, previous=None, base=None, untrained=None, **more):
    """{checkpoint: (parent, evidence)} of checkpoints given as lists of tensors."""
    n = len(zoo)
    nodes = build_lineage(
        kinship_of(zoo, **more),
        np.array(previous or [NONE] * n),
        np.array(base or [NONE] * n),
        np.array(untrained or [np.nan] * n),
    )
    assert sorted(node.checkpoint for node in nodes) == list(range(n))
    return {
        node.checkpoint: (node.parent, node.edge.evidence if node.edge else None)
        for node in nodes
    }


def walk(length, by=0.2, seed=10):
    """Steps of a training run, each a change of the one before."""
    steps = [noise(seed)]
    for i in range(1, length):
        steps.append(changed(steps[-1], seed + i, by))
    return steps


def test_strangers_are_trees_of_their_own():
    assert set(lineage([noise(0), noise(1), noise(2)]).values()) == {(None, None)}


def test_steps_are_a_chain():
    found = lineage(walk(4), previous=[NONE, 0, 1, 2])
    assert found == {0: (None, None), 1: (0, "steps"), 2: (1, "steps"), 3: (2, "steps")}


def test_without_steps_the_shortest_edges_make_the_same_chain():
    found = lineage(walk(6))
    assert [found[i][0] for i in range(6)] == [None, 0, 1, 2, 3, 4]


def test_a_step_of_another_run_is_no_child():
    steps = walk(3)
    found = lineage([steps[0], steps[1], noise(77)], previous=[NONE, 0, 1])
    assert found[2] == (None, None)


def test_a_fine_tune_of_a_step_hangs_on_that_step():
    steps = walk(5)
    tuned = changed(steps[2], 99, 0.05)
    found = lineage([*steps, tuned], previous=[NONE, 0, 1, 2, 3, NONE])
    assert found[5] == (2, "tree")


def run_and_tune(*, decay=1.0):
    """Steps that keep so much of the old weights, then a tune of the first."""
    steps = [noise(10, n_tensors=40)]
    for i in range(1, 5):
        kept = [decay * tensor for tensor in steps[-1]]
        steps.append(changed(kept, 10 + i, 0.2))
    return [*steps, changed(steps[0], 99, 0.3)], [NONE, 0, 1, 2, 3, NONE]


def test_growth_is_believed_where_the_steps_of_runs_agree():
    zoo, previous = run_and_tune()
    kinship = kinship_of(zoo, size=256)
    relation = relations(kinship)
    unknown = np.full(6, np.nan)
    tune = (kinship.a == 0) & (kinship.b == 5)
    for known, expected in ((previous, (1, "growth")), ([NONE] * 6, (0, "undecided"))):
        sign, evidence = directions(kinship, relation, unknown, np.array(known))
        (found,) = np.flatnonzero(tune)
        assert (sign[found], evidence[found]) == expected


def test_weight_decay_denies_growth():
    zoo, previous = run_and_tune(decay=0.8)
    kinship = kinship_of(zoo, size=256)
    evidence = directions(
        kinship, relations(kinship), np.full(6, np.nan), np.array(previous)
    )[1]
    assert "growth" not in evidence


def test_near_twins_hang_on_the_original_and_nothing_hangs_on_them():
    """Base, tune, the tune rounded, and a sibling nearer to the rounded by chance."""
    base = noise(0, n_tensors=8)
    tune = changed(base, 1, 0.05)
    rounded = [t.astype(ml_dtypes.bfloat16).astype(float) for t in tune]
    sibling = changed(base, 2, 0.05)
    zoo = [rounded, sibling, base, tune]
    eps = np.repeat([2.0**-7, 2.0**-23, 2.0**-23, 2.0**-23], 8)
    found = lineage(zoo, eps=eps)
    assert found[0] == (3, "rounded")
    assert 0 not in {parent for parent, _ in found.values()}
    # Base and tunes meet in the base; without steps nothing says who came first.
    assert {evidence for _, evidence in found.values()} == {
        None,
        "rounded",
        "undecided",
    }


def test_a_change_along_the_weights_is_undecided():
    base = noise(0)
    shrunk = [0.9 * tensor for tensor in base]
    assert lineage([base, shrunk])[1] == (0, "undecided")


def test_three_tunes_of_one_base_meet_in_it():
    run, previous = run_and_tune()
    base = run[0]
    zoo = [*run[:5], *(changed(base, seed, 0.15) for seed in (1, 2, 3))]
    found = lineage(zoo, previous=[*previous[:5], NONE, NONE, NONE], size=256)
    assert {i: found[i][0] for i in (5, 6, 7)} == {5: 0, 6: 0, 7: 0}
    assert found[0] == (None, None)


def test_the_rounded_comes_from_the_exact():
    base = noise(0)
    rounded = [t.astype(ml_dtypes.bfloat16) for t in base]
    eps = np.repeat([2.0**-7, 2.0**-23], len(base))
    assert lineage([rounded, base], eps=eps)[0] == (1, "rounded")


def test_a_copy_of_which_a_part_was_rounded_is_rounded():
    base = noise(0)
    mixed = [*base[:-1], base[-1].astype(ml_dtypes.bfloat16)]
    eps = np.full(12, 2.0**-23)
    eps[5] = 2.0**-7
    assert lineage([mixed, base], eps=eps)[0] == (1, "rounded")


def test_the_pruned_comes_from_the_whole():
    base = noise(0)
    pruned = [np.where(np.abs(t) < 0.5, 0, t) for t in base]
    assert lineage([pruned, base])[0] == (1, "pruned")


def test_structure_comes_from_noise():
    base = noise(0)
    trained = changed(base, 1, 0.01)
    assert lineage([trained, base], untrained=[0.2, 1.0])[0] == (1, "untrained")
    assert lineage([trained, base], untrained=[0.8, 1.0])[1][1] != "untrained"


def test_a_stated_base_is_believed_but_not_against_the_weights():
    base = noise(0)
    assert lineage([base, changed(base, 1, 0.01)], base=[NONE, 0])[1] == (0, "declared")
    assert lineage([base, noise(1)], base=[NONE, 0])[1] == (None, None)
    # An adapter has no tensor of its base: nothing speaks against it.
    adapter = [None] * len(base) + noise(5)
    assert lineage([base, adapter], base=[NONE, 0])[1] == (0, "declared")


def test_of_parents_alike_the_one_with_more_to_compare_is_taken():
    base = noise(0)
    cut = [*base[:4], None, None]
    tuned = changed(base, 1, 0.1)
    found = lineage([cut, base, tuned])
    assert found[2][0] == 1


def test_copies_are_at_no_distance():
    base = noise(0)
    kinship = kinship_of([base, base])
    assert (kinship.distance[0], kinship.identical[0]) == (0, 1)
    assert lineage([base, base])[1] == (0, "undecided")


def test_nobody_has_two_parents():
    # Two runs from different starts whose last steps are averaged into one another.
    left, right = walk(3, seed=10), walk(3, seed=50)
    mixed = [(a + b) / 2 for a, b in zip(left[-1], right[-1], strict=True)]
    zoo = [*left, *right, mixed]
    found = lineage(zoo, previous=[NONE, 0, 1, NONE, 3, 4, NONE])
    assert found[6][0] in {2, 5}
    assert found[0] == found[3] == (None, None)


def test_tunes_that_went_the_same_way_are_undecided():
    base = noise(0, n_tensors=40)
    way = noise(1, n_tensors=40)
    # Both went along one way, the longer three times as far; each has noise of its own.
    near, far = (
        changed([b + by * w for b, w in zip(base, way, strict=True)], seed, 0.05)
        for seed, by in ((2, 0.1), (3, 0.3))
    )
    zoo = [*walk(2, seed=0), near, far]
    zoo[0], zoo[1] = base, changed(base, 9, 0.01)
    found = lineage(zoo, previous=[NONE, 0, NONE, NONE], size=256)
    assert found[3] == (2, "undecided")


def test_what_hangs_on_the_undecided_is_undecided():
    base = noise(0)
    zoo = [base, [0.9 * t for t in base], [0.85 * t for t in base]]
    found = lineage(zoo)
    assert {evidence for _, evidence in found.values()} == {None, "undecided"}


def test_margins_are_of_the_next_that_could_be_the_parent():
    base = noise(0, n_tensors=40)
    zoo = [base, changed(base, 1, 0.3), changed(base, 2, 0.3)]
    nodes = build_lineage(
        kinship_of(zoo, size=256), np.full(3, -1), np.full(3, -1), np.full(3, np.nan)
    )
    margins = {node.checkpoint: node.margin for node in nodes}
    # Independent changes are √2 as far from each other as from their base.
    assert margins[0] is None
    assert margins[1] == pytest.approx(np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("n", [0, 1])
def test_a_zoo_of_none_and_of_one(n):
    assert len(lineage([noise(0)] * n)) == n
