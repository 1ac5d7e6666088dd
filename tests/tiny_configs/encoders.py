"""How large are the pico models of encoders, of vision, and of state spaces?"""

from typing import Any

from tests.tiny_configs.shared import (
    GQA,
    LM,
    MAMBA,
    SEQ2SEQ,
    T5,
    VISION,
)

# name: (config class, model class, arguments of the config)
ENCODERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "t5": ("T5Config", "T5ForConditionalGeneration", T5),
    "t5_gated": (
        "T5Config",
        "T5ForConditionalGeneration",
        {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ),
    "t5_encoder": ("T5Config", "T5EncoderModel", T5),
    "bart": (
        "BartConfig",
        "BartForConditionalGeneration",
        {**SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "bart_classifier": (
        "BartConfig",
        "BartForSequenceClassification",
        {**SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "marian": (
        "MarianConfig",
        "MarianMTModel",
        {**SEQ2SEQ, "max_position_embeddings": 32},
    ),
    "whisper": (
        "WhisperConfig",
        "WhisperForConditionalGeneration",
        {
            **SEQ2SEQ,
            "num_mel_bins": 8,
            "max_source_positions": 16,
            "max_target_positions": 16,
        },
    ),
    "bert": ("BertConfig", "BertForMaskedLM", LM),
    "bert_base": ("BertConfig", "BertModel", LM),
    "bert_classifier": ("BertConfig", "BertForSequenceClassification", LM),
    "bert_pretraining": ("BertConfig", "BertForPreTraining", LM),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", LM),
    "roberta_classifier": ("RobertaConfig", "RobertaForSequenceClassification", LM),
    "roberta_base": ("RobertaConfig", "RobertaModel", LM),
    "xlm_roberta": ("XLMRobertaConfig", "XLMRobertaForTokenClassification", LM),
    "electra": ("ElectraConfig", "ElectraForPreTraining", {**LM, "embedding_size": 8}),
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
    "mpnet": ("MPNetConfig", "MPNetModel", LM),
    "deberta_v2": (
        "DebertaV2Config",
        "DebertaV2Model",
        {
            **LM,
            "relative_attention": True,
            "pos_att_type": ["c2p", "p2c"],
            "position_buckets": 8,
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "eurobert": ("EuroBertConfig", "EuroBertForMaskedLM", GQA),
    "modernbert": (
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {**LM, "cls_token_id": 1, "sep_token_id": 1},
    ),
    "vit": ("ViTConfig", "ViTForImageClassification", {**VISION, "num_labels": 3}),
    "vit_base": ("ViTConfig", "ViTModel", VISION),
    "dinov2": ("Dinov2Config", "Dinov2Model", {**VISION, "mlp_ratio": 2}),
    "siglip": (
        "SiglipConfig",
        "SiglipModel",
        {"text_config": {**LM, "projection_size": 16}, "vision_config": VISION},
    ),
    "clip": (
        "CLIPConfig",
        "CLIPModel",
        {"text_config": LM, "vision_config": VISION, "projection_dim": 12},
    ),
    "mamba": ("MambaConfig", "MambaForCausalLM", MAMBA),
    "mamba2": (
        "Mamba2Config",
        "Mamba2ForCausalLM",
        {**MAMBA, "num_heads": 4, "head_dim": 8, "n_groups": 1, "expand": 2},
    ),
    "falcon_mamba": ("FalconMambaConfig", "FalconMambaForCausalLM", MAMBA),
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
            "text_config": {"model_type": "llama", **GQA},
            "vision_config": {"model_type": "clip_vision_model", **VISION},
            "image_token_index": 3,
        },
    ),
    "qwen2_vl": (
        "Qwen2VLConfig",
        "Qwen2VLForConditionalGeneration",
        {
            "text_config": {
                **LM,
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
