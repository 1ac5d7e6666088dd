"""Do layers of unlike networks meet where they are as deep?"""

import numpy as np

from tests.compare.stored import changes, save


def test_layers_of_two_families_meet_by_depth(tmp_path):
    """Three layers of a BERT and five of a GPT-2: ends and middle are as deep."""
    w = np.ones((8, 8), np.float32)
    bert = {f"encoder.layer.{i}.output.dense.weight": w + i for i in range(5)}
    bert |= {f"encoder.layer.{i}.intermediate.dense.weight": w for i in range(5)}
    gpt2 = {f"h.{i}.mlp.c_proj.weight": w + 2 * i for i in range(3)}
    old = save(tmp_path / "bert", bert, {"model_type": "bert"})
    new = save(tmp_path / "gpt2", gpt2, {"model_type": "gpt2"})
    rows = changes(tmp_path, old, new)
    met = {(r["from_tensor"], r["tensor"]) for r in rows if r["status"] == "identical"}
    assert met == {
        (f"encoder.layer.{2 * i}.output.dense.weight", f"h.{i}.mlp.c_proj.weight")
        for i in range(3)
    }
    assert {
        r["reason"].split("; ")[-1] for r in rows if r["layer"] == 1 and r["tensor"]
    } == {"by depth: layer 2 of the old, 1 of the new"}
    left = {r["from_tensor"]: r["reason"] for r in rows if r["status"] == "only_old"}
    assert "no layer as deep as 3" in left["encoder.layer.3.output.dense.weight"]
    assert len(left) == 2 + 5
