"""How are small models with heads, circuits or adapters made and extracted?"""

import json

import numpy as np
from safetensors.numpy import save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover
from pipeline.tables import CIRCUITS
from tests.extract.pico import save_model
from tests.extract.tables import rows_of
from tests.tiny_models import make_tiny_model

ADAPTER = {
    "peft_type": "LORA",
    "r": 4,
    "lora_alpha": 16,
    "base_model_name_or_path": "b",
}


ROOT = "base_model.model.roberta.encoder.layer.0.attention.self."


def extract(path, warehouse, *families, **more):
    settings = Settings(
        threads=2, **({"families": families} if families else {}), **more
    )
    (source,) = discover(str(path))
    return extract_checkpoint(source, warehouse, settings)


def save_tiny(folder, name):
    """A pico model of transformers as a folder; its state as float64 arrays."""
    model = make_tiny_model(name)
    arrays = {key: model.array(key).copy() for key in model.state}
    save_model(folder, arrays, model.config)
    return model, {key: array.astype(np.float64) for key, array in arrays.items()}


def save_adapter(folder, tensors, **config):
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER | config))
    return folder


def factors(rank=4, n_in=16, n_out=24, *, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return {
        ROOT + "query.lora_A.weight": rng.standard_normal((rank, n_in)).astype(dtype),
        ROOT + "query.lora_B.weight": rng.standard_normal((n_out, rank)).astype(dtype),
    }


def sigma(matrix, count):
    return np.linalg.svd(matrix, compute_uv=False)[:count]


def circuits_of(warehouse, layer, kind):
    rows = [
        row
        for row in rows_of(warehouse, CIRCUITS)
        if row["kind"] == kind and f".{layer}." in row["tensor"]
    ]
    return sorted(rows, key=lambda row: row["head"])
