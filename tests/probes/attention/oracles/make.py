"""How were the numbers beside this made? By TransformerLens, on a tiny GPT-2.

In an environment of its own, as it asks for other versions:

    pip install torch transformer-lens==4.3.0
    python tests/probes/attention/oracles/make.py

`gpt2.safetensors` holds the model's weights, with its config in the header;
`heads.json` the tokens and, layer by layer, what `detect_head` and the entropy of
TransformerLens's cached patterns give for each head on each text.
"""

import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformer_lens import head_detector
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

HERE = Path(__file__).parent
PATTERNS = ("previous_token_head", "duplicate_token_head", "induction_head")
SIZES = {"n_embd": 24, "n_layer": 2, "n_head": 3, "n_positions": 32, "vocab_size": 12}


def made():
    """Twenty times as sharp as at initialisation, so that heads differ."""
    torch.manual_seed(3)
    config = GPT2Config(**SIZES, attn_implementation="eager")
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(20)
    return model


def texts():
    """One drawn, one repeated after seven, one of few tokens."""
    rng = torch.Generator().manual_seed(5)
    drawn = torch.randint(0, 12, (20,), generator=rng)
    few = torch.randint(0, 3, (13,), generator=rng)
    return drawn, drawn[:7].repeat(3), few


def tokenizer(folder):
    """Words that are numbers: TransformerLens would download one otherwise."""
    words = {str(k): k for k in range(SIZES["vocab_size"])}
    made = Tokenizer(WordLevel(words, unk_token="0"))  # noqa: S106
    ends = {"bos_token": "1", "eos_token": "1"}
    given = PreTrainedTokenizerFast(tokenizer_object=made, **ends)
    # TransformerLens loads it a second time, from where it says it is.
    given.save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


class Known:
    """What `detect_head` asks of a model, with tokens in place of a text."""

    def __init__(self, bridge):
        self.bridge, self.cfg = bridge, bridge.cfg

    def to_tokens(self, tokens):
        return tokens[None]

    def run_with_cache(self, *given, **options):
        return self.bridge.run_with_cache(*given, **options)


def main():
    model = made()
    state = {k: v.clone() for k, v in model.state_dict().items() if "lm_head" not in k}
    with tempfile.TemporaryDirectory() as folder:
        bridge = TransformerBridge.boot_transformers(
            "gpt2", hf_model=model, tokenizer=tokenizer(folder), device="cpu"
        )
    save_file(state, HERE / "gpt2.safetensors", {"config": json.dumps(SIZES)})
    found = []
    for tokens in texts():
        scores = {
            name: head_detector.detect_head(Known(bridge), tokens, name).tolist()
            for name in PATTERNS
        }
        _, cache = bridge.run_with_cache(tokens[None])
        patterns = torch.stack([cache["pattern", k][0] for k in range(2)]).double()
        entropies = torch.special.entr(patterns).sum(-1).mean(-1)
        row = {"tokens": tokens.tolist(), "entropy": entropies.tolist()}
        found.append(row | scores)
    (HERE / "heads.json").write_text(
        json.dumps(
            found,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
