"""Which models are scored by lm-evaluation-harness and by ours? Two decoders and a T5.

Their weights are drawn by numpy's RandomState, whose stream is promised not to change,
so that the numbers of `harness/numbers.json` belong to the same weights anywhere. Run
`write_tokenizer` again and every number changes: run `harness_oracle.py` then.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

HARNESS = Path(__file__).parent / "harness"
N_TOKENS = 320
BEGIN, END = "<s>", "</s>"
# `begun` is the decoder whose tokenizer puts a BOS before every text.
NAMES = ("plain", "begun", "t5")
_SHAPE = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 16}


def make_model(name: str) -> tuple[Any, Any]:
    """The model and its tokenizer; a decoder sees 96 tokens."""
    import transformers

    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(name), bos_token=BEGIN, eos_token=END
    )
    tokenizer.pad_token = END
    if name == "t5":
        config: Any = transformers.T5Config(
            vocab_size=N_TOKENS,
            d_model=16,
            d_kv=8,
            d_ff=32,
            num_layers=2,
            num_heads=2,
            decoder_start_token_id=0,
            tie_word_embeddings=False,
        )
        model: Any = transformers.T5ForConditionalGeneration(config)
    else:
        config = transformers.LlamaConfig(
            vocab_size=N_TOKENS,
            intermediate_size=32,
            max_position_embeddings=96,
            bos_token_id=0,
            eos_token_id=1,
            **_SHAPE,
        )
        model = transformers.LlamaForCausalLM(config)
    _fill(model)
    return model.eval(), tokenizer


def save_model(name: str, folder: Path) -> Path:
    model, tokenizer = make_model(name)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _fill(model: Any) -> None:
    import torch

    rng = np.random.RandomState(7)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            if weight.ndim > 1:
                drawn = rng.standard_normal(tuple(weight.shape)) * 0.2
                weight.copy_(torch.from_numpy(drawn))
    if hasattr(model, "encoder"):
        model.encoder.embed_tokens.weight = model.shared.weight
        model.decoder.embed_tokens.weight = model.shared.weight


def _tokenizer(name: str) -> Any:
    import tokenizers
    from tokenizers.processors import TemplateProcessing

    found = tokenizers.Tokenizer.from_file(str(HARNESS / "tokenizer.json"))
    marks = [(BEGIN, 0), (END, 1)]
    if name == "begun":
        found.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=marks[:1]
        )
    elif name == "t5":
        found.post_processor = TemplateProcessing(
            single="$A </s>", special_tokens=marks[1:]
        )
    return found


def write_tokenizer() -> None:
    """Byte-pair codes of the items that travel along; written once."""
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    package = Path(__file__).parents[2] / "pipeline" / "tasks"
    texts = []
    for name in ("small_endings", "small_words"):
        for line in (package / f"{name}.jsonl").read_text().splitlines():
            values = json.loads(line).values()
            texts += [one for one in values if isinstance(one, str)]
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=N_TOKENS,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    made.save(str(HARNESS / "tokenizer.json"))
