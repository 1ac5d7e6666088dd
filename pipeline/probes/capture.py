"""How is something seen while a model runs? Hooks that lead to reducers, then removed.

A reducer takes each tensor as it passes and keeps numbers whose size does not depend on
how many tokens there are; no activation outlives the module that made it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pipeline.errors import UsageError
from pipeline.probes.batch import Batch
from pipeline.probes.sites import Places, Site, SiteKind, find_places, find_sites

if TYPE_CHECKING:
    import torch
    from torch import nn

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


class Reducer(Protocol):
    """What takes in tensors as they pass and ends as rows of tables.

    `kinds` are the sites to look at; none where a reducer has hooks of its own.
    """

    kinds: frozenset[SiteKind]

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        """Take in what passes a site: a tensor, of a router whatever it returns."""

    def finish(self) -> Rows:
        """Rows by table, without the columns that say which checkpoint it is."""


@runtime_checkable
class Watching(Protocol):
    """A reducer that looks with hooks of its own while a batch runs."""

    def watching(
        self, forward: Forward, batch: Batch
    ) -> AbstractContextManager[None]: ...


@runtime_checkable
class Closing(Protocol):
    """A reducer that is shown the trunk's answer when a batch has run."""

    def close(self, batch: Batch, answer: Any) -> None: ...


@dataclass(frozen=True)
class Forward:
    """A model that is ready to run, and what is known of its modules.

    `kind` says what enters it: `decoder` and `encoder` take tokens, `encoder-decoder`
    tokens on both sides (the decoder's shifted by one), `module` inputs of its own.
    """

    model: nn.Module
    kind: str
    places: Places = field(repr=False)
    sites: tuple[Site, ...] = field(repr=False)

    @cached_property
    def trunk(self) -> nn.Module:
        """The part that ends before the head; the model itself where it has none."""
        base = getattr(self.model, "base_model", self.model)
        return base if _takes_tokens(base) else self.model

    @property
    def device(self) -> torch.device:
        return next(iter(self.model.parameters())).device


def make_forward(model: nn.Module) -> Forward:
    """Look at a loaded model; it is put into evaluation mode, its weights stay."""
    model.eval()
    places = find_places(model)
    return Forward(model, _kind_of(model), places, find_sites(model, places=places))


def _kind_of(model: nn.Module) -> str:
    config = getattr(model, "config", None)
    if config is None or not _takes_tokens(model):
        return "module"
    if getattr(config, "is_encoder_decoder", False):
        return "encoder-decoder"
    return "decoder" if _is_causal(model) else "encoder"


def _is_causal(model: nn.Module) -> bool:
    """Whether each token sees those before it alone: what its attention modules say."""
    config: Any = model.config
    if type(model).__name__.endswith(("ForCausalLM", "LMHeadModel")):
        return True
    stated = [
        bool(one.is_causal) for one in model.modules() if hasattr(one, "is_causal")
    ]
    if stated:
        return all(stated) and getattr(config, "is_causal", True) is not False
    return bool(getattr(config, "is_decoder", False))


def _takes_tokens(module: nn.Module) -> bool:
    return "input_ids" in inspect.signature(module.forward).parameters


def run_trunk(forward: Forward, batch: Batch) -> Any:
    """Run everything before the head on a batch; what the model itself returns."""
    if batch.inputs is not None:
        return forward.model(**batch.inputs)
    return forward.trunk(**trunk_inputs(forward, batch))


def trunk_inputs(forward: Forward, batch: Batch) -> dict[str, Any]:
    """Keyword arguments of the trunk, of those that it takes."""
    takes = inspect.signature(forward.trunk.forward).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    mask = batch.mask.to(batch.tokens.dtype)
    given: dict[str, Any] = {"input_ids": batch.tokens, "attention_mask": mask}
    if forward.kind == "encoder-decoder":
        given["decoder_input_ids"] = shift_right(forward, batch)
        given["decoder_attention_mask"] = mask
    if batch.is_padded_left and not _counts_positions(forward.trunk):
        given["position_ids"] = batch.positions
        # Through **kwargs they would be ignored without a word.
        if _has_positions(forward) and "position_ids" not in takes:
            raise UsageError(
                f"{type(forward.trunk).__name__} counts positions from the left edge",
                fix="Pad its batches on the right",
            )
    given |= {"use_cache": False, "return_dict": True}
    return {key: value for key, value in given.items() if takes_any or key in takes}


def shift_right(forward: Forward, batch: Batch) -> torch.Tensor:
    """What a decoder is given to predict each token: the one before, first a start."""
    config: Any = forward.model.config
    start = getattr(config, "decoder_start_token_id", None)
    if start is None:
        start = getattr(config, "pad_token_id", None) or 0
    before = batch.tokens.roll(1, dims=1)
    return before.masked_fill(batch.positions == 0, int(start))


def _has_positions(forward: Forward) -> bool:
    """Whether there are embeddings of positions; rotary and relative ones need none."""
    located = forward.places.modules.values()
    return any(one.component == "position_embedding" for one in located)


def _counts_positions(trunk: nn.Module) -> bool:
    """Whether positions are counted from the tokens or the mask by the model itself."""
    return any(
        hasattr(one, "create_position_ids_from_input_ids")
        or "OPTLearnedPositionalEmbedding" in type(one).__name__
        for one in trunk.modules()
    )


@contextmanager
def capturing(
    forward: Forward, batch: Batch, reducers: Sequence[Reducer]
) -> Iterator[None]:
    """While open, what passes the reducers' sites is shown to them.

    Hooks look and return nothing: outputs are what they are without them. All of them
    are gone afterwards, after an error too.
    """
    modules = dict(forward.model.named_modules())
    with ExitStack() as stack:
        for site in forward.sites:
            takers = [one for one in reducers if site.kind in one.kinds]
            if takers:
                handle = _hook(modules[site.path], site, batch, takers)
                stack.callback(handle.remove)
        for one in reducers:
            if isinstance(one, Watching):
                stack.enter_context(one.watching(forward, batch))
        yield


def observe(forward: Forward, batch: Batch, reducers: Sequence[Reducer]) -> Any:
    """Run the trunk once with its reducers looking on; what it returns."""
    import torch

    with torch.no_grad(), capturing(forward, batch, reducers):
        return run_trunk(forward, batch)


def _hook(
    module: nn.Module, site: Site, batch: Batch, takers: Sequence[Reducer]
) -> Any:
    def show(value: Any) -> None:
        for taker in takers:
            taker.observe(site, value, batch)

    if site.is_input:

        def look_in(_module: Any, args: Any, kwargs: Any) -> None:
            value = args[0] if args else kwargs.get("hidden_states")
            if value is not None:
                show(value)

        return module.register_forward_pre_hook(look_in, with_kwargs=True)

    def look_out(_module: Any, _args: Any, output: Any) -> None:
        show(output if site.kind == "router" else first_tensor(output))

    return module.register_forward_hook(look_out)


def first_tensor(output: Any) -> Any:
    """A module's output, of several the first."""
    return output[0] if isinstance(output, tuple | list) else output
