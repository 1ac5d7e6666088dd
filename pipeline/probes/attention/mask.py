"""Which keys may a block of queries see? A mask that is evaluated where it is asked.

transformers makes the masks of a model as a rule on indices (causal, sliding, padded,
chunked, …) that each implementation evaluates. Ours keeps the rule, so that no mask of
queries × keys is ever held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch


@dataclass(frozen=True)
class RuleMask:
    """A rule (batch, head, query, key) → bool, with the lengths that it is asked for.

    Models pass a mask on to their attention untouched. A model that reads its entries
    gets the dense mask, made for that read.
    """

    rule: Callable[..., torch.Tensor]
    shape: tuple[int, int, int, int]
    offsets: tuple[int, int]
    device: torch.device

    def block(self, start: int, stop: int) -> torch.Tensor:
        """Allowed keys of the queries start..stop, (B or 1, 1, queries, keys)."""
        n_rows, _, _, n_keys = self.shape
        query_offset, key_offset = self.offsets
        arange = torch.arange
        rows = arange(n_rows, device=self.device)[:, None, None, None]
        heads = arange(1, device=self.device)[None, :, None, None]
        queries = arange(start, stop, device=self.device)[None, None, :, None]
        keys = arange(n_keys, device=self.device)[None, None, None, :]
        allowed = self.rule(rows, heads, queries + query_offset, keys + key_offset)
        return allowed.expand(-1, -1, stop - start, n_keys)

    @cached_property
    def dense(self) -> torch.Tensor:
        return self.block(0, self.shape[2]).expand(self.shape)

    def __getitem__(self, index: Any) -> torch.Tensor:
        return self.dense[index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.dense, name)

    @classmethod
    def __torch_function__(
        cls, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        plain = [one.dense if isinstance(one, cls) else one for one in args]
        return function(*plain, **(kwargs or {}))


def make_rule_mask(  # noqa: PLR0913, PLR0917  the signature is transformers' own
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int = 0,
    kv_offset: int = 0,
    mask_function: Callable[..., torch.Tensor] | None = None,
    attention_mask: torch.Tensor | None = None,
    local_size: int | None = None,
    allow_is_causal_skip: bool = True,
    allow_is_bidirectional_skip: bool = False,
    use_vmap: bool = False,
    device: torch.device | str = "cpu",
    **others: Any,
) -> RuleMask | torch.Tensor | None:
    """The mask that transformers asks us to make; None where none is needed.

    Follows `sdpa_mask`: without padding, a full causal or bidirectional mask is left to
    the attention's own `is_causal`.
    """
    from transformers import masking_utils

    rule: Any = mask_function or masking_utils.causal_mask_function
    padding = masking_utils.prepare_padding_mask(attention_mask, kv_length, kv_offset)
    if use_vmap:  # a rule that is no function of indices alone
        dense: torch.Tensor | None = masking_utils.sdpa_mask(
            batch_size,
            q_length,
            kv_length,
            q_offset,
            kv_offset,
            rule,
            attention_mask,
            local_size,
            allow_is_causal_skip,
            allow_is_bidirectional_skip,
            use_vmap,
            device,
            **others,
        )
        return dense
    is_local = local_size is not None and kv_length >= local_size
    is_square = q_length == kv_length and q_offset == 0 and kv_offset == 0
    can_skip = (allow_is_causal_skip and is_square) or allow_is_bidirectional_skip
    if padding is not None and not bool(padding.all()):
        is_token = masking_utils.padding_mask_function(padding)
        rule = masking_utils.and_masks(rule, is_token)
    elif can_skip and not is_local:
        return None
    shape = (batch_size, 1, q_length, kv_length)
    return RuleMask(rule, shape, (int(q_offset), int(kv_offset)), torch.device(device))
