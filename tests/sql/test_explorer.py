"""What the page of a model asks: structure, statistics, shapes, all at once."""

import pytest

from tests.sql.small_zoo import at, counted, entries, pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture
def lake(tmp_path):
    steps = {"step-0": 0, "step-9": 9}
    run = {
        name: [
            row
            for revision, step in steps.items()
            for row in at(rows[revision], "run", revision, step=step)
        ]
        for name, rows in {
            "checkpoints": {"step-0": [{}], "step-9": [{"config": "{}"}]},
            "tensors": {
                "step-0": [place("w", (2, 4), position=0), place("old", (3,))],
                "step-9": [place("w", (2, 4), position=0, quantisation="gptq int4")],
            },
            "tensor_stats": {
                "step-0": [entries("w", [-1, 1], min=-1.0, max=1.0)],
                "step-9": [entries("w", [-3, 3], min=-3.0, max=3.0, n_nan=2)],
            },
            "value_counts": {
                "step-0": [counted("w", {-1.0: 4, 1.0: 4})],
                "step-9": [counted("w", {-3.0: 1, 0.0: 5, 3.0: 2})],
            },
            "spectra": {
                "step-0": [spectrum("w", [4.0, 2.0, 1.0], (3, 4))],
                "step-9": [
                    spectrum("w", [5.0], (1, 4), view="q"),
                    spectrum("w", [5.0], (1, 4), matrix_view="kernel_offset", view="o"),
                ],
            },
        }.items()
    }
    return tiny_warehouse(tmp_path / "lake", **run)


def test_structure_is_each_tensor_as_its_last_checkpoint_has_it(lake):
    columns = "tensor revision dtype shape n_checkpoints"
    assert pick(lake, "structure", columns, model="run") == [
        ("old", "step-0", "F32", "3", 1),
        ("w", "step-9", "gptq int4", "2×4", 2),
    ]
    assert pick(lake, "structure", "tensor n_checkpoints", revision="step-9") == [
        ("w", 1)
    ]


def test_configs_are_by_step(lake):
    found = pick(lake, "configs", "revision step config")
    assert found == [("step-0", 0, None), ("step-9", 9, "{}")]


def test_a_long_run_is_told_by_checkpoints_evenly_taken(tmp_path):
    steps = [{"model": "a", "revision": f"r{n:02}", "step": n} for n in range(11)]
    few = [{"model": "b", "revision": f"r{n:02}", "step": n} for n in range(2)]
    root = tiny_warehouse(tmp_path / "lake", checkpoints=[*steps, *few])
    for most, kept in [(2, [0, 10]), (3, [0, 5, 10]), (6, [0, 2, 4, 6, 8, 10])]:
        assert pick(root, "configs", "step", model="a", most=most) == [
            (n,) for n in kept
        ]
        assert pick(root, "configs", "step", model="b", most=most) == [(0,), (1,)]
    assert pick(root, "configs", "n_checkpoints", model="a", most=4) == [(11,)] * 4
    assert len(pick(root, "configs", "step", model="a", most=11)) == 11


def test_profiles_are_by_step(lake):
    found = pick(lake, "tensor_profiles", "revision tensor std abs_max n_non_finite")
    assert found == [("step-0", "w", 1.0, 1.0, 0), ("step-9", "w", 3.0, 3.0, 2)]


def test_value_shapes_share_one_frame_among_checkpoints(lake):
    # From -3 to 3 in three bins: [-3, -1), [-1, 1), [1, 3].
    columns = "revision low high counts n_outside"
    assert pick(lake, "value_shapes", columns, bins=3) == [
        ("step-0", -3.0, 3.0, [0, 4, 4], 0),
        ("step-9", -3.0, 3.0, [1, 5, 2], 0),
    ]
    # Half a σ either way of the last step: -1.5 to 1.5; all of ±3 lies outside.
    found = pick(lake, "value_shapes", columns, bins=1, reach=0.5)
    assert found == [
        ("step-0", -1.5, 1.5, [8], 0),
        ("step-9", -1.5, 1.5, [5], 3),
    ]


def test_spectral_shapes_take_even_ranks_and_no_kernel_offsets(lake):
    columns = "revision view n_values relative stable_rank"
    assert pick(lake, "spectral_shapes", columns, points=2) == [
        ("step-0", "whole", 3, [1.0, 0.25], 21 / 16),
        ("step-9", "q", 1, [1.0], 1.0),
    ]
    found = pick(lake, "spectral_shapes", "relative", points=24)
    assert found[0] == ([1.0, 0.5, 0.25],)
