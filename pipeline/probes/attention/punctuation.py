"""Which tokens are punctuation? By the text that the tokenizer spells each of them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.probes.probe_set import BYTES, TokenSet

if TYPE_CHECKING:
    import torch

_N_BYTES = 256


def punctuation_of(tokens: TokenSet, tokenizer: Any | None) -> torch.Tensor | None:
    """Whether each token is punctuation, by its number; None where it has no text.

    A token is where all its characters but spaces are (Unicode's categories P). Tokens
    that the probe set does not hold are not looked at.
    """
    import torch

    if tokenizer is None and tokens.tokenizer != BYTES:
        return None
    present = np.unique(np.concatenate(tokens.documents))
    marks = torch.zeros(int(present[-1]) + 1, dtype=torch.bool)
    for one in present.tolist():
        marks[one] = _is_punctuation(_spell(one, tokenizer))
    return marks


def _spell(token: int, tokenizer: Any | None) -> str:
    if tokenizer is not None:
        return str(tokenizer.decode([token], skip_special_tokens=False))
    return chr(token) if token < _N_BYTES // 2 else ""


def _is_punctuation(text: str) -> bool:
    marks = text.strip()
    return bool(marks) and all(unicodedata.category(c)[0] == "P" for c in marks)
