"""How is this checkpoint laid out? Locations and matrices of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.components import load_components
from pipeline.layout.dimensions import Dimensions
from pipeline.layout.families import UNKNOWN, Family, Match, load_families
from pipeline.layout.location import Location
from pipeline.layout.naming import Name, clean_name
from pipeline.layout.views import MatrixView, explain_no_view, list_views
from pipeline.layout.words import Habits, locate_by_words
from pipeline.refs import TensorRef


@dataclass(frozen=True)
class Network:
    """One network of a checkpoint: the outer one, or a tower inside it.

    `first_blocks` holds the global index of each stage's first block; `habits` help
    where no family knows a name. `fuses_gate`: its `up` has twice the rows that `down`
    reads, and there is no gate beside it.
    """

    family: Family
    sizes: Dimensions = field(default_factory=Dimensions)
    first_blocks: Mapping[int, int] = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)
    fuses_gate: bool = False


@dataclass(frozen=True)
class Layout:
    """Where every tensor of one checkpoint sits; made by `identify`.

    `networks` maps a tower's prefix to the network identified inside it, and "" to the
    outer network; `layers` counts the blocks of each stack. `prefix` is the prefix of
    all names of the network inside a user's own module.
    """

    networks: Mapping[str, Network] = field(repr=False)
    layers: Mapping[str | None, int] = field(default_factory=dict)
    prefix: str = ""

    @property
    def family(self) -> str:
        """Name of the outer network's family; `unknown` where none matches."""
        return self.networks[""].family.name

    @property
    def n_layers(self) -> int | None:
        """Number of blocks of the outer network, over all its stacks."""
        return self.networks[""].sizes.n_layers

    @property
    def hidden_size(self) -> int | None:
        """Width of the residual stream."""
        return self.networks[""].sizes.hidden_size

    @property
    def n_heads(self) -> int | None:
        """Attention heads per layer."""
        return self.networks[""].sizes.n_heads

    @property
    def n_kv_heads(self) -> int | None:
        """Key and value heads per layer."""
        return self.networks[""].sizes.n_kv_heads

    @property
    def n_experts(self) -> int | None:
        """Experts per mixture layer."""
        return self.networks[""].sizes.n_experts

    @property
    def vocabulary_size(self) -> int | None:
        """Rows of the token embedding."""
        return self.networks[""].sizes.vocabulary_size

    def clean(self, name: str) -> Name:
        """The name inside its network, without the user's own prefix."""
        return clean_name(name.removeprefix(self.prefix))

    def locate(self, name: str, shape: tuple[int, ...]) -> Location:
        """The tensor's place; component `other` where the name is unknown."""
        return self._place(name, shape)[0]

    def sizes(self, name: str) -> Dimensions:
        """Sizes of the tensor's network; a tower has its own."""
        tower = self.clean(name).tower.prefix
        return self.networks.get(tower, self.networks[""]).sizes

    def depth(self, location: Location) -> float | None:
        """0 in the first block of its stack, 1 in the last, null outside blocks."""
        if location.layer is None:
            return None
        n_layers = self.layers.get(location.stack, 0)
        return min(location.layer / (n_layers - 1), 1.0) if n_layers > 1 else 0.0

    def views(self, tensor: TensorRef) -> tuple[MatrixView, ...]:
        """Every matrix that the tensor holds; empty if it holds none."""
        location, family, sizes = self._place(tensor.name, tensor.shape)
        return list_views(tensor, location, family, sizes)

    def no_view_reason(self, tensor: TensorRef) -> str:
        """Why `views` is empty; "" if it is not."""
        return explain_no_view(tensor, self.locate(tensor.name, tensor.shape))

    def _place(
        self, name: str, shape: tuple[int, ...]
    ) -> tuple[Location, Family, Dimensions]:
        cleaned = self.clean(name)
        network = self.networks.get(cleaned.tower.prefix, self.networks[""])
        family = network.family
        match = family.match(cleaned.path, cleaned.parameter)
        if match and _is_plausible(match, shape):
            location = _location_of(match, shape, network)
        else:
            location = locate_by_words(
                cleaned.path, shape, cleaned.parameter, network.habits
            )
            if location.stack is None and location.layer is not None:
                location = replace(location, stack=family.only_stack)
            family = load_families()[UNKNOWN]
        if network.fuses_gate and location.component == "up":
            location = replace(location, component="gate_up")
        stack = cleaned.tower.stack or location.stack
        if load_components()[location.component].outside:
            stack = None
        return replace(location, stack=stack), family, network.sizes


def _is_plausible(match: Match, shape: tuple[int, ...]) -> bool:
    # ResNet-D has a convolution under the name of other ResNets' shortcut norm.
    component = load_components()[match.role.component]
    return component.why != "normalisation" or len(shape) < 4


def _location_of(match: Match, shape: tuple[int, ...], network: Network) -> Location:
    layer = match.layer
    if match.block is not None:
        first = network.first_blocks.get(match.stage or 0)
        layer = None if first is None else first + match.block
    return Location(
        match.stack,
        layer,
        match.role.component,
        match.parameter,
        match.expert,
        _is_transposed(match, shape, network.family),
    )


def _is_transposed(match: Match, shape: tuple[int, ...], family: Family) -> bool:
    if match.parameter != "weight":
        return False
    if len(shape) == 3:
        is_expert = load_components()[match.role.component].experts
        return family.transposed_experts and is_expert
    return len(shape) == 2 and match.role.component in family.transposed
