"""Which family does a checkpoint belong to? By its config, else by its names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.layout.dimensions import (
    Placed,
    count_layers,
    find_dimensions,
    main_config,
)
from pipeline.layout.families import UNKNOWN, Family, load_families
from pipeline.layout.layout import Layout, Network
from pipeline.layout.naming import Name, Tower, clean_name
from pipeline.layout.words import read_habits
from pipeline.refs import TensorRef

# A family must match at least this share of the distinct names.
_LEAST_COVERAGE = 0.5
# A user's own module may wrap its network in a prefix, with few other tensors.
_LEAST_SHARE, _MAX_DEPTH = 0.5, 4


@dataclass(frozen=True)
class _Member:
    """A tensor of a network, with its name inside the network."""

    tensor: TensorRef
    name: Name


def identify(tensors: Sequence[TensorRef], config: Mapping[str, Any]) -> Layout:
    """The layout of a checkpoint; family `unknown` where none matches. Never raises.

    The family is that of the config's `model_type` (or `architectures`) if it matches
    at least half of the distinct names. Otherwise it is the family that matches most of
    them, at least half and one inside a block. Malformed values of a config are
    ignored. If no family matches, a prefix that most names share is removed first.
    """
    plain = _identify(tensors, config, "")
    if plain.family != UNKNOWN:
        return plain
    inside = (_identify(tensors, config, one) for one in _prefixes(tensors))
    return next((one for one in inside if one.family != UNKNOWN), plain)


def _prefixes(tensors: Sequence[TensorRef]) -> list[str]:
    """Prefixes of most names, shortest first: `model.`, `student.net.`."""
    names = [tensor.name for tensor in tensors if not tensor.skip_reason]
    counts: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")[:-1]
        for depth in range(1, min(len(parts), _MAX_DEPTH) + 1):
            counts[".".join(parts[:depth]) + "."] += 1
    common = [one for one, n in counts.items() if n >= _LEAST_SHARE * len(names)]
    return sorted(common, key=len)


def _identify(
    tensors: Sequence[TensorRef], config: Mapping[str, Any], prefix: str
) -> Layout:
    towers: dict[Tower, list[_Member]] = defaultdict(list, {Tower(): []})
    for tensor in tensors:
        if not tensor.skip_reason:
            name = clean_name(tensor.name.removeprefix(prefix))
            towers[name.tower].append(_Member(tensor, name))
    found = {
        tower: _identify_network(tower, members, _configs_of(tower, config), prefix)
        for tower, members in towers.items()
    }
    networks = {tower.prefix: network for tower, (network, _) in found.items()}
    layers: dict[str | None, int] = {}
    for _, counts in found.values():
        for stack, count in counts.items():
            layers[stack] = max(layers.get(stack, 0), count)
    if not found[Tower()][1]:
        networks[""] = _join_towers(networks)
    return Layout(networks, layers, prefix)


def _join_towers(networks: Mapping[str, Network]) -> Network:
    """The outer network of a model made of towers, such as CLIP.

    Its family is the one that the families of all towers extend.
    """
    outer = networks[""]
    ancestors = [n.family.ancestors for n in networks.values() if n.family.ancestors]
    if outer.family.name != UNKNOWN or not ancestors:
        return outer
    return replace(outer, family=load_families()[ancestors[0][0]])


def _identify_network(
    tower: Tower,
    members: Sequence[_Member],
    configs: Sequence[Mapping[str, Any]],
    prefix: str,
) -> tuple[Network, dict[str | None, int]]:
    family = _choose_family(members, configs)
    habits = read_habits((m.name.path, m.tensor.shape) for m in members)
    first = _first_blocks(family, members)
    bare = Network(family, first_blocks=first, habits=habits)
    layout = Layout({"": bare, tower.prefix: bare}, prefix=prefix)
    placed = [
        Placed(layout.locate(m.tensor.name, m.tensor.shape), m.tensor.shape)
        for m in members
    ]
    bare = replace(bare, fuses_gate=_fuses_gate(placed))
    sizes = find_dimensions(configs[-1], family, placed)
    counts = count_layers(placed)
    if len(counts) == 1 and sizes.n_layers:
        counts = {stack: max(n, sizes.n_layers) for stack, n in counts.items()}
    return replace(bare, sizes=sizes), counts


def _fuses_gate(placed: Sequence[Placed]) -> bool:
    """Whether `up` holds gate and up, as in Phi-3's GGUF or Megatron with SwiGLU."""
    sides: dict[str, set[int]] = defaultdict(set)
    for one in placed:
        place = one.location
        if place.layer is None or place.parameter != "weight" or len(one.shape) != 2:
            continue
        side = 1 if place.component == "down" else 0
        side = 1 - side if place.is_transposed else side
        sides[place.component].add(one.shape[side])
    ups, downs = sides["up"], sides["down"]
    has_gate = bool(sides["gate"] or sides["gate_up"])
    return not has_gate and len(ups) == 1 and ups == {2 * n for n in downs}


