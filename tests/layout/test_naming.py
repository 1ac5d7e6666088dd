"""Are wrappers, adapters and towers taken off a name, and nothing else?"""

import pytest

from pipeline.layout import Location, identify
from pipeline.layout.naming import clean_name
from pipeline.refs import TensorRef


@pytest.mark.parametrize(
    ("name", "path", "parameter"),
    [
        ("encoder.x.weight", "encoder.x.weight", None),
        ("module.encoder.x.weight", "encoder.x.weight", None),
        ("module._orig_mod.x.weight", "x.weight", None),
        ("base_model.model.x.y.lora_A.weight", "x.y", "lora_a"),
        ("base_model.model.x.y.lora_B.default.weight", "x.y", "lora_b"),
        ("base_model.model.x.lora_embedding_A", "x", "lora_a"),
        ("base_model.model.x.lora_embedding_B.default", "x", "lora_b"),
        ("base_model.model.x.lora_magnitude_vector", "x", "lora_magnitude"),
        ("x.lora_magnitude_vector.default.weight", "x", "lora_magnitude"),
        ("base_model.model.x.y.base_layer.weight", "x.y.weight", None),
        ("base_model.model.score.modules_to_save.default.weight", "score.weight", None),
        ("base_model.model.score.original_module.weight", "score.weight", None),
        ("0.auto_model.embeddings.x.weight", "embeddings.x.weight", None),
        ("x.parametrizations.weight.original0", "x.weight.original0", None),
        ("model.language_model.layers.0.x", "layers.0.x", None),
        ("language_model.model.layers.0.x", "model.layers.0.x", None),
        ("language_model.lm_head.weight", "lm_head.weight", None),
        ("modules.x.weight", "modules.x.weight", None),
        ("module.", "module.", None),
    ],
)
def test_what_surrounds_a_name_is_taken_off(name, path, parameter):
    cleaned = clean_name(name)
    assert (cleaned.path, cleaned.parameter) == (path, parameter)
    assert cleaned.tower.prefix == ""


@pytest.mark.parametrize(
    ("name", "path", "stack"),
    [
        ("model.vision_tower.encoder.x", "encoder.x", "vision"),
        ("vision_tower.vision_model.encoder.x", "encoder.x", "vision"),
        ("module.vision_model.encoder.x", "encoder.x", "vision"),
        ("text_model.encoder.x", "encoder.x", "text"),
        ("audio_tower.layers.0.x", "layers.0.x", "audio"),
    ],
)
def test_a_tower_is_known_by_its_prefix(name, path, stack):
    cleaned = clean_name(name)
    assert (cleaned.path, cleaned.tower.stack) == (path, stack)


ADAPTER = {
    "base_model.model.roberta.encoder.layer.3.attention.self.query.lora_A.weight": (
        Location("encoder", 3, "q", "lora_a"),
        (8, 16),
    ),
    "base_model.model.roberta.encoder.layer.3.attention.self.query.lora_B.weight": (
        Location("encoder", 3, "q", "lora_b"),
        (16, 8),
    ),
    "base_model.model.classifier.out_proj.weight": (
        Location("encoder", None, "classifier", "weight"),
        (5, 16),
    ),
    "base_model.model.classifier.modules_to_save.default.dense.bias": (
        Location("encoder", None, "classifier", "bias"),
        (16,),
    ),
}


def test_an_adapter_sits_where_its_base_module_does():
    tensors = [TensorRef(n, "F32", shape, "x", 0) for n, (_, shape) in ADAPTER.items()]
    config = {"peft_type": "LORA", "r": 8, "base_model_name_or_path": "roberta-base"}
    layout = identify(tensors, config)
    assert layout.family == "bert"
    for name, (location, shape) in ADAPTER.items():
        assert layout.locate(name, shape) == location
    assert [len(layout.views(tensor)) for tensor in tensors] == [1, 1, 1, 0]


def test_an_adapter_of_a_fused_transposed_module_is_neither():
    name = "base_model.model.transformer.h.0.attn.c_attn.lora_B.weight"
    tensor = TensorRef(name, "F32", (48, 8), "x", 0)
    layout = identify([tensor], {"peft_type": "LORA", "fan_in_fan_out": True})
    assert layout.locate(name, (48, 8)) == Location("decoder", 0, "qkv", "lora_b")
    assert [view.view for view in layout.views(tensor)] == ["whole"]


def test_parts_of_a_quantised_weight_sit_with_it():
    name = "model.layers.0.mlp.down_proj.weight"
    tensor = TensorRef(f"{name}.absmax", "F32", (6,), "x", 0)
    layout = identify([TensorRef(name, "U8", (48, 1), "x", 0), tensor], {})
    place = layout.locate(tensor.name, tensor.shape)
    assert place == Location("decoder", 0, "down", "weight.absmax")
