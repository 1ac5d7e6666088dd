"""Which tensors do real models have? Pico models of each family, made by transformers.

`make_tiny_model("llama")` returns the family's config as a plain dict, as config.json
holds it, and the state dict of a freshly initialised model. Nothing is downloaded;
torch and transformers are imported at the call.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.refs import TensorRef

_LM = {
    "vocab_size": 48,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
_GQA = {**_LM, "num_key_value_heads": 2, "head_dim": 8}
_GPT2 = {"vocab_size": 48, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 32}
_MOE = {**_GQA, "moe_intermediate_size": 12, "num_experts_per_tok": 2}
_DEEPSEEK = {
    **_MOE,
    "num_key_value_heads": 4,
    "num_hidden_layers": 3,
    "first_k_dense_replace": 1,
    "n_routed_experts": 4,
    "n_shared_experts": 2,
    "n_group": 2,
    "topk_group": 1,
    "q_lora_rank": 6,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 4,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
    "head_dim": 4,
}
_FALCON = {**_LM, "ffn_hidden_size": 24, "new_decoder_architecture": False}
_VISION = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 8,
    "patch_size": 4,
}
_SEQ2SEQ = {
    "vocab_size": 48,
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
_T5 = {
    "vocab_size": 48,
    "d_model": 16,
    "d_kv": 4,
    "d_ff": 24,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 4,
}
_MAMBA = {
    "vocab_size": 48,
    "hidden_size": 16,
    "state_size": 4,
    "num_hidden_layers": 2,
}

# name: (config class, model class, arguments of the config)
TINY_MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gpt2": ("GPT2Config", "GPT2LMHeadModel", _GPT2),
    "gpt2_base": ("GPT2Config", "GPT2Model", _GPT2),
    "gpt2_cross": (
        "GPT2Config",
        "GPT2LMHeadModel",
        {**_GPT2, "add_cross_attention": True},
    ),
    "gpt_neox": ("GPTNeoXConfig", "GPTNeoXForCausalLM", _LM),
    "gpt_neo": (
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        {
            "vocab_size": 48,
            "hidden_size": 16,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "max_position_embeddings": 32,
        },
    ),
    "gptj": (
        "GPTJConfig",
        "GPTJForCausalLM",
        {**_GPT2, "rotary_dim": 4},
    ),
    "gpt_bigcode": ("GPTBigCodeConfig", "GPTBigCodeForCausalLM", _GPT2),
    "gpt_bigcode_mha": (
        "GPTBigCodeConfig",
        "GPTBigCodeForCausalLM",
        {**_GPT2, "multi_query": False},
    ),
    "codegen": ("CodeGenConfig", "CodeGenForCausalLM", {**_GPT2, "rotary_dim": 4}),
    "llama": ("LlamaConfig", "LlamaForCausalLM", _GQA),
    "llama_classifier": (
        "LlamaConfig",
        "LlamaForSequenceClassification",
        {**_GQA, "num_labels": 3},
    ),
    "llama_bias": (
        "LlamaConfig",
        "LlamaForCausalLM",
        {**_GQA, "attention_bias": True, "mlp_bias": True},
    ),
    "mistral": ("MistralConfig", "MistralForCausalLM", _GQA),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", _GQA),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", _GQA),
    "gemma": ("GemmaConfig", "GemmaForCausalLM", _GQA),
    "gemma2": ("Gemma2Config", "Gemma2ForCausalLM", _GQA),
    "gemma3": ("Gemma3TextConfig", "Gemma3ForCausalLM", _GQA),
    "gemma3_vision": (
        "Gemma3Config",
        "Gemma3ForConditionalGeneration",
        {"text_config": _GQA, "vision_config": _VISION, "mm_tokens_per_image": 4},
    ),
    "phi": ("PhiConfig", "PhiForCausalLM", _LM),
    "phi_qk_norm": ("PhiConfig", "PhiForCausalLM", {**_LM, "qk_layernorm": True}),
    "phi3": ("Phi3Config", "Phi3ForCausalLM", {**_GQA, "head_dim": 4}),
    "phimoe": ("PhimoeConfig", "PhimoeForCausalLM", {**_MOE, "num_local_experts": 4}),
    "olmo": ("OlmoConfig", "OlmoForCausalLM", _GQA),
    "olmo2": ("Olmo2Config", "Olmo2ForCausalLM", _GQA),
    "olmo3": ("Olmo3Config", "Olmo3ForCausalLM", _GQA),
    "olmoe": ("OlmoeConfig", "OlmoeForCausalLM", {**_MOE, "num_experts": 4}),
    "stablelm": ("StableLmConfig", "StableLmForCausalLM", _GQA),
    "starcoder2": ("Starcoder2Config", "Starcoder2ForCausalLM", _GQA),
    "cohere": ("CohereConfig", "CohereForCausalLM", {**_GQA, "use_qk_norm": True}),
    "granite": ("GraniteConfig", "GraniteForCausalLM", _GQA),
    "glm4": ("Glm4Config", "Glm4ForCausalLM", {**_GQA, "partial_rotary_factor": 0.5}),
    "smollm3": ("SmolLM3Config", "SmolLM3ForCausalLM", _GQA),
    "opt": (
        "OPTConfig",
        "OPTForCausalLM",
        {**_LM, "ffn_dim": 24, "word_embed_proj_dim": 8},
    ),
    "bloom": (
        "BloomConfig",
        "BloomForCausalLM",
        {"vocab_size": 48, "hidden_size": 16, "n_layer": 2, "n_head": 4},
    ),
    "falcon": ("FalconConfig", "FalconForCausalLM", {**_FALCON, "multi_query": True}),
    "falcon_old": (
        "FalconConfig",
        "FalconForCausalLM",
        {**_FALCON, "multi_query": False, "alibi": True, "bias": True},
    ),
    "falcon_new": (
        "FalconConfig",
        "FalconForCausalLM",
        {**_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "mpt": (
        "MptConfig",
        "MptForCausalLM",
        {
            "vocab_size": 48,
            "d_model": 16,
            "n_layers": 2,
            "n_heads": 4,
            "expansion_ratio": 2,
        },
    ),
    "mixtral": (
        "MixtralConfig",
        "MixtralForCausalLM",
        {**_GQA, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "qwen2_moe": (
        "Qwen2MoeConfig",
        "Qwen2MoeForCausalLM",
        {**_MOE, "num_experts": 4, "shared_expert_intermediate_size": 20},
    ),
    "qwen3_moe": ("Qwen3MoeConfig", "Qwen3MoeForCausalLM", {**_MOE, "num_experts": 4}),
    "deepseek_v2": (
        "DeepseekV2Config",
        "DeepseekV2ForCausalLM",
        {**_DEEPSEEK, "topk_method": "greedy", "num_experts_per_tok": 2},
    ),
    "deepseek_v3": ("DeepseekV3Config", "DeepseekV3ForCausalLM", _DEEPSEEK),
    "gpt_oss": (
        "GptOssConfig",
        "GptOssForCausalLM",
        {**_GQA, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "llama4": (
        "Llama4TextConfig",
        "Llama4ForCausalLM",
        {
            **_GQA,
            "intermediate_size": 12,
            "intermediate_size_mlp": 24,
            "num_local_experts": 4,
            "num_experts_per_tok": 1,
            "interleave_moe_layer_step": 2,
        },
    ),
    "jamba": (
        "JambaConfig",
        "JambaForCausalLM",
        {
            **_GQA,
            "num_hidden_layers": 4,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
            "num_experts": 4,
            "mamba_d_state": 4,
            "mamba_dt_rank": 2,
        },
    ),
    "t5": ("T5Config", "T5ForConditionalGeneration", _T5),
    "t5_gated": (
        "T5Config",
        "T5ForConditionalGeneration",
        {**_T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ),
    "t5_encoder": ("T5Config", "T5EncoderModel", _T5),
    "bart": (
        "BartConfig",
        "BartForConditionalGeneration",
        {**_SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "bart_classifier": (
        "BartConfig",
        "BartForSequenceClassification",
        {**_SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "marian": (
        "MarianConfig",
        "MarianMTModel",
        {**_SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "whisper": (
        "WhisperConfig",
        "WhisperForConditionalGeneration",
        {
            **_SEQ2SEQ,
            "num_mel_bins": 8,
            "max_source_positions": 16,
            "max_target_positions": 16,
        },
    ),
    "bert": ("BertConfig", "BertForMaskedLM", _LM),
    "bert_base": ("BertConfig", "BertModel", _LM),
    "bert_classifier": ("BertConfig", "BertForSequenceClassification", _LM),
    "bert_pretraining": ("BertConfig", "BertForPreTraining", _LM),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", _LM),
    "roberta_classifier": ("RobertaConfig", "RobertaForSequenceClassification", _LM),
    "roberta_base": ("RobertaConfig", "RobertaModel", _LM),
    "xlm_roberta": ("XLMRobertaConfig", "XLMRobertaForTokenClassification", _LM),
    "electra": ("ElectraConfig", "ElectraForPreTraining", {**_LM, "embedding_size": 8}),
    "distilbert": (
        "DistilBertConfig",
        "DistilBertForMaskedLM",
        {
            "vocab_size": 48,
            "dim": 16,
            "hidden_dim": 24,
            "n_layers": 2,
            "n_heads": 4,
            "max_position_embeddings": 32,
        },
    ),
    "distilbert_classifier": (
        "DistilBertConfig",
        "DistilBertForSequenceClassification",
        {
            "vocab_size": 48,
            "dim": 16,
            "hidden_dim": 24,
            "n_layers": 2,
            "n_heads": 4,
            "max_position_embeddings": 32,
        },
    ),
    "mpnet": ("MPNetConfig", "MPNetModel", _LM),
    "deberta_v2": (
        "DebertaV2Config",
        "DebertaV2Model",
        {
            **_LM,
            "relative_attention": True,
            "pos_att_type": ["c2p", "p2c"],
            "position_buckets": 8,
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "eurobert": ("EuroBertConfig", "EuroBertForMaskedLM", _GQA),
    "modernbert": (
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {**_LM, "cls_token_id": 1, "sep_token_id": 1},
    ),
    "vit": ("ViTConfig", "ViTForImageClassification", {**_VISION, "num_labels": 3}),
    "vit_base": ("ViTConfig", "ViTModel", _VISION),
    "dinov2": ("Dinov2Config", "Dinov2Model", {**_VISION, "mlp_ratio": 2}),
    "siglip": (
        "SiglipConfig",
        "SiglipModel",
        {"text_config": {**_LM, "projection_size": 16}, "vision_config": _VISION},
    ),
    "clip": (
        "CLIPConfig",
        "CLIPModel",
        {"text_config": _LM, "vision_config": _VISION, "projection_dim": 12},
    ),
    "mamba": ("MambaConfig", "MambaForCausalLM", _MAMBA),
    "mamba2": (
        "Mamba2Config",
        "Mamba2ForCausalLM",
        {**_MAMBA, "num_heads": 4, "head_dim": 8, "n_groups": 1, "expand": 2},
    ),
    "falcon_mamba": ("FalconMambaConfig", "FalconMambaForCausalLM", _MAMBA),
    "resnet": (
        "ResNetConfig",
        "ResNetForImageClassification",
        {
            "embedding_size": 8,
            "hidden_sizes": [8, 16],
            "depths": [2, 1],
            "layer_type": "bottleneck",
        },
    ),
    "llava": (
        "LlavaConfig",
        "LlavaForConditionalGeneration",
        {
            "text_config": {"model_type": "llama", **_GQA},
            "vision_config": {"model_type": "clip_vision_model", **_VISION},
            "image_token_index": 3,
        },
    ),
    "qwen2_vl": (
        "Qwen2VLConfig",
        "Qwen2VLForConditionalGeneration",
        {
            "text_config": {
                **_LM,
                "num_key_value_heads": 2,
                "rope_scaling": {"type": "mrope", "mrope_section": [1, 1]},
            },
            "vision_config": {
                "depth": 2,
                "embed_dim": 16,
                "hidden_size": 16,
                "num_heads": 4,
                "mlp_ratio": 2,
            },
        },
    ),
}


@dataclass(frozen=True)
class TinyModel:
    """A pico model: its config as config.json has it, its module, its state dict."""

    name: str
    config: dict[str, Any]
    state: dict[str, Any] = field(repr=False)
    module: Any = field(repr=False)

    def tensors(self) -> tuple[TensorRef, ...]:
        return tuple(ref_of(name, value.shape) for name, value in self.state.items())

    def array(self, name: str) -> np.ndarray:
        return self.state[name].detach().numpy()


def ref_of(name: str, shape: tuple[int, ...], dtype: str = "F32") -> TensorRef:
    shape = tuple(int(size) for size in shape)
    n_bytes = 4 * int(np.prod(shape))
    return TensorRef(name, dtype, shape, "model.safetensors", n_bytes)


@cache
def make_tiny_model(name: str) -> TinyModel:
    """A seeded pico model of the family, made once in a process."""
    import torch
    import transformers

    config_class, model_class, arguments = TINY_MODELS[name]
    torch.manual_seed(0)
    config = getattr(transformers, config_class)(**arguments)
    module = getattr(transformers, model_class)(config).eval()
    config.architectures = [model_class]
    return TinyModel(name, config.to_dict(), module.state_dict(), module)


def saved_tensors(model: TinyModel, folder: Path) -> tuple[TensorRef, ...]:
    """The tensors of the file that `save_pretrained` writes into `folder`."""
    model.module.save_pretrained(folder)
    with (folder / "model.safetensors").open("rb") as file:
        (n_bytes,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(n_bytes))
    header.pop("__metadata__", None)
    return tuple(
        ref_of(name, entry["shape"], entry["dtype"]) for name, entry in header.items()
    )
