"""What does the loss become without a block, or without one weight? Forwards again.

Loss changes are paired by document: the same tokens with and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.probes.batch import Batch
from pipeline.probes.capture import Forward, capturing, first_tensor
from pipeline.probes.head import can_predict, last_states, predicted, token_losses
from pipeline.probes.probe_set import TokenSet, make_batches
from pipeline.probes.run import ProbeParameters
from pipeline.probes.site_rows import join_blocks
from pipeline.probes.sites import Site, SiteKind

if TYPE_CHECKING:
    from torch import nn

Row = dict[str, Any]
F64 = NDArray[np.float64]

# A super weight's loss change: so many standard errors, and this share of the loss.
_LEAST_Z, _LEAST_SHARE = 4.0, 0.01


@dataclass(frozen=True)
class Losses:
    """Σ −ln p and predictions of each document."""

    sums: F64
    n: NDArray[np.int64]

    @property
    def mean(self) -> float:
        return float(self.sums.sum() / self.n.sum())

    def change(self, changed: Losses) -> tuple[float | None, float | None]:
        """Mean change of the loss and its standard error over documents."""
        off = changed.sums - self.sums
        total = self.n.sum()
        if not total or not np.isfinite(off).all():
            return None, None
        delta = float(off.sum() / total)
        kept = self.n > 0
        m = int(kept.sum())
        if m < 2:
            return delta, None
        rest = off[kept] - delta * self.n[kept]
        return delta, float(np.sqrt((rest**2).sum() * m / (m - 1)) / total)


@dataclass
class _Spike:
    """The largest output and the largest input of a projection, and where they are."""

    size_out: float = 0.0
    row: int = 0
    size_in: float = 0.0
    column: int = 0


class _SpikeReducer:
    """Of each MLP's last projection, the dimensions with the largest magnitudes."""

    kinds: frozenset[SiteKind] = frozenset({"mlp_output", "linear_input"})

    def __init__(self) -> None:
        self.spikes: dict[Site, _Spike] = {}

    def observe(self, site: Site, value: Any, batch: Batch) -> None:
        rows = batch.select(value) if site.component == "down" else None
        if rows is None or not rows.numel():
            return
        sizes = rows.abs().amax(dim=0)
        size, place = float(sizes.max()), int(sizes.argmax())
        at = Site(site.stack, site.layer, site.component, "mlp_output", site.path)
        spike = self.spikes.setdefault(at, _Spike())
        if site.kind == "mlp_output" and size > spike.size_out:
            spike.size_out, spike.row = size, place
        elif site.kind == "linear_input" and size > spike.size_in:
            spike.size_in, spike.column = size, place

    def finish(self) -> dict[str, list[Row]]:
        return {}


def add_skips(
    tables: dict[str, list[Row]],
    forward: Forward,
    tokens: TokenSet,
    parameters: ProbeParameters,
) -> None:
    """Put the loss without each block into the rows of a run's blocks."""
    size, chunk = parameters.batch_tokens, parameters.head_chunk
    tables["skips"] = skip_blocks(forward, tokens, batch_tokens=size, chunk=chunk)
    join_blocks(tables)


def skip_blocks(
    forward: Forward, tokens: TokenSet, *, batch_tokens: int, chunk: int
) -> list[Row]:
    """A row per block: the loss without it, and without its likeliest super weight.

    The weight is where the largest input of the MLP's last projection meets its largest
    output, after Yu et al., arXiv 2411.07191. It is announced where the loss without it
    rises by 1 % and by four standard errors. Weights are put back bit for bit. No row
    where there is no head, or for an encoder: it sees what it is asked for.
    """
    if forward.kind == "encoder" or not can_predict(forward):
        return []

    def run() -> Losses:
        return _losses(forward, tokens, batch_tokens=batch_tokens, chunk=chunk)

    spikes = _find_spikes(forward, tokens, batch_tokens)
    modules = dict(forward.model.named_modules())
    whole = run()
    rows: list[Row] = []
    for site in forward.sites:
        if site.kind != "block_output" or not whole.n.sum():
            continue
        with _skipping(modules[site.path]):
            delta, stderr = whole.change(run())
        row: Row = {"stack": site.stack, "layer": site.layer}
        row |= {"skip_loss_change": delta, "skip_loss_stderr": stderr}
        same = [s for s in spikes if (s.stack, s.layer) == (site.stack, site.layer)]
        if len(same) == 1:
            row |= _without_weight(modules[same[0].path], spikes[same[0]], whole, run)
        rows.append(row)
    return rows


def _losses(
    forward: Forward, tokens: TokenSet, *, batch_tokens: int, chunk: int
) -> Losses:
    import torch

    n = len(tokens.documents)
    sums, counts = np.zeros(n), np.zeros(n, np.int64)
    with torch.no_grad():
        for batch in make_batches(tokens, n_tokens=batch_tokens):
            own = batch.to(forward.device)
            answer = last_states(forward, own)
            found = token_losses(forward, own, answer, chunk=chunk)
            at = predicted(forward, own)[1].cpu().numpy() // own.mask.shape[1]
            of = np.array([one.document for one in own.windows], np.int64)[at]
            sums += np.bincount(of, found.double().cpu().numpy(), n)
            counts += np.bincount(of, minlength=n)
    return Losses(sums, counts)


def _find_spikes(
    forward: Forward, tokens: TokenSet, batch_tokens: int
) -> dict[Site, _Spike]:
    import torch

    reducer = _SpikeReducer()
    with torch.no_grad():
        for batch in make_batches(tokens, n_tokens=batch_tokens):
            own = batch.to(forward.device)
            with capturing(forward, own, [reducer]):
                last_states(forward, own)
    return reducer.spikes


@contextmanager
def _skipping(module: nn.Module) -> Iterator[None]:
    """While open, a block hands on what it was given."""
    given: list[Any] = []

    def look_in(_module: Any, args: Any, kwargs: Any) -> None:
        given[:] = [args[0] if args else kwargs.get("hidden_states")]

    def hand_on(_module: Any, _args: Any, output: Any) -> Any:
        if first_tensor(output) is output:
            return given[0]
        return (given[0], *output[1:])

    handles = [
        module.register_forward_pre_hook(look_in, with_kwargs=True),
        module.register_forward_hook(hand_on),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _without_weight(
    module: nn.Module, spike: _Spike, whole: Losses, run: Callable[[], Losses]
) -> Row:
    import torch

    weight: Any = module.weight
    # A Conv1D holds its inputs in rows.
    is_conv = type(module).__name__ == "Conv1D"
    at = (spike.column, spike.row) if is_conv else (spike.row, spike.column)
    before = weight.data[at].clone()
    with torch.no_grad():
        weight.data[at] = 0
        try:
            delta, stderr = whole.change(run())
        finally:
            weight.data[at] = before
    is_super = delta is not None and stderr is not None
    if delta is not None and stderr is not None:
        is_super = delta > max(_LEAST_Z * stderr, _LEAST_SHARE * whole.mean)
    return {
        "spike_row": spike.row,
        "spike_column": spike.column,
        "spike_weight": float(before),
        "spike_loss_change": delta,
        "spike_loss_stderr": stderr,
        "is_super_weight": is_super,
    }
