"""What does an attention compute, without a matrix of queries × keys?

Queries are taken in blocks. Each block's weights are shown to a visitor and dropped;
the output is that of the model's eager attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from pipeline.probes.attention.mask import RuleMask

if TYPE_CHECKING:
    from collections.abc import Iterator

# Scores of one block, over all rows and heads: 2 MiB in float32, which caches hold.
_BLOCK_SCORES = 2**19
LEAST_QUERIES, MOST_QUERIES = 16, 256
# Scores so far below the largest of their row count as 1e-30 of it: smaller numbers,
# masked ones among them, would take tens of times as long as others to compute with.
_FLOOR = -69.0


@dataclass(frozen=True)
class Rule:
    """How scores are made of q·k: all that the attention function is given beside them.

    `sinks` are logits of an extra key without a value, one per head (GPT-OSS); `bias`
    is added to the scores (B or 1, H, queries, keys); `softcap` c makes s into
    c·tanh(s/c).
    """

    scaling: float
    mask: torch.Tensor | RuleMask | None = None
    is_causal: bool = False
    softcap: float | None = None
    sinks: torch.Tensor | None = None
    bias: torch.Tensor | None = None


@dataclass(frozen=True)
class Block:
    """Queries from `start` and keys from `first_key`: their scores and weights.

    `weights` (B, H, q, k) are exp(scores) / `total`, with scores from which each row's
    largest is subtracted: masked ones are so low that their weight is below 1e-30.
    `total` (B, H, q) holds the extra key too where there is one; `sink` is its share.
    """

    start: int
    first_key: int
    scores: torch.Tensor
    weights: torch.Tensor
    total: torch.Tensor
    sink: torch.Tensor | None = None

    @property
    def stop(self) -> int:
        return self.start + self.weights.shape[2]

    @property
    def last_key(self) -> int:
        """One past the last key."""
        return self.first_key + self.weights.shape[3]


class Visitor(Protocol):
    def __call__(self, block: Block) -> None: ...


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    rule: Rule,
    *,
    visit: Visitor | None = None,
) -> torch.Tensor:
    """softmax(rule(q·k))·v of q (B, H, T, D), k and v (B, H or fewer, S, D).

    Returns (B, T, H, D). With fewer key heads, query head h reads h // (H / H_kv).
    """
    n_rows, n_heads, n_queries, _ = query.shape
    if torch.is_grad_enabled():
        return _differentiable(query, key, value, rule)
    out = query.new_empty(n_rows, n_queries, n_heads, value.shape[-1])
    for start, stop in block_ranges(query, key):
        block = _weigh(query[:, :, start:stop] * rule.scaling, key, rule, start)
        if visit is not None:
            visit(block)
        out[:, start:stop] = _average(block, value)
    return out


def _average(block: Block, value: torch.Tensor) -> torch.Tensor:
    shown = value[:, :, block.first_key : block.last_key]
    return _grouped(block.weights.to(value.dtype), shown).transpose(1, 2)


def _differentiable(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, rule: Rule
) -> torch.Tensor:
    """The same, of which no block is kept for the gradient: each is computed again."""
    from torch.utils.checkpoint import checkpoint

    def part(start: int, *states: torch.Tensor) -> torch.Tensor:
        some, keys, values = states
        return _average(_weigh(some * rule.scaling, keys, rule, start), values)

    parts = [
        checkpoint(
            part, start, query[:, :, start:stop], key, value, use_reentrant=False
        )
        for start, stop in block_ranges(query, key)
    ]
    return torch.cat(parts, dim=1)


def block_ranges(query: torch.Tensor, key: torch.Tensor) -> Iterator[tuple[int, int]]:
    """First query and one past the last of each block."""
    n_rows, n_heads, n_queries, _ = query.shape
    per_query = max(1, n_rows * n_heads * key.shape[2])
    size = min(MOST_QUERIES, max(LEAST_QUERIES, _BLOCK_SCORES // per_query))
    for start in range(0, n_queries, size):
        yield start, min(start + size, n_queries)


def _weigh(query: torch.Tensor, key: torch.Tensor, rule: Rule, start: int) -> Block:
    """Scores and weights of one block of scaled queries."""
    stop = start + query.shape[2]
    allowed, (low, high) = _visible(rule, start, stop, key.shape[2])
    scores = _grouped(query, key[:, :, low:high].transpose(2, 3))
    if rule.softcap is not None:
        scores = torch.tanh(scores / rule.softcap) * rule.softcap
    if rule.bias is not None:
        scores = scores + rule.bias[:, :, start:stop, low:high]
    scores = _masked(_wide(scores), allowed, rule, start - low)
    scores, weights, total, extra = _softmax(scores, rule.sinks)
    return Block(start, low, scores, weights, total, extra)


def _wide(values: torch.Tensor) -> torch.Tensor:
    """In float32 at least: weights of half precision are made in it, as by eager."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _masked(
    scores: torch.Tensor, allowed: torch.Tensor | None, rule: Rule, n_before: int
) -> torch.Tensor:
    """Scores with the lowest finite number where nothing is to be seen."""
    lowest = torch.finfo(scores.dtype).min
    if allowed is not None and allowed.dtype != torch.bool:
        return torch.clamp(scores + allowed, min=lowest)
    if allowed is not None:
        return scores.masked_fill_(~allowed, lowest)
    if rule.is_causal:
        n_queries, n_ahead = scores.shape[2], scores.shape[3] - n_before
        ahead = torch.ones(n_queries, n_ahead, dtype=torch.bool, device=scores.device)
        scores[..., n_before:].masked_fill_(ahead.triu_(1), lowest)
    return scores


