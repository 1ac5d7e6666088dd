"""A network keeps its layout inside whatever module its user put it in."""

import pytest

from pipeline.layout import identify
from tests.tiny_models import ref_of

D = 32
BERT = {"embeddings.word_embeddings.weight": (40, D)}
GPT2 = {"transformer.wte.weight": (40, D), "transformer.wpe.weight": (16, D)}
for i in range(2):
    at = f"encoder.layer.{i}."
    BERT |= {f"{at}attention.self.{k}.weight": (D, D) for k in ("query", "key")}
    BERT |= {f"{at}attention.self.value.weight": (D, D)}
    BERT |= {f"{at}attention.output.dense.weight": (D, D)}
    BERT |= {f"{at}intermediate.dense.weight": (64, D)}
    BERT |= {f"{at}output.dense.weight": (D, 64)}
    at = f"transformer.h.{i}."
    GPT2 |= {f"{at}attn.c_attn.weight": (D, 3 * D), f"{at}attn.c_proj.weight": (D, D)}
    GPT2 |= {f"{at}mlp.c_fc.weight": (D, 4 * D), f"{at}mlp.c_proj.weight": (4 * D, D)}
    GPT2 |= {f"{at}ln_1.weight": (D,)}


@pytest.mark.parametrize("network", [BERT, GPT2])
@pytest.mark.parametrize(
    "prefix", ["backbone.", "net.", "model._orig_mod.", "student.net.", "a.b.c."]
)
def test_a_prefix_changes_no_place(network, prefix):
    plain = [ref_of(name, shape) for name, shape in network.items()]
    inside = [ref_of(prefix + name, shape) for name, shape in network.items()]
    inside.append(ref_of("loss_fn.temperature", ()))
    one, other = identify(plain, {}), identify(inside, {})
    assert other.family == one.family != "unknown"
    for tensor in plain:
        place = one.locate(tensor.name, tensor.shape)
        assert place.component != "other"
        assert other.locate(prefix + tensor.name, tensor.shape) == place
