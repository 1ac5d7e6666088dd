"""Does a model that was never trained have induction heads, sinks or super weights?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import transformers

from benchmarks.calibration.table import Rate
from pipeline.probes.capture import Forward, make_forward
from pipeline.probes.probe_set import TokenSet, tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.skips import add_skips
from pipeline.probes.texts import ProbeSet, read_probe_set

TITLE = "Verdicts on untrained models"
INTRO = (
    "GPT-2, Llama, GPT-NeoX, Gemma 2, BERT and T5 in turn, two layers of four heads "
    "(T5 six attentions), each draw with weights and tokens of its own: the share of "
    "models with one announcement or more. Tokens repeat at random periods, or are "
    "drawn as frequently as words are (Zipf's law), 16 documents. Weights are those of "
    "initialisation, or eight times as large, so that each head looks at few tokens. "
    "T5 does not scale its scores: its heads do so from the start; with three times "
    "its weights some have one token in each text that a third of queries look at, "
    "which is a sink as it is defined here. Super weights are of the families with a "
    "loss, on 8 documents."
)

N_DRAWS = 300
_SIZES = {"vocab_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_WIDE = {"hidden_size": 32, "intermediate_size": 48}
_Family = tuple[str, str, dict[str, int]]
_FAMILIES: tuple[_Family, ...] = (
    (
        "GPT2Config",
        "GPT2LMHeadModel",
        {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    ),
    ("LlamaConfig", "LlamaForCausalLM", {**_SIZES, **_WIDE}),
    ("GPTNeoXConfig", "GPTNeoXForCausalLM", {**_SIZES, **_WIDE}),
    ("Gemma2Config", "Gemma2ForCausalLM", {**_SIZES, **_WIDE, "head_dim": 8}),
    ("BertConfig", "BertForMaskedLM", {**_SIZES, **_WIDE}),
    (
        "T5Config",
        "T5ForConditionalGeneration",
        {
            "vocab_size": 64,
            "d_model": 32,
            "d_kv": 8,
            "d_ff": 48,
            "num_layers": 2,
            "num_heads": 4,
        },
    ),
)


def measure() -> list[Rate]:
    cases = [(times, texts) for times in (1.0, 8.0) for texts in ("repeated", "words")]
    scaled = tuple(one for one in _FAMILIES if one[0] != "T5Config")
    t5 = tuple(one for one in _FAMILIES if one[0] == "T5Config")
    return [
        *(
            rate
            for times, texts in cases
            for rate in _rates(times, texts, _FAMILIES if times == 1 else scaled)
        ),
        *_rates(3.0, "words", t5, stated="no promise"),
    ]


def _rates(
    times: float,
    texts: str,
    families: tuple[_Family, ...],
    *,
    stated: str = "≤ 1 %",
) -> Iterator[Rate]:
    found = [
        _announced(seed, times, texts, families[seed % len(families)])
        for seed in range(N_DRAWS)
    ]
    of = "T5, " if len(families) == 1 else ""
    for name in ("induction head", "sink", "super weight"):
        said = [one[name] for one in found if name in one]
        case = f"{of}{texts}, weights × {times:.0f}: {name}"
        yield Rate(case, stated, len(said), sum(said))


def _announced(seed: int, times: float, texts: str, family: _Family) -> dict[str, bool]:
    """Whether any head or block of one draw is announced, by verdict."""
    forward = _twin(seed, times, family)
    asked = ProbeParameters(lens=False, cka=False)
    tables = run_probe(forward, _tokens(texts, seed), asked).tables
    add_skips(tables, forward, _tokens(texts, seed, n_documents=8), asked)
    heads: list[dict[str, Any]] = tables["attention_heads"]
    weights = [row.get("is_super_weight") for row in tables["block_activations"]]
    found = {
        "induction head": any(row["is_induction"] for row in heads),
        "sink": any(row["is_sink"] for row in heads),
    }
    known = any(one is not None for one in weights)
    return found | ({"super weight": any(weights)} if known else {})


def _twin(seed: int, times: float, family: _Family) -> Forward:
    config_class, model_class, sizes = family
    torch.manual_seed(seed)
    config = getattr(transformers, config_class)(
        **sizes, bos_token_id=1, eos_token_id=2
    )
    model = getattr(transformers, model_class)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(times)
    return make_forward(model)


def _tokens(texts: str, seed: int, n_documents: int = 16) -> TokenSet:
    if texts == "repeated":
        probe_set = read_probe_set(f"repeated:{n_documents}x48", seed=seed)
    else:
        rng = np.random.default_rng(seed)
        odds = 1 / np.arange(1, 65)
        drawn = rng.choice(64, (n_documents, 48), p=odds / odds.sum())
        probe_set = ProbeSet("words", tuple(map(tuple, drawn.tolist())))
    return tokenise(probe_set, None, vocabulary_size=64, max_positions=64)
