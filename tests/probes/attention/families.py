"""The families that the interface is proven on, each a tiny model of its own."""

import torch
import transformers

from tests.tiny_models import TINY_MODELS

FAMILIES = (
    "gpt2",
    "gpt2_cross",
    "llama",
    "qwen3",
    "mixtral",
    "qwen3_moe",
    "gpt_neox",
    "opt",
    "gemma2",
    "gpt_oss",
    "bert",
    "t5",
    "bart",
)


def made(name, *, sharpness=1.0, **changed):
    """A tiny model of its own to each test: switching must leave it as it was.

    At initialisation every head looks everywhere alike; `sharpness` multiplies the
    weight matrices, so that heads differ.
    """
    config_class, model_class, arguments = TINY_MODELS[name]
    torch.manual_seed(0)
    config = getattr(transformers, config_class)(**{**arguments, **changed})
    model = getattr(transformers, model_class)(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(sharpness)
    return model
