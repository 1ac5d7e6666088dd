"""Which files of a folder hold one set of weights together?

A set is one file, shards named by an index, or shards named `…-00001-of-00003…`. The
same model saved in two forms is one set: safetensors is read, the rest is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.sources.array_names import ARRAY_FORMATS, without_data
from pipeline.sources.rank_files import Refusal, find_rank_files

Format = Literal[
    "safetensors", "torch", "dcp", "gguf", "keras", "onnx", "numpy", "flax"
]

TORCH_SUFFIXES = (".bin", ".pt", ".pth", ".th", ".ckpt", ".pth.tar")
GGUF_SUFFIX = ".gguf"
METADATA = ".metadata"  # of torch.distributed.checkpoint
WEIGHT_SUFFIXES = (".safetensors", *TORCH_SUFFIXES, GGUF_SUFFIX, *ARRAY_FORMATS)

# Of one model in several forms the first is read: GGUF is mostly rounded.
_PREFERENCE: tuple[Format, ...] = (
    *("safetensors", "torch", "dcp", "flax", "keras", "numpy", "onnx"),
    "gguf",
)

# Arguments and counters that Megatron and Lightning save beside .metadata.
_BESIDE_DCP = ("common.pt", "meta.pt")
_PART = re.compile(r"consolidated\.(\d+)\.")
_CUT = re.compile(r"[mt]p_rank_\d+(/|_model_states\.)")
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,9})-of-(?P<total>\d{1,9})")
_INDEX = re.compile(r"(?P<stem>.+)\.(safetensors|bin)\.index(\.\w+)?\.json")
_VARIANT = r"(\.(fp32|fp16|bf16|fp8|int8|ema|non_ema))?"
_MODEL = re.compile(
    rf"(model|pytorch_model|tf_model|flax_model|variables|weights|diffusion_pytorch_model|consolidated(\.00)?){_VARIANT}"
)
_ADAPTER = re.compile(r"adapter|adapter_model|pytorch_lora_weights")
# What trainers save beside a model: optimisers, schedules, random states, arguments.
_STATE = re.compile(
    r"(optim|optimizer|scheduler|lr_scheduler|scaler|sampler|rng_state|random_states?"
    r"|training_args|trainer_state)([._-].*)?|.*_optim_states",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class WeightSet:
    """Files of one folder that belong together.

    `head` names the set within its folder: the file, the index, or the shards as
    `stem-*-of-00003.safetensors`. `files` are those to read, in name order. How many
    shards there should be when no index names them is `n_expected`. `others` are sets
    that were taken for the same weights in another form. Where the set `is_cut`, each
    file has a part of every tensor; `refusal` says why a set cannot be read, or cannot
    where its files do not say how they are cut.
    """

    head: str
    stem: str
    format: Format
    files: tuple[str, ...]
    index: str = ""
    n_expected: int = 0
    others: tuple[str, ...] = ()
    is_cut: bool = False
    refusal: Refusal | None = None

    @property
    def role(self) -> Literal["model", "adapter", "other"]:
        """Whether the name is one that libraries give a folder's only model."""
        if _MODEL.fullmatch(self.stem):
            return "model"
        return "adapter" if _ADAPTER.fullmatch(self.stem) else "other"


