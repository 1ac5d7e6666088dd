"""How are attentions seen in a model with code of its own? As it returns its weights.

One layer's matrix of queries × keys is there at a time, and gone with its module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.probes.attention.blocks import Block
from pipeline.probes.attention.switch import saying

if TYPE_CHECKING:
    import torch
    from torch import nn

Look = Callable[["nn.Module", "torch.Tensor"], None]

_N_AXES = 4


@contextmanager
def showing(model: nn.Module, look: Look) -> Iterator[None]:
    """While open, `look` is given each attention module and its weights (B, H, T, S).

    A module that returns them on request alone is asked for them. All hooks are gone
    afterwards, after an error too.
    """
    with ExitStack() as stack:
        # The mask of another implementation is none that weights can be made with.
        stack.enter_context(saying(model, "eager"))
        for module in model.modules():
            if "attention" not in type(module).__name__.lower():
                continue
            if "output_attentions" in inspect.signature(module.forward).parameters:
                asking = module.register_forward_pre_hook(_ask, with_kwargs=True)
                stack.callback(asking.remove)
            seen = module.register_forward_hook(_show(look))
            stack.callback(seen.remove)
        yield


def _ask(
    _module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, {**kwargs, "output_attentions": True}


def _show(look: Look) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, _args: Any, output: Any) -> None:
        weights: Any = output[1] if isinstance(output, tuple) and output[1:] else None
        if getattr(weights, "ndim", None) == _N_AXES:
            look(module, weights.detach())

    return hook


def whole_block(weights: torch.Tensor) -> Block:
    """The block of all queries and keys that these weights are the softmax of.

    Scores are ln a less that of each row's largest, and so low where a is 0 that
    exp(score) is 0.
    """
    import torch

    wide = weights.to(torch.promote_types(weights.dtype, torch.float32))
    tiny = torch.finfo(wide.dtype).tiny
    largest = wide.amax(dim=-1).clamp(min=tiny)
    scores = (wide / largest[..., None]).clamp(min=tiny).log()
    return Block(0, 0, scores, wide, 1 / largest)
