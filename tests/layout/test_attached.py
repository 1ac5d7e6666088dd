"""Is a weight beside an unmerged adapter said not to be the one in use?"""

import pytest
from safetensors.numpy import save_file

from pipeline.layout import find_attached
from pipeline.refs import TensorRef
from tests.compare.stored import changes, draw
from weightlake import Lake

Q = "model.layers.0.self_attn.q_proj"
SAID = "not the weight in use: lora 'default' beside it is unmerged"
SPELLINGS = {
    f"{Q}.base_layer.weight": (
        f"{Q}.lora_A.default.weight",
        f"{Q}.lora_B.default.weight",
    ),
    f"{Q}.weight": (f"{Q}.lora_A", f"{Q}.lora_B"),
}


def refs(*names):
    return [TensorRef(name, "F32", (4, 4), "model.safetensors", 64) for name in names]


@pytest.mark.parametrize("weight", SPELLINGS)
def test_the_base_of_an_unmerged_adapter(weight):
    other = "model.layers.0.self_attn.v_proj.weight"
    tensors = refs(weight, *SPELLINGS[weight], other)
    assert find_attached(tensors) == {weight: SAID}


def test_an_adapter_alone_has_no_base():
    assert find_attached(refs(f"base_model.model.{Q}.lora_A.weight")) == {}


def test_tables_say_so(tmp_path):
    weight, (a, b) = next(iter(SPELLINGS.items()))
    w = draw(8, 8)
    for name, more in (("plain", {}), ("tuned", {a: draw(2, 8), b: draw(8, 2)})):
        (tmp_path / name).mkdir()
        base = f"{Q}.weight" if name == "plain" else weight
        save_file({base: w} | more, tmp_path / name / "model.safetensors")
    lake = Lake(tmp_path / "lake")
    lake.extract(tmp_path / "tuned", families="entries").check()
    text = "select status, reason from tensors where reason is not null"
    assert lake.sql(text).rows() == [("ok", SAID)]
    rows = changes(tmp_path, tmp_path / "plain", tmp_path / "tuned")
    (row,) = [row for row in rows if row["tensor"] == weight]
    assert SAID in row["reason"]
