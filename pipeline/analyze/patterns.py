"""What is each head's pattern on a text called? By the largest of its shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A pattern, and the column that says which share of its weight a head spends on it.
PATTERNS: tuple[tuple[str, str], ...] = (
    ("previous token", "previous_token_score"),
    ("itself", "self_mass"),
    ("first token", "first_token_mass"),
    ("induction", "induction_score"),
    ("duplicate token", "duplicate_token_score"),
    ("punctuation", "punctuation_mass"),
    ("one token", "sink_mass"),
)
_LEAST = 0.5
_UNIFORM = 0.9  # of the entropy of looking everywhere alike


def leading_pattern(head: Mapping[str, Any]) -> tuple[str, float]:
    """The pattern with the largest share of a head's weight, and that share."""
    shares = [(word, float(head.get(column) or 0.0)) for word, column in PATTERNS]
    return max(shares, key=lambda one: one[1])


def pattern_of(head: Mapping[str, Any]) -> str:
    """A word for a row of `attention_heads` on one text; no verdict: that needs texts.

    `uniform` from 0.9 of the largest entropy on, `mixed` where no share is a half.
    """
    word, share = leading_pattern(head)
    if share >= _LEAST:
        return word
    entropy = head.get("normalised_entropy")
    return "uniform" if entropy is not None and entropy >= _UNIFORM else "mixed"