def _softmax(
    scores: torch.Tensor, sinks: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Scores less their row's largest, weights, sums of exponentials, the sinks' share.

    In place where no gradient is taken: each pass over a block counts.
    """
    largest = scores.amax(dim=-1, keepdim=True)
    if sinks is not None:
        sinks = _wide(sinks).view(1, -1, 1, 1)
        largest = torch.maximum(largest, sinks)
    is_differentiated = torch.is_grad_enabled()
    scores = scores - largest if is_differentiated else scores.sub_(largest)
    scores = scores.clamp(_FLOOR) if is_differentiated else scores.clamp_(_FLOOR)
    weights = scores.exp()
    total = weights.sum(dim=-1, keepdim=True)
    extra = None
    if sinks is not None:
        extra = torch.exp(sinks - largest)
        total = total + extra
        extra = (extra / total).squeeze(-1)
    weights = weights / total if is_differentiated else weights.div_(total)
    return scores, weights, total.squeeze(-1), extra


def _visible(
    rule: Rule, start: int, stop: int, n_keys: int
) -> tuple[torch.Tensor | None, tuple[int, int]]:
    """The block's mask, and the range of keys outside which it allows nothing."""
    if rule.mask is None:
        return None, (0, min(stop, n_keys) if rule.is_causal else n_keys)
    if not isinstance(rule.mask, RuleMask):
        rows = rule.mask if rule.mask.shape[2] == 1 else rule.mask[:, :, start:stop]
        return rows[..., :n_keys], (0, n_keys)
    allowed = rule.mask.block(start, stop)
    seen = allowed.flatten(0, 2).any(dim=0).nonzero()
    low, high = (int(seen[0]), int(seen[-1]) + 1) if len(seen) else (0, n_keys)
    return allowed[..., low:high], (low, high)


def _grouped(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """(B, H, q, a) @ (B, H or fewer, a, b), without a copy of the latter per head."""
    n_rows, n_heads, n_queries, width = left.shape
    n_shared = right.shape[1]
    if n_shared == n_heads:
        return left @ right
    folded = left.reshape(n_rows, n_shared, n_heads // n_shared * n_queries, width)
    return (folded @ right).reshape(n_rows, n_heads, n_queries, right.shape[-1])
