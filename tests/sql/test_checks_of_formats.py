"""Do the checks find codes measured as values, empty checkpoints and halves?"""

import json

import pytest

from tests.sql.small_zoo import place
from tests.sql.test_checks import clean, found
from tests.tiny_warehouse import tiny_warehouse


@pytest.mark.parametrize(
    ("codes", "scales"),
    [
        ("fc.weight", "fc.weight_scale"),
        ("fc.weight", "fc.scale_weight"),
        ("fc.weight", "fc.scales"),
        ("fc.weight", "fc.weight.absmax"),
    ],
)
def test_codes_that_were_measured_beside_their_scales(tmp_path, codes, scales):
    tables = clean()
    tables["tensors"] += [
        place(codes, (4, 4), position=4, dtype="F8_E4M3", digest="other"),
        place(scales, (1,), position=5, digest="another"),
    ]
    (row,) = found(tiny_warehouse(tmp_path, **tables))["measured_codes"]
    assert (row["tensor"], row["scales"]) == (codes, scales)


def test_decoded_codes_and_casts_are_no_fault(tmp_path):
    tables = clean()
    tables["tensors"] += [
        place("a.weight", (4, 4), dtype="F8_E4M3", quantisation="fp8", digest="1"),
        place("a.weight_scale", (1,), status="side", digest=None),
        place("b.weight", (4, 4), dtype="F8_E4M3", digest="2"),
    ]
    assert "measured_codes" not in found(tiny_warehouse(tmp_path, **tables))


def test_a_checkpoint_of_empty_tensors(tmp_path):
    tables = {"tensors": [place("w", (0,)), place("v", (0,), position=1)]}
    (row,) = found(tiny_warehouse(tmp_path, **tables))["empty_checkpoints"]
    assert row["n_tensors"] == 2


def test_norms_of_half_the_width(tmp_path):
    tables = {
        "checkpoints": [{"hidden_size": 64}],
        "tensors": [
            place("norm.weight", (32,), component="final_norm"),
            place("layers.0.norm.weight", (64,), component="attention_norm"),
        ],
    }
    (row,) = found(tiny_warehouse(tmp_path, **tables))["narrow_norms"]
    assert (row["tensor"], row["n_elements"]) == ("norm.weight", 32)


@pytest.mark.parametrize(
    ("component", "shape", "size"),
    [
        ("token_embedding", (20, 64), 20),
        ("down", (64, 96), 96),
        ("up", (96, 64), 96),
    ],
)
def test_matrices_of_half_the_stated_size(tmp_path, component, shape, size):
    config = json.dumps({"vocab_size": 40, "intermediate_size": 192})
    tables = {
        "checkpoints": [{"hidden_size": 64, "config": config}],
        "tensors": [
            place("half.weight", shape, component=component),
            place("gate.weight", (192, 64), component="gate"),
            place("expert.weight", (96, 64), component="up", expert=0),
        ],
    }
    (row,) = found(tiny_warehouse(tmp_path, **tables))["narrow_parts"]
    assert (row["tensor"], row["size"]) == ("half.weight", size)
