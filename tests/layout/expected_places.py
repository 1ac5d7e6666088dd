"""Where do tensors of transformers' models sit? Written by hand from its sources."""

ATTENTION = "q k v o"
LLAMA = "attention_norm q k v o mlp_norm gate up down"
PLAIN = "attention_norm q k v o mlp_norm up down"
FUSED = "attention_norm qkv o mlp_norm up down"
CROSS = "cross_norm cross_q cross_k cross_v cross_o"
SANDWICH = "attention_post_norm mlp_post_norm"
QK_NORM = "q_norm k_norm"
MOE = "attention_norm q k v o mlp_norm router gate_up down"
LATENT = "attention_norm q_a q_a_norm q_b kv_a kv_a_norm kv_b o mlp_norm gate up down"
SHARED = "shared_gate shared_up shared_down"
ENDS = "token_embedding final_norm unembedding"
SEEN = "token_embedding position_embedding final_norm unembedding"
BERT = "token_embedding position_embedding type_embedding embedding_norm"
BARE_BERT = "token_embedding position_embedding embedding_norm"
PATCHES = "patch_embedding position_embedding class_embedding final_norm"
STATE = "ssm_in_proj ssm_conv1d ssm_dt_proj ssm_a_log ssm_d ssm_out_proj"
SSM = f"norm {STATE}"
PROBE = "qkv o head_norm up down"
BART = "token_embedding position_embedding embedding_norm"
# family, then for each stack: blocks, components inside them, components outside.
# Written from the models' source, not from what the patterns say.
EXPECTED = {
    "gpt2": ("gpt2", {"decoder": (2, FUSED, SEEN)}),
    "gpt2_base": (
        "gpt2",
        {"decoder": (2, FUSED, "token_embedding position_embedding final_norm")},
    ),
    "gpt2_cross": (
        "gpt2",
        {"decoder": (2, f"{FUSED} cross_norm cross_q cross_kv cross_o", SEEN)},
    ),
    "gpt_neox": ("gpt_neox", {"decoder": (2, FUSED, ENDS)}),
    "gpt_neo": ("gpt_neo", {"decoder": (2, PLAIN, SEEN)}),
    "gptj": ("gptj", {"decoder": (2, "attention_norm q k v o up down", ENDS)}),
    "gpt_bigcode": ("gpt_bigcode", {"decoder": (2, FUSED, SEEN)}),
    "gpt_bigcode_mha": ("gpt_bigcode", {"decoder": (2, FUSED, SEEN)}),
    "codegen": ("gptj", {"decoder": (2, "attention_norm qkv o up down", ENDS)}),
    "llama": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "llama_classifier": (
        "llama",
        {"decoder": (2, LLAMA, "token_embedding final_norm classifier")},
    ),
    "llama_bias": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "mistral": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "qwen2": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "qwen3": ("llama", {"decoder": (2, f"{LLAMA} {QK_NORM}", ENDS)}),
    "gemma": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "gemma2": ("gemma2", {"decoder": (2, f"{LLAMA} {SANDWICH}", ENDS)}),
    "gemma3": ("gemma2", {"decoder": (2, f"{LLAMA} {SANDWICH} {QK_NORM}", ENDS)}),
    "gemma3_vision": (
        "gemma2",
        {
            "decoder": (2, f"{LLAMA} {SANDWICH} {QK_NORM}", f"{ENDS} norm"),
            "vision": (2, PLAIN, f"{PATCHES} {PROBE}"),
            None: (0, "", "projector"),
        },
    ),
    "phi": ("llama", {"decoder": (2, "attention_norm q k v o up down", ENDS)}),
    "phi_qk_norm": (
        "llama",
        {"decoder": (2, f"attention_norm q k v o up down {QK_NORM}", ENDS)},
    ),
    "phi3": (
        "llama",
        {"decoder": (2, "attention_norm qkv o mlp_norm gate_up down", ENDS)},
    ),
    "phimoe": ("moe", {"decoder": (2, MOE, ENDS)}),
    "olmo": (
        "llama",
        {"decoder": (2, "q k v o gate up down", "token_embedding unembedding")},
    ),
    "olmo2": ("olmo2", {"decoder": (2, f"{LLAMA} {QK_NORM}", ENDS)}),
    "olmo3": ("olmo2", {"decoder": (2, f"{LLAMA} {QK_NORM}", ENDS)}),
    "olmoe": ("moe", {"decoder": (2, f"{MOE} {QK_NORM}", ENDS)}),
    "stablelm": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "starcoder2": ("llama", {"decoder": (2, PLAIN, ENDS)}),
    "cohere": (
        "llama",
        {"decoder": (2, f"attention_norm q k v o gate up down {QK_NORM}", ENDS)},
    ),
    "granite": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "glm4": (
        "llama",
        {
            "decoder": (
                2,
                f"attention_norm q k v o mlp_norm gate_up down {SANDWICH}",
                ENDS,
            )
        },
    ),
    "smollm3": ("llama", {"decoder": (2, LLAMA, ENDS)}),
    "opt": ("opt", {"decoder": (2, PLAIN, f"{SEEN} embedding_projection")}),
    "bloom": ("bloom", {"decoder": (2, FUSED, f"{ENDS} embedding_norm")}),
    "falcon": ("falcon", {"decoder": (2, "attention_norm qkv o up down", ENDS)}),
    "falcon_old": ("falcon", {"decoder": (2, "attention_norm qkv o up down", ENDS)}),
    "falcon_new": ("falcon", {"decoder": (2, FUSED, ENDS)}),
    "mpt": ("mpt", {"decoder": (2, FUSED, ENDS)}),
    "mixtral": ("moe", {"decoder": (2, MOE, ENDS)}),
    "qwen2_moe": ("moe", {"decoder": (2, f"{MOE} {SHARED} shared_router", ENDS)}),
    "qwen3_moe": ("moe", {"decoder": (2, f"{MOE} {QK_NORM}", ENDS)}),
    "deepseek_v2": (
        "moe",
        {"decoder": (3, f"{LATENT} router gate_up {SHARED}", ENDS)},
    ),
    "deepseek_v3": (
        "moe",
        {"decoder": (3, f"{LATENT} router gate_up {SHARED}", ENDS)},
    ),
    "gpt_oss": ("gpt_oss", {"decoder": (2, f"{MOE} sinks", ENDS)}),
    "llama4": (
        "llama4",
        {"decoder": (2, f"{LLAMA} router gate_up {SHARED}", ENDS)},
    ),
    "jamba": (
        "jamba",
        {
            "decoder": (
                4,
                f"{LLAMA} router gate_up {STATE} ssm_x_proj ssm_norm",
                ENDS,
            )
        },
    ),
    "t5": (
        "t5",
        {
            None: (0, "", "token_embedding unembedding"),
            "encoder": (2, f"{PLAIN} relative_bias", "token_embedding final_norm"),
            "decoder": (
                3,
                f"{PLAIN} relative_bias {CROSS}",
                "token_embedding final_norm",
            ),
        },
    ),
    "t5_gated": (
        "t5",
        {
            None: (0, "", "token_embedding unembedding"),
            "encoder": (2, f"{LLAMA} relative_bias", "token_embedding final_norm"),
            "decoder": (
                3,
                f"{LLAMA} relative_bias {CROSS}",
                "token_embedding final_norm",
            ),
        },
    ),
    "t5_encoder": (
        "t5",
        {
            None: (0, "", "token_embedding"),
            "encoder": (2, f"{PLAIN} relative_bias", "token_embedding final_norm"),
        },
    ),
    "bart": (
        "bart",
        {
            None: (0, "", "token_embedding unembedding"),
            "encoder": (2, PLAIN, BART),
            "decoder": (3, f"{PLAIN} {CROSS}", BART),
        },
    ),
    "bart_classifier": (
        "bart",
        {
            None: (0, "", "token_embedding classifier"),
            "encoder": (2, PLAIN, BART),
            "decoder": (3, f"{PLAIN} {CROSS}", BART),
        },
    ),
    "marian": (
        "bart",
        {
            None: (0, "", "token_embedding unembedding"),
            "encoder": (2, PLAIN, "token_embedding position_embedding"),
            "decoder": (3, f"{PLAIN} {CROSS}", "token_embedding position_embedding"),
        },
    ),
    "whisper": (
        "whisper",
        {
            None: (0, "", "unembedding"),
            "encoder": (2, PLAIN, "conv position_embedding final_norm"),
            "decoder": (
                3,
                f"{PLAIN} {CROSS}",
                "token_embedding position_embedding final_norm",
            ),
        },
    ),
    "bert": (
        "bert",
        {"encoder": (2, PLAIN, f"{BERT} head_transform head_norm unembedding")},
    ),
    "bert_base": ("bert", {"encoder": (2, PLAIN, f"{BERT} pooler")}),
    "bert_classifier": ("bert", {"encoder": (2, PLAIN, f"{BERT} pooler classifier")}),
    "bert_pretraining": (
        "bert",
        {
            "encoder": (
                2,
                PLAIN,
                f"{BERT} pooler head_transform head_norm unembedding classifier",
            )
        },
    ),
    "roberta": (
        "bert",
        {"encoder": (2, PLAIN, f"{BERT} head_transform head_norm unembedding")},
    ),
    "roberta_classifier": ("bert", {"encoder": (2, PLAIN, f"{BERT} classifier")}),
    "roberta_base": ("bert", {"encoder": (2, PLAIN, f"{BERT} pooler")}),
    "xlm_roberta": ("bert", {"encoder": (2, PLAIN, f"{BERT} classifier")}),
    "electra": (
        "bert",
        {
            "encoder": (
                2,
                PLAIN,
                f"{BERT} embedding_projection head_transform classifier",
            )
        },
    ),
    "distilbert": (
        "distilbert",
        {"encoder": (2, PLAIN, f"{BARE_BERT} head_transform head_norm unembedding")},
    ),
    "distilbert_classifier": (
        "distilbert",
        {"encoder": (2, PLAIN, f"{BARE_BERT} classifier")},
    ),
    "mpnet": ("bert", {"encoder": (2, PLAIN, f"{BARE_BERT} relative_bias pooler")}),
    "deberta_v2": (
        "bert",
        {"encoder": (2, f"{PLAIN} relative_bias", f"{BARE_BERT} relative_bias norm")},
    ),
    "eurobert": (
        "llama_encoder",
        {"encoder": (2, LLAMA, ENDS)},
    ),
    "modernbert": (
        "modernbert",
        {
            "encoder": (
                2,
                "attention_norm qkv o mlp_norm gate_up down",
                f"{ENDS} embedding_norm head_transform head_norm",
            )
        },
    ),
    "vit": ("vit", {"vision": (2, PLAIN, f"{PATCHES} classifier")}),
    "vit_base": ("vit", {"vision": (2, PLAIN, f"{PATCHES} pooler")}),
    "dinov2": ("vit", {"vision": (2, f"{PLAIN} scale", PATCHES)}),
    "siglip": (
        "clip",
        {
            None: (0, "", "scale projector"),
            "text": (2, PLAIN, "token_embedding position_embedding final_norm"),
            "vision": (2, PLAIN, f"{PATCHES} {PROBE}"),
        },
    ),
    "clip": (
        "clip",
        {
            None: (0, "", "scale projector"),
            "text": (2, PLAIN, "token_embedding position_embedding final_norm"),
            "vision": (2, PLAIN, f"{PATCHES} embedding_norm"),
        },
    ),
    "mamba": ("mamba", {"decoder": (2, f"{SSM} ssm_x_proj", ENDS)}),
    "mamba2": ("mamba", {"decoder": (2, f"{SSM} ssm_norm", ENDS)}),
    "falcon_mamba": ("mamba", {"decoder": (2, f"{SSM} ssm_x_proj", ENDS)}),
    "resnet": (
        "resnet",
        {"vision": (3, "conv norm downsample", "conv norm classifier")},
    ),
    "llava": (
        "llama",
        {
            None: (0, "", "projector"),
            "decoder": (2, LLAMA, ENDS),
            "vision": (2, PLAIN, f"{PATCHES} embedding_norm"),
        },
    ),
    "qwen2_vl": (
        "llama",
        {
            None: (0, "", "projector"),
            "decoder": (2, LLAMA, ENDS),
            "vision": (2, FUSED, "patch_embedding norm"),
        },
    ),
}
