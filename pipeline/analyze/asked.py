"""What is asked about a text: which methods, of which part of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pipeline.errors import UsageError

Method = Literal["attention", "importance", "head_patterns", "activations"]
METHODS: tuple[Method, ...] = get_args(Method)
# Longer texts have T × T weights, and an occlusion forward per token.
MOST_TOKENS = 256


@dataclass(frozen=True)
class Asked:
    """The methods, and how long a text may be for what is exact.

    Texts of more than `most_tokens` have no weights of single pairs and no importance
    of single tokens, and the answer says so.
    """

    methods: tuple[Method, ...] = METHODS
    most_tokens: int = MOST_TOKENS

    @property
    def looks_at_pairs(self) -> bool:
        """Whether exact attention weights are needed; rollout is made of them too."""
        return bool({"attention", "importance"} & set(self.methods))


def check_methods(methods: Sequence[str]) -> tuple[Method, ...]:
    """The methods in our order, all of them where none is named.

    Raises UsageError for a word that names none.
    """
    for name in methods:
        if name == "sae":
            raise UsageError(
                "sae needs a trained sparse autoencoder, and none is trained here",
                fix=f"Ask for {', '.join(METHODS)}",
            )
        if name not in METHODS:
            raise UsageError(
                f"no method is called {name!r}", fix=f"Use {', '.join(METHODS)}"
            )
    return tuple(name for name in METHODS if not methods or name in methods)
