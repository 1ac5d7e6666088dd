"""Heads, experts and adapters in SQL: rows worked by hand, and a base that is found."""

import math

import pytest

from tests.sql.small_zoo import ask, at, entries, pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse


def head(tensor, kind, index, norm, **more):
    """A row of `heads` or `circuits`."""
    kind = {"kind": kind} if len(kind) == 2 else {"part": kind, "view": "whole"}
    return {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "attention": "self",
        "head": index,
        "status": "ok",
        "design_rank": 2,
        "frobenius_norm": norm,
        **kind,
        **more,
    }


@pytest.fixture
def attentive(tmp_path):
    tensors = [
        place(f"h.{layer}.{part}", (4, 4), layer=layer, position=4 * layer + place_of)
        | {"component": part}
        for layer in range(2)
        for place_of, part in enumerate("qkvo")
    ]
    return tiny_warehouse(
        tmp_path,
        checkpoints=at([{}], "m"),
        tensors=at(tensors, "m"),
        heads=at([head("h.0.q", "q", 0, 1.0), head("h.0.q", "q", 1, 3.0)], "m"),
        circuits=at(
            [
                head("h.1.o", "ov", 0, 5.0, kv_head=0),
                head("h.0.q", "qk", 0, 1.0, kv_head=0),
                head("h.0.q", "qk", 1, 3.0, kv_head=0),
                head("h.1.q", "qk", None, None, status="no_heads", reason="odd"),
            ],
            "m",
        ),
    )


def test_heads_are_compared_within_their_layer(attentive):
    columns = "layer kind head kv_head frobenius_norm norm_ratio status reason"
    assert pick(attentive, "heads", columns, model="m") == [
        (0, "qk", 0, 0, 1.0, 0.5, "ok", None),
        (0, "qk", 1, 0, 3.0, 1.5, "ok", None),
        (1, "qk", None, None, None, None, "no_heads", "odd"),
        (1, "ov", 0, 0, 5.0, 1.0, "ok", None),
    ]
    columns = "layer kind head norm_ratio"
    assert pick(attentive, "heads", columns, model="m", kind="q") == [
        (0, "q", 0, 0.5),
        (0, "q", 1, 1.5),
    ]
    assert len(ask(attentive, "heads", model="m", layer=1)) == 2


def test_experts_of_a_fused_tensor_and_of_their_own(tmp_path):
    fused = [
        spectrum("h.0.up", [value, 0], (2, 2))
        | {
            "view": f"expert.{expert}",
            "view_expert": expert,
            "view_component": "up",
            "matrix_view": "expert",
            "effective_rank": value,
        }
        for expert, value in enumerate([1.0, 3.0, 3.0])
    ]
    apart = [
        spectrum(f"h.1.{expert}", [1, 0], (2, 2), effective_rank=value)
        | {"view_component": "up"}
        for expert, value in enumerate([2.0, 4.0])
    ]
    root = tiny_warehouse(
        tmp_path,
        checkpoints=at([{}], "m"),
        tensors=at(
            [
                place("h.0.up", (3, 2, 2), layer=0, component="up"),
                place("h.0.router", (3, 2), layer=0, component="router", position=1),
                *[
                    place(f"h.1.{e}", (2, 2), layer=1, component="up", expert=e)
                    for e in range(2)
                ],
            ],
            "m",
        ),
        spectra=at([*fused, *apart, spectrum("h.0.router", [1, 1], (3, 2))], "m"),
    )
    columns = (
        "layer component n_experts value value_std value_min expert_min expert_max"
    )
    rows = pick(root, "experts", columns, model="m", metric="effective_rank")
    assert rows == [
        (0, "up", 3, pytest.approx(7 / 3), pytest.approx(math.sqrt(4 / 3)), 1.0, 0, 1),
        (1, "up", 2, 3.0, pytest.approx(math.sqrt(2)), 2.0, 0, 1),
    ]
    (spread,) = pick(root, "experts", "dispersion", model="m", metric="effective_rank")[
        1
    ]
    assert spread == pytest.approx(math.sqrt(2) / 3)


BASE = [
    place(f"roberta.h.{layer}.q.weight", (4, 4), layer=layer, position=layer)
    for layer in range(2)
]


def adapter(module, layer, **more):
    tensor = f"base_model.model.{module}.lora_B.weight"
    at_place = place(tensor, (4, 2), layer=layer, parameter="lora_b", position=layer)
    row = {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "module": module,
        "frobenius_norm": 3.0,
        "spectral_norm": 2.0,
        "status": "ok",
        **more,
    }
    return at_place, row


def warehouse_of(path, adapted, *, base="org/base", extra=(), names="base"):
    """A base with ‖W‖ = 6 and σ₁ = 4 everywhere, and an adapter that names it."""
    norms = [
        entries(t["tensor"], [0]) | {"frobenius_norm": 6.0} for t in [*BASE, *extra]
    ]
    sigma = [spectrum(t["tensor"], [4, 0], (4, 4)) for t in [*BASE, *extra]]
    lora = {"kind": "adapter", "base_model": base}
    return tiny_warehouse(
        path,
        checkpoints=[*at([{"kind": "model"}], names), *at([lora], "lora")],
        tensors=[*at([*BASE, *extra], names), *at([a for a, _ in adapted], "lora")],
        tensor_stats=at(norms, names),
        spectra=at(sigma, names),
        adapters=at([row for _, row in adapted], "lora"),
    )


COLUMNS = "layer base_tensor relative_change relative_spectral_norm"


@pytest.mark.parametrize("names", ["base", "org/base"])
@pytest.mark.parametrize("module", ["roberta.h.1.q", "h.1.q", "x.roberta.h.1.q", "z"])
def test_an_update_is_measured_against_what_it_changes(tmp_path, names, module):
    root = warehouse_of(tmp_path, [adapter(module, 1)], names=names)
    assert pick(root, "adapters", COLUMNS, model="lora") == [
        (1, "roberta.h.1.q.weight", 0.5, 0.5)
    ]


def test_a_base_that_is_not_there_or_not_certain_is_null(tmp_path):
    nothing = [(1, None, None, None)]
    adapted = [adapter("h.1.q", 1)]
    root = warehouse_of(tmp_path / "other", adapted, base="org/elsewhere")
    assert pick(root, "adapters", COLUMNS, model="lora") == nothing
    twin = [place("twin.h.1.q.weight", (4, 4), layer=1, position=5)]
    root = warehouse_of(tmp_path / "twins", adapted, extra=twin)
    assert pick(root, "adapters", COLUMNS, model="lora") == nothing
    named = [adapter("roberta.h.1.q", 1)]
    root = warehouse_of(tmp_path / "named", named, extra=twin)
    (row,) = pick(root, "adapters", COLUMNS, model="lora")
    assert row[1] == "roberta.h.1.q.weight", "the name decides between two of a role"


def test_adapters_inside_a_whole_model_change_its_own_weights(tmp_path):
    at_place, row = adapter("h.0.q", 0)
    base = place("h.0.q.base_layer.weight", (4, 4), layer=0)
    root = tiny_warehouse(
        tmp_path,
        checkpoints=at([{"kind": "model"}], "m", "v1"),
        tensors=at([base, at_place], "m", "v1"),
        tensor_stats=at(
            [entries(base["tensor"], [0]) | {"frobenius_norm": 6.0}], "m", "v1"
        ),
        adapters=at([row], "m", "v1"),
    )
    assert pick(root, "adapters", COLUMNS, model="m") == [
        (0, "h.0.q.base_layer.weight", 0.5, None)
    ]