def group_files(
    names: Iterable[str],
    indexed: Mapping[str, tuple[str, ...]],
    parts: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[WeightSet, ...]:
    """The sets that a folder's file names form, by name.

    `indexed` maps each index file to the shards that it lists, none when it cannot be
    read; `parts` are numbered files whose tensors make up one model. Of several forms
    of one model the first stays: safetensors before torch before GGUF, one file before
    shards, full before variants.
    """
    names = without_data(sorted(names))
    sets = [_indexed_set(name, names, indexed) for name in names if is_index(name)]
    sets += [WeightSet(h, _stem(h), _format(h), f) for h, f in (parts or {}).items()]
    joined = {name for one in (parts or {}).values() for name in one}
    sets += _parallel_sets([name for name in names if name not in joined])
    # An index also speaks for the shards of its name that it does not list.
    taken = {file for one in sets for file in (*one.files, *find_namesakes(one, names))}
    loose = [name for name in names if is_weights(name) and name not in taken]
    shards: dict[tuple[str, str, str], list[str]] = {}
    for name in loose:
        match = split_shard(name)
        key = (
            (match["stem"], match["total"], _suffix(name)) if match else (name, "", "")
        )
        shards.setdefault(key, []).append(name)
    sets += [
        _shard_set(key, files) if key[1] else file_set(key[0])
        for key, files in shards.items()
    ]
    return _choose(sets)


def _parallel_sets(names: list[str]) -> list[WeightSet]:
    """What several ranks wrote together, read as one or refused as one."""
    sets = []
    if METADATA in names:
        # Read through the metadata alone, which names the files beside it.
        files = tuple(n for n in names if n.endswith(".distcp") or n in _BESIDE_DCP)
        sets.append(WeightSet(METADATA, "model", "dcp", (METADATA, *files)))
    for found in find_rank_files(names, WEIGHT_SUFFIXES):
        if found.head == "*.distcp" and METADATA in names:
            continue
        one = WeightSet(found.head, _stem(found.head), _format(found.head), found.files)
        one = replace(one, refusal=found.refusal, is_cut=is_cut(found.files))
        sets.append(_consolidated(one) or one)
    return sets


def _consolidated(found: WeightSet) -> WeightSet | None:
    """Meta's parts 00, 01, …, which can be joined; None where one is missing."""
    numbers = [int(match[1]) for name in found.files if (match := _PART.match(name))]
    if not numbers or numbers != list(range(len(numbers))):
        return None
    if len(numbers) == 1:
        return file_set(found.files[0])
    return replace(found, stem="consolidated", is_cut=True, refusal=None)


def is_cut(files: Iterable[str]) -> bool:
    """Whether files, or the folders of each, are numbered by tensor-parallel rank."""
    return all(_CUT.match(name) for name in files)


def is_weights(name: str) -> bool:
    """Whether a file's name says weights, and not the rest of a training state."""
    if name == METADATA or name.endswith(".distcp"):
        return True
    return name.endswith(WEIGHT_SUFFIXES) and not _STATE.fullmatch(_stem(name))


def is_training_state(name: str) -> bool:
    """Whether a folder's name says optimiser or the like, as accelerate's do."""
    return _STATE.fullmatch(name) is not None


def is_index(name: str) -> bool:
    return _INDEX.fullmatch(name) is not None


def has_common_name(name: str) -> bool:
    """Whether the name alone says weights: `.bin` is a suffix of many other things."""
    return file_set(name).role != "other" or split_shard(name) is not None


def split_shard(name: str) -> re.Match[str] | None:
    """The stem, number and total of a shard's name."""
    return _SHARD.fullmatch(_stem(name))


def _indexed_set(
    index: str, names: list[str], indexed: Mapping[str, tuple[str, ...]]
) -> WeightSet:
    match = _INDEX.fullmatch(index)
    stem, suffix = (match["stem"], match[2]) if match else (index, "")
    kind: Format = "torch" if suffix == "bin" else "safetensors"
    found = WeightSet(index, stem, kind, (), index=index)
    files = indexed[index] or find_namesakes(found, names)
    return replace(found, files=tuple(sorted(files)))


def find_namesakes(indexed: WeightSet, names: Iterable[str]) -> tuple[str, ...]:
    """Shards that carry the name of an index, listed by it or not."""
    suffix = ".bin" if indexed.format == "torch" else ".safetensors"
    return tuple(
        name
        for name in names
        if name.endswith(suffix)
        and (match := split_shard(name))
        and match["stem"] == indexed.stem
    )


def _shard_set(key: tuple[str, str, str], files: list[str]) -> WeightSet:
    stem, total, suffix = key
    head = f"{stem}-*-of-{total}{suffix}"
    return WeightSet(head, stem, _format(suffix), tuple(files), n_expected=int(total))


def file_set(name: str) -> WeightSet:
    """The set that consists of one file."""
    return WeightSet(name, _stem(name), _format(name), (name,))


def _choose(sets: list[WeightSet]) -> tuple[WeightSet, ...]:
    families: dict[str, list[WeightSet]] = {}
    # Parts beside a whole model are its training state: they end no run.
    has_model = any(one.role == "model" and not one.refusal for one in sets)
    sets = [one for one in sets if not (one.refusal and has_model)]
    for one in sorted(sets, key=_rank):
        name = one.role if one.role != "other" else f"other {one.stem}"
        family = families.setdefault(name, [])
        if one.role == "other" and any(one.format == known.format for known in family):
            # foo.pt and foo.pth: nothing says that they are the same.
            family = families.setdefault(f"other {one.head}", [])
        family.append(one)
    chosen = [
        replace(first, others=tuple(one.head for one in rest))
        for first, *rest in families.values()
    ]
    return tuple(sorted(chosen, key=lambda one: one.head))


def _rank(one: WeightSet) -> tuple[int, bool, bool, bool, str]:
    base, _, variant = one.stem.partition(".")
    return (
        _PREFERENCE.index(one.format),
        base == "consolidated",
        len(one.files) != 1,
        bool(variant),
        one.head,
    )


def _suffix(name: str) -> str:
    return max((s for s in WEIGHT_SUFFIXES if name.endswith(s)), key=len, default="")


def _stem(name: str) -> str:
    return name.removesuffix(_suffix(name))


def _format(name: str) -> Format:
    if name.endswith(GGUF_SUFFIX):
        return "gguf"
    if name.endswith(".safetensors"):
        return "safetensors"
    return ARRAY_FORMATS.get(_suffix(name), "torch")
