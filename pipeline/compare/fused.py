"""Which parts of a fused tensor meet tensors that the other side stores alone?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.components import load_components
from pipeline.layout import Layout, Location, MatrixView
from pipeline.refs import TensorRef

Array = np.ndarray
# Stack, layer, component, parameter, expert.
Role = tuple[str | None, int | None, str, str, int | None]


@dataclass(frozen=True)
class Part:
    """One component inside a tensor, or all of the tensor where `view` is null.

    The part of a bias is cut as `view` cuts the weight of `weight_shape` beside it;
    `fused` is the component of the whole tensor.
    """

    tensor: TensorRef
    location: Location
    view: MatrixView | None = None
    weight_shape: tuple[int, ...] = ()
    fused: str = ""

    @property
    def is_whole(self) -> bool:
        return self.view is None

    @property
    def shape(self) -> tuple[int, ...]:
        if self.view is None:
            return self.tensor.shape
        if self.weight_shape:
            return (self._outputs().size,)
        return self.view.n_rows, self.view.n_cols

    @property
    def text(self) -> str:
        """What of the tensor is meant: `q of qkv`."""
        if self.view is None:
            return ""
        return f"{self.view.view} of {self.fused}"

    def of(self, array: Array) -> Array:
        """The part of the tensor's values; a copy."""
        if self.view is None:
            return np.ascontiguousarray(array)
        if self.weight_shape:
            return np.asarray(array[self._outputs()])
        return np.ascontiguousarray(self.view.of(array))

    def _outputs(self) -> Array:
        """Places of the part's outputs among those of the fused weight."""
        assert self.view is not None, "a part has a view"  # noqa: S101
        n_rows, n_cols = self.weight_shape
        if self.location.is_transposed:
            places = np.broadcast_to(np.arange(n_cols), (n_rows, n_cols))
            return np.asarray(self.view.of(places)[0])
        places = np.broadcast_to(np.arange(n_rows)[:, None], (n_rows, n_cols))
        return np.asarray(self.view.of(places)[:, 0])


def list_parts(
    tensors: Sequence[TensorRef],
    places: Mapping[str, Location],
    layout: Layout,
    among: Sequence[TensorRef],
) -> list[Part]:
    """Each view of a fused tensor, or the tensor itself.

    `among` are all tensors of the side: a fused bias is cut like the weight there.
    """
    weights = {role_of(places[t.name])[:3]: t for t in among if _is_weight(t, places)}
    return [
        part
        for tensor in tensors
        for part in _parts(tensor, places[tensor.name], layout, weights)
    ]


def _parts(
    tensor: TensorRef,
    location: Location,
    layout: Layout,
    weights: Mapping[tuple[str | None, int | None, str], TensorRef],
) -> Iterator[Part]:
    if location.parameter == "bias" and len(tensor.shape) == 1:
        weight = weights.get(role_of(location)[:3])
        views = layout.views(weight) if weight and len(weight.shape) == 2 else ()
        turned = bool(weight and layout.locate(weight.name, weight.shape).is_transposed)
        if weight and len(views) > 1 and weight.shape[turned] == tensor.shape[0]:
            of = replace(location, is_transposed=turned)
            yield from (
                Part(tensor, _within(of, v), v, weight.shape, of.component)
                for v in views
                if v.matrix_view == "split"
            )
            return
    views = layout.views(tensor) if location.parameter == "weight" else ()
    split = [view for view in views if view.matrix_view in ("split", "expert")]
    fused = location.component
    yield from (
        Part(tensor, _within(location, view), view, fused=fused) for view in split
    )
    if not split:
        yield Part(tensor, location)


def _within(location: Location, view: MatrixView) -> Location:
    return replace(location, component=view.component, expert=view.expert)


def _is_weight(tensor: TensorRef, places: Mapping[str, Location]) -> bool:
    location = places[tensor.name]
    is_fused = bool(load_components()[location.component].parts)
    return is_fused and location.parameter == "weight"


def role_of(location: Location) -> Role:
    """Stack, layer, component, parameter and expert."""
    return (
        location.stack,
        location.layer,
        location.component,
        location.parameter,
        location.expert,
    )
