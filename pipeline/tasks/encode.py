"""Which tokens stand for an item? Context and continuation, as the harness cuts them.

The rules are those of lm-evaluation-harness 0.4.13 (`HFLM`), so that its numbers and
these are of the same tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.tasks.items import Item

# Why a continuation cannot be scored.
Problem = Literal["merged", "too_long", "empty"]
_DEFAULT_LENGTH = 2048
_N_UNSET = 10**15  # a tokenizer without a bound says some 10^30


@dataclass(frozen=True)
class Pair:
    """Tokens before, and tokens that are scored; `problem` where there are none."""

    context: tuple[int, ...]
    target: tuple[int, ...]
    problem: Problem | None = None


@dataclass(frozen=True)
class Coder:
    """How a model's tokenizer is asked. Without one, tokens are the bytes of UTF-8.

    `prefix` stands before a text that has nothing before it: the first of BOS and EOS
    that there is. An encoder-decoder reads context and continuation apart; an encoder
    is given its special tokens later, by `pipeline.tasks.pseudo`.
    """

    tokenizer: Any | None = field(repr=False)
    max_length: int
    kind: str = "decoder"
    prefix: int | None = None

    def encode_all(
        self, texts: Sequence[str], *, special: bool | None = None
    ) -> list[tuple[int, ...]]:
        """Tokens of each text; `special` None leaves special tokens to the tokenizer.

        A text that begins with the prefix as text is not given a second one.
        """
        if self.tokenizer is None:
            return [tuple(text.encode()) for text in texts]
        marks = [special] * len(texts)
        if special is None and self._prefix_text:
            starts = self._prefix_text
            marks = [False if text.startswith(starts) else None for text in texts]
        found: list[tuple[int, ...]] = [()] * len(texts)
        for mark in set(marks):
            at = [k for k, one in enumerate(marks) if one is mark]
            options = {} if mark is None else {"add_special_tokens": mark}
            # A text longer than the context is cut later: the warning says nothing.
            ids = self.tokenizer([texts[k] for k in at], verbose=False, **options)
            for k, one in zip(at, ids["input_ids"], strict=True):
                found[k] = tuple(one)
        return found

    @property
    def special(self) -> bool | None:
        """Whether contexts have special tokens: as the tokenizer says, or none."""
        return False if self.kind == "encoder" else None

    @property
    def _prefix_text(self) -> str:
        if self.prefix is None or self.tokenizer is None:
            return ""
        return str(self.tokenizer.decode([self.prefix]))


def make_coder(
    model: Any, tokenizer: Any | None, kind: str, *, n_framed: int = 0
) -> Coder:
    """What is needed of a loaded model; `kind` is that of its forward.

    `n_framed` are places that special tokens around a text take.
    """
    prefix = None
    if tokenizer is not None:
        prefix = tokenizer.bos_token_id
        prefix = tokenizer.eos_token_id if prefix is None else prefix
    length = length_of(model, tokenizer) - n_framed
    return Coder(tokenizer, length, kind, prefix)


def length_of(model: Any, tokenizer: Any | None) -> int:
    """How many tokens a model sees, as the harness finds it out; 2048 if nothing says.

    Positions of RoBERTa's kind begin after that of the padding: so many are fewer.
    """
    config = model.config
    inner = getattr(config, "text_config", None) or config
    names = ("n_positions", "max_position_embeddings", "n_ctx")
    stated = (getattr(inner, name, None) for name in names)
    length = next((int(one) for one in stated if one is not None), None)
    if length is None:
        length = getattr(tokenizer, "model_max_length", None)
    if length is None or length > _N_UNSET:
        return _DEFAULT_LENGTH
    named = "create_position_ids_from_input_ids"
    if any(hasattr(one, named) for one in model.modules()):
        length -= int(getattr(inner, "pad_token_id", None) or 0) + 1
    return int(length)


def encode_items(coder: Coder, items: Sequence[Item]) -> list[tuple[Pair, ...]]:
    """The pairs of each item, one per choice."""
    asked = [
        _moved(item.context, item.delimiter + choice)
        for item in items
        for choice in item.choices
    ]
    pairs = iter(_pairs(coder, asked))
    return [tuple(next(pairs) for _ in item.choices) for item in items]


def encode_text(coder: Coder, text: str) -> tuple[Pair, ...]:
    """A whole text as windows in which each token is scored once.

    The first has the prefix before it, the others the token before them; the last looks
    back as far as the model sees. Without a prefix the first token is not scored.
    """
    [tokens] = coder.encode_all([text], special=coder.special)
    length, done = coder.max_length, 0
    if not tokens:
        return (Pair((), (), "empty"),)
    if coder.kind == "encoder":
        return tuple(
            Pair((), tokens[k : k + length]) for k in range(0, len(tokens), length)
        )
    if coder.prefix is None:
        tokens, before = tokens[1:], tokens[:1]
    else:
        before = (coder.prefix,)
    if not tokens:
        return (Pair(before, (), "empty"),)
    pairs = [Pair(before, tokens[:length])]
    done = len(pairs[0].target)
    while done < len(tokens):
        end = min(done + length, len(tokens))
        pairs.append(Pair(tokens[max(end - length - 1, 0) : done], tokens[done:end]))
        done = end
    return tuple(pairs)


def _moved(context: str, continuation: str) -> tuple[str, str]:
    """Spaces that end the context begin the continuation: so words are tokenised."""
    stripped = context.rstrip()
    return stripped, context[len(stripped) :] + continuation


def _pairs(coder: Coder, asked: Sequence[tuple[str, str]]) -> Iterator[Pair]:
    """Each context alone, once, and each whole; the continuation is what is longer."""
    contexts = list(dict.fromkeys(context for context, _ in asked if context))
    encoded = coder.encode_all(contexts, special=coder.special)
    before = dict(zip(contexts, encoded, strict=True))
    before[""] = ()
    is_apart = [coder.kind == "encoder-decoder" or not context for context, _ in asked]
    wholes = _encode_some(coder, asked, is_apart)
    for (context, _), tokens, is_alone in zip(asked, wholes, is_apart, strict=True):
        if not context:
            yield _checked(coder, *_without_context(coder, tokens))
        else:
            n = 0 if is_alone else len(before[context])
            yield _checked(coder, before[context], tokens[n:])


def _encode_some(
    coder: Coder, asked: Sequence[tuple[str, str]], is_apart: Sequence[bool]
) -> list[tuple[int, ...]]:
    """Context and continuation in one, or the continuation without special tokens."""
    texts = [
        rest if alone else context + rest
        for (context, rest), alone in zip(asked, is_apart, strict=True)
    ]
    found: list[tuple[int, ...]] = [()] * len(texts)
    for wanted, special in ((True, False), (False, coder.special)):
        at = [k for k, alone in enumerate(is_apart) if alone is wanted]
        encoded = coder.encode_all([texts[k] for k in at], special=special)
        for k, tokens in zip(at, encoded, strict=True):
            found[k] = tokens
    return found


def _without_context(
    coder: Coder, tokens: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if coder.kind == "encoder":
        return (), tokens
    if coder.prefix is None or tokens[:1] == (coder.prefix,):
        return tokens[:1], tokens[1:]
    return (coder.prefix,), tokens


def _checked(coder: Coder, context: tuple[int, ...], target: tuple[int, ...]) -> Pair:
    if not target:
        return Pair(context, (), "merged" if context else "empty")
    return Pair(context, target, "too_long" if len(target) > coder.max_length else None)
