"""Which files are only parts of a model: what one rank of many wrote?

Nothing in such a file says how the parts fit together, or a tool of its framework joins
them: the whole set is refused, with that tool's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """What the files are, and what makes a checkpoint of them."""

    what: str
    fix: str


@dataclass(frozen=True)
class RankFiles:
    """Files that differ in the number of a rank alone; `head` has `*` for it."""

    head: str
    files: tuple[str, ...]
    refusal: Refusal


_ZERO = Refusal(
    "partitions of DeepSpeed ZeRO, whose weights lie in pieces in the optim_states",
    "Run the zero_to_fp32.py that DeepSpeed wrote beside them: it makes a checkpoint",
)
_VERL = Refusal(
    "rank files of sharded (DTensor) weights, each with a part of every matrix",
    "Merge them with `python -m verl.model_merger merge --backend fsdp`",
)
TENSOR_PARALLEL = Refusal(
    "tensor-parallel parts, each with a part of every matrix",
    "Join them with the framework that wrote them: Megatron's tools/checkpoint/"
    "convert.py, DeepSpeed's ds_to_universal.py, Megatron-Bridge or NeMo's converters",
)
_PIPELINE = Refusal(
    "layers of a DeepSpeed pipeline, a file each, cut by ranks",
    "Convert them with the framework that wrote them, such as GPT-NeoX's"
    " tools/ckpts/convert_neox_to_hf.py",
)
_FAIRSEQ = Refusal(
    "parts that fairseq or metaseq wrote by rank, each with a piece of every weight",
    "Merge them with metaseq's scripts.consolidate_fsdp_shards, or save without"
    " --use-sharded-state in fairseq",
)
_HF_STORAGE = Refusal(
    "shards of torch.distributed.checkpoint in safetensors, with pieces of each weight",
    "Merge them with consolidate_safetensors_files of"
    " torch.distributed.checkpoint._consolidate_hf_safetensors",
)
ZARR = Refusal(
    "a Megatron checkpoint of the zarr backend, whose weights lie in folders of chunks",
    "Load it where it was made and save it as --dist-ckpt-format torch_dist, or convert"
    " it with Megatron's tools/checkpoint/convert.py",
)
_RANKS = Refusal(
    "files that each rank of a parallel run wrote, each with a part of the model",
    "Save a full state dict where it was made, or merge them with its framework's tool"
    " (accelerate merge-weights, torch.distributed.checkpoint.format_utils)",
)
UNFINISHED = Refusal(
    "shards of torch.distributed.checkpoint without their .metadata: never finished",
    "Take another step of the run, or copy the .metadata file too",
)

_NAMED = (
    (re.compile(r"((bf16|fp16|fp32)_)?zero_pp_rank_\d+_mp_rank_\d+_.*"), _ZERO),
    (re.compile(r"(model|fsdp_model)_world_size_\d+_rank_\d+"), _VERL),
    (re.compile(r"layer_\d+-model_\d+-model_states"), _PIPELINE),
    (re.compile(r"model\d+-mp(?!1$)\d+"), TENSOR_PARALLEL),
    (re.compile(r"consolidated\.\d+"), TENSOR_PARALLEL),
    (re.compile(r"shard-\d+-model-\d+-of-\d+"), _HF_STORAGE),
    (re.compile(r".+-model_part-\d+(-shard\d+)?"), _FAIRSEQ),
)
_MODEL_PARALLEL = re.compile(r"[mt]p_rank_\d+.*")
_RANK = re.compile(
    r"(?P<before>.*(?<![A-Za-z])(rank|tp|shard|partition)[-_.]?)(?P<number>\d+)"
    r"(?P<after>.*)"
)
_RANK_FOLDER = re.compile(r"((mp|tp|pp|ep|dp)_rank|rank|tp)[-_]?(\d+)((_\d+)*)")
_DIGITS = re.compile(r"\d+")


def find_rank_files(names: Iterable[str], suffixes: tuple[str, ...]) -> list[RankFiles]:
    """The sets of files that are parts of one model, by their names alone."""
    groups: dict[tuple[str, Refusal], list[str]] = {}
    numbered: dict[str, dict[int, str]] = {}
    for name in names:
        suffix = next((one for one in suffixes if name.endswith(one)), "")
        if name.endswith(".distcp"):
            groups.setdefault(("*.distcp", UNFINISHED), []).append(name)
        if not suffix:
            continue
        stem = name.removesuffix(suffix)
        kind = next((why for form, why in _NAMED if form.fullmatch(stem)), None)
        if kind:
            head = _DIGITS.sub("*", stem) + suffix
            groups.setdefault((head, kind), []).append(name)
        elif match := _RANK.fullmatch(stem):
            head = f"{match['before']}*{match['after']}{suffix}"
            numbered.setdefault(head, {})[int(match["number"])] = name
    for head, files in numbered.items():
        is_mp = _MODEL_PARALLEL.fullmatch(head.replace("*", "0"))
        numbers = sorted(files)
        # A LoRA of rank 8 beside one of rank 16 is no such set: ranks count from 0.
        if numbers[-1] > 0 and (is_mp or (numbers[0] == 0 and len(numbers) > 1)):
            why = TENSOR_PARALLEL if is_mp else _RANKS
            groups[head, why] = [files[number] for number in numbers]
    return [
        RankFiles(head, tuple(sorted(files)), why)
        for (head, why), files in groups.items()
    ]


def rank_folders(names: Iterable[str]) -> list[str]:
    """Folders, such as `mp_rank_00`, that hold the parts of one model; none if one."""
    found = {name: m for name in names if (m := _RANK_FOLDER.fullmatch(name))}
    numbers = {int(match[3]) for match in found.values()}
    # A study of ranks 8 and 16 has no rank 0.
    is_set = len(found) > 1 and (0 in numbers or any(m[4] for m in found.values()))
    return sorted(found) if is_set else []


def are_cut_by_tensor(folders: Iterable[str]) -> bool:
    """Whether folders of ranks are numbered by their part of each tensor alone."""
    matches = [_RANK_FOLDER.fullmatch(name) for name in folders]
    return all(match and match[2] in ("mp", "tp") and not match[4] for match in matches)


EMPTY_WEIGHTS = Refusal(
    "their weights are empty placeholders, as DeepSpeed ZeRO-3 leaves them",
    "Run the zero_to_fp32.py that DeepSpeed wrote beside the partitions, or save again"
    " with stage3_gather_16bit_weights_on_model_save",
)
SHARDED_TENSORS = Refusal(
    "holds sharded tensors (DTensor or ShardedTensor), one rank's part of each weight",
    _RANKS.fix,
)