def _configs_of(tower: Tower, config: object) -> tuple[Mapping[str, Any], ...]:
    """The parts of a config that may name the family, widest first.

    The last one gives the sizes.
    """
    whole = config if isinstance(config, Mapping) else {}
    if not tower.config_key:
        return whole, main_config(whole)
    nested = whole.get(tower.config_key)
    return (nested if isinstance(nested, Mapping) else {},)


def _choose_family(
    members: Sequence[_Member], configs: Sequence[Mapping[str, Any]]
) -> Family:
    families = load_families()
    examples = {(_kind_of(m.name.path), m.name.parameter): m for m in members}
    for config in configs:
        stated = _stated_family(config, families.values())
        if stated and _coverage(stated, examples.values()) >= _LEAST_COVERAGE:
            return stated
    best = max(families.values(), key=lambda f: _rank(f, examples.values()))
    fits = _rank(best, examples.values())[0]
    if fits and _coverage(best, examples.values()) >= _LEAST_COVERAGE:
        return best
    return families[UNKNOWN]


def _kind_of(path: str) -> str:
    # Only separate numbers are indices: `conv1` and `conv2` are different modules.
    return ".".join("#" if part.isdecimal() else part for part in path.split("."))


def _stated_family(
    config: Mapping[str, Any], families: Iterable[Family]
) -> Family | None:
    by_type = {kind: family for family in families for kind in family.model_types}
    model_type = config.get("model_type")
    if isinstance(model_type, str) and model_type in by_type:
        return by_type[model_type]
    architectures = config.get("architectures")
    named = (
        architectures[0] if isinstance(architectures, list) and architectures else ""
    )
    if not isinstance(named, str):
        return None
    # LlamaForCausalLM → llama, XLMRobertaModel → xlm-roberta; the longest type wins.
    fitting = [t for t in by_type if named.lower().startswith(_squash(t))]
    return by_type[max(fitting, key=len)] if fitting else None


def _squash(model_type: str) -> str:
    return model_type.replace("-", "").replace("_", "")


def _coverage(family: Family, examples: Iterable[_Member]) -> float:
    hits = [family.match(m.name.path, m.name.parameter) for m in examples]
    return sum(hit is not None for hit in hits) / len(hits) if hits else 0.0


def _rank(
    family: Family, examples: Iterable[_Member]
) -> tuple[bool, int, int, int, int, str]:
    """The rank of a family by names alone; the largest wins.

    The family must match a name inside a block and every name that it requires, and no
    ratio may contradict it. Families are ranked by the number of names matched, then by
    the ratios confirmed, then by having the fewest patterns.
    """
    seen: set[str] = set()
    n_known, is_in_block, agreements = 0, False, []
    for member in examples:
        match = family.match(member.name.path, member.name.parameter)
        if match is None:
            continue
        n_known += 1
        seen.add(match.role.pattern)
        is_in_block = is_in_block or match.role.is_in_block
        ratio = family.ratios.get(match.role.pattern)
        shape = member.tensor.shape
        if ratio and match.parameter == "weight" and len(shape) == 2:
            agreements.append(shape[0] * ratio[1] == shape[1] * ratio[0])
    fits = is_in_block and family.requires <= seen and all(agreements)
    confirmed = len(agreements)
    return (
        fits,
        n_known,
        confirmed,
        -family.n_patterns,
        -len(family.ancestors),
        family.name,
    )


def _first_blocks(family: Family, members: Sequence[_Member]) -> dict[int, int]:
    """Global index of each stage's first block, as ResNets number blocks by stage."""
    n_blocks: dict[int, int] = defaultdict(int)
    for member in members:
        match = family.match(member.name.path, member.name.parameter)
        if match and match.block is not None:
            stage = match.stage or 0
            n_blocks[stage] = max(n_blocks[stage], match.block + 1)
    first, total = {}, 0
    for stage in sorted(n_blocks):
        first[stage] = total
        total += n_blocks[stage]
    return first
