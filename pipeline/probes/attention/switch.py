"""How does a model hand its attentions to us? An implementation of its own, then back.

transformers lets an attention be replaced by name. Ours looks up who watches the module
that calls. The mask's maker is registered under the same name: without it transformers
passes no mask at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.probes.attention.blocks import Rule
from pipeline.probes.attention.mask import make_rule_mask

if TYPE_CHECKING:
    import torch
    from torch import nn

IMPLEMENTATION = "weightlake_blocks"


class Watcher(Protocol):
    """Computes the attention of a module in its stead: (B, T, H, D)."""

    def __call__(
        self,
        module: nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *,
        rule: Rule,
    ) -> torch.Tensor: ...


# Watchers by the identity of the module that they watch, for as long as they watch it.
_WATCHED: dict[int, Watcher] = {}


def can_switch(model: nn.Module) -> bool:
    """Whether every attention of the model goes through transformers' interface."""
    can = getattr(type(model), "_can_set_attn_implementation", None)
    return bool(can and can())


@contextmanager
def switched(model: Any, watcher: Watcher) -> Iterator[None]:
    """While open, every attention of the model is computed by the watcher.

    Afterwards, after an error too, every config says the implementation that it said.
    """
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(IMPLEMENTATION, _forward)
    AttentionMaskInterface.register(IMPLEMENTATION, make_rule_mask)
    watched = [id(module) for module in model.modules()]
    _WATCHED.update(dict.fromkeys(watched, watcher))
    try:
        with saying(model, None):
            model.set_attn_implementation(IMPLEMENTATION)
            yield
    finally:
        for identity in watched:
            del _WATCHED[identity]


@contextmanager
def saying(model: nn.Module, implementation: str | None) -> Iterator[None]:
    """While open, every config names this implementation; None leaves them.

    Afterwards, after an error too, every config says what it said. A model with code of
    its own refuses `set_attn_implementation`, and makes its masks by the config.
    """
    before = [(one, one._attn_implementation) for one in _configs(model)]  # noqa: SLF001
    try:
        for config, _ in before:
            if implementation is not None:
                config._attn_implementation_internal = implementation  # noqa: SLF001
        yield
    finally:
        for config, said in before:
            config._attn_implementation_internal = said  # noqa: SLF001


def _configs(model: nn.Module) -> list[Any]:
    """Every config in the model, those inside others too."""
    found: dict[int, Any] = {}
    waiting: list[Any] = [
        one.config for one in model.modules() if hasattr(one, "config")
    ]
    while waiting:
        config = waiting.pop()
        if id(config) in found or not hasattr(config, "_attn_implementation"):
            continue
        found[id(config)] = config
        inner = (getattr(config, name, None) for name in config.sub_configs)
        waiting.extend(one for one in inner if one is not None)
    return list(found.values())


def _forward(  # noqa: PLR0913, PLR0917  the signature is transformers' own
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Any,
    dropout: float = 0.0,  # noqa: ARG001  a model in evaluation mode drops nothing
    scaling: float | None = None,
    is_causal: bool | None = None,
    position_bias: torch.Tensor | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_others: Any,
) -> tuple[torch.Tensor, None]:
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    is_square = attention_mask is None and query.shape[2] > 1 and bool(causal)
    if is_square:  # as sdpa: queries and keys begin together
        key, value = key[:, :, : query.shape[2]], value[:, :, : query.shape[2]]
    rule = Rule(
        scaling=query.shape[-1] ** -0.5 if scaling is None else scaling,
        mask=attention_mask,
        is_causal=is_square,
        softcap=softcap,
        sinks=s_aux,
        bias=position_bias,
    )
    return _WATCHED[id(module)](module, query, key, value, rule=rule), None
