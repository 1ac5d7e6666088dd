"""Along which axis is a tensor cut, of which each rank's file holds a part?

Meta's files say it by their names and widths. Megatron's state the sizes of the whole
in `args`, DeepSpeed's the rules in `universal_checkpoint_info`. Where a file says
neither, or its sizes do not fit, nothing is joined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.refs import TensorRef
from pipeline.sources.torch_load import load

_NO_AXIS = "no rule says how {!r} is cut"


class UncutError(Exception):
    """Parts that cannot be joined; says why."""


@dataclass(frozen=True)
class Cut:
    """The axis, None where each part is whole; each part holds `blocks` runs of it.

    Two blocks: every rank has its rows of the gate, then its rows of up.
    """

    axis: int | None
    blocks: int = 1


WHOLE, ROWS, COLUMNS = Cut(None), Cut(0), Cut(1)
Rule = Callable[[TensorRef], Cut]

_META_ROWS = ("wq", "wk", "wv", "w1", "w3", "output")
_META_COLUMNS = ("wo", "w2")
_META_EMBEDDING = "tok_embeddings"

_MEGATRON_ROWS = frozenset(
    {
        *(
            "query_key_value",
            "linear_qkv",
            "query",
            "key_value",
            "linear_q",
            "linear_kv",
        ),
        *("dense_h_to_4h", "linear_fc1", "word_embeddings", "output_layer", "lm_head"),
    }
)
_MEGATRON_COLUMNS = frozenset({"linear_proj", "dense_4h_to_h", "linear_fc2"})
_MEGATRON_WHOLE = re.compile(
    r".*(norm|layer_norm_(weight|bias)|position_embeddings|tokentype|router|gate\.wg).*"
)
_GATED = ("dense_h_to_4h", "linear_fc1")


def metas_rule(tensors: Sequence[TensorRef]) -> Rule:
    """How Meta's `consolidated.NN` are cut: by the module, norms being whole."""
    width = residual_width(tensors)

    def rule(tensor: TensorRef) -> Cut:
        if len(tensor.shape) < 2:
            if "norm" in tensor.name or tensor.name.endswith("freqs"):
                return WHOLE
        else:
            module = module_of(tensor)
            if module == _META_EMBEDDING:
                # Llama 1 and 2 cut the width, Llama 3 the vocabulary.
                return ROWS if tensor.shape[1] == width else COLUMNS
            if module in _META_ROWS:
                return ROWS
            if module in _META_COLUMNS:
                return COLUMNS
        raise UncutError(_NO_AXIS.format(tensor.name))

    return rule


def residual_width(tensors: Sequence[TensorRef]) -> int:
    """Of the residual stream: norms are whole in every part."""
    sizes = (t.shape[0] for t in tensors if len(t.shape) == 1 and "norm" in t.name)
    return next(sizes, 0)


def module_of(tensor: TensorRef) -> str:
    """The last module of a tensor's name."""
    return tensor.name.removesuffix(".weight").rpartition(".")[2]


def read_facts(path: Path) -> Mapping[str, Any]:
    """What a rank's file says beside its tensors, `args` as a mapping."""
    loaded = load(path)
    facts = dict(loaded) if isinstance(loaded, Mapping) else {}
    args = facts.get("args")
    facts["args"] = args if isinstance(args, Mapping) else vars(args) if args else {}
    return facts


def check_parts(
    name: str, files: Sequence[str], found: Mapping[str, TensorRef]
) -> None:
    """Raise UncutError for a weight that some of the files do not hold."""
    lost = [file for file in files if file not in found]
    if lost and not any(part.skip_reason for part in found.values()):
        raise UncutError(f"{name!r} is not in {', '.join(lost[:3])}")


def n_ranks(facts: Mapping[str, Any]) -> int:
    """Among how many ranks the weights of a file are cut, 1 where it does not say."""
    args = facts["args"]
    stated = [facts.get("mp_world_size"), args.get("tensor_model_parallel_size")]
    return max((n for n in stated if type(n) is int), default=1)


def stated_rule(facts: Mapping[str, Any], n_parts: int) -> Rule:
    """How Megatron's or DeepSpeed's parts are cut. Raises UncutError where unsaid."""
    args, patterns = facts["args"], facts.get("universal_checkpoint_info")
    n_stated = n_ranks(facts)
    if n_stated not in (1, n_parts):
        raise UncutError(f"{n_parts} of {n_stated} tensor-parallel parts are here")
    for key in ("pipeline_model_parallel_size", "expert_model_parallel_size"):
        if args.get(key, 1) not in (1, None):
            raise UncutError(f"its args say {key} {args[key]}: no file has all layers")
    if isinstance(patterns, Mapping):
        return _universal_rule(patterns)
    if type(args.get("hidden_size")) is int:
        return _megatron_rule(args, facts.get("checkpoint_version", 0), n_parts)
    raise UncutError(
        "tensor-parallel parts that state neither args.hidden_size nor"
        " universal_checkpoint_info: nothing says how they are cut"
    )


def _universal_rule(stated: Mapping[str, Any]) -> Rule:
    """As DeepSpeed's ds_to_universal.py merges: by rows, unless a pattern says else."""

    def matches(key: str, name: str) -> bool:
        patterns = stated.get(key) or ()
        return any(re.match(str(pattern), name) for pattern in patterns)

    def rule(tensor: TensorRef) -> Cut:
        name = tensor.name
        for key in ("parameter_to_average_patterns", "parameter_with_sub_params"):
            if matches(key, name):
                raise UncutError(f"{name!r} is joined by {key}")
        if not tensor.shape or matches("tp_replicated_parameter_patterns", name):
            return WHOLE
        if matches("parameter_with_row_parallelism_patterns", name):
            return COLUMNS if len(tensor.shape) > 1 else WHOLE
        two = matches("parameter_with_2_sub_params_cat_dim_0", name)
        return Cut(0, 2 if two else 1)

    return rule


def _megatron_rule(args: Mapping[str, Any], version: object, n_parts: int) -> Rule:
    width, hidden = args["hidden_size"], args.get("ffn_hidden_size")
    is_gated = bool(args.get("swiglu") or args.get("gated_linear_unit"))
    # Before version 1 a rank's q, k and v lie one after another, not head by head.
    is_old = type(version) in (int, float) and float(str(version)) < 1

    def rule(tensor: TensorRef) -> Cut:
        stem, _, leaf = tensor.name.rpartition(".")
        module, above = stem.rpartition(".")[2], stem.rpartition(".")[0]
        is_columns = module in _MEGATRON_COLUMNS or (
            module == "dense" and above.endswith("attention")
        )
        if not tensor.shape or _MEGATRON_WHOLE.fullmatch(tensor.name):
            return WHOLE
        if is_columns and leaf == "bias":
            return WHOLE
        n_rows, n_columns = (*tensor.shape, width)[:2]
        if is_columns:
            fits = n_rows == width and len(tensor.shape) == 2
            if module not in {"dense", "linear_proj"} and hidden:
                fits = fits and n_columns * n_parts == hidden
            return _fitting(tensor, COLUMNS, fits=fits)
        if module not in _MEGATRON_ROWS:
            raise UncutError(_NO_AXIS.format(tensor.name))
        blocks = 2 if module in _GATED and is_gated else 1
        blocks = 3 if module == "query_key_value" and is_old else blocks
        fits = n_columns == width and n_rows % blocks == 0
        if module in _GATED and hidden:
            fits = fits and n_rows * n_parts == hidden * blocks
        return _fitting(tensor, Cut(0, blocks), fits=fits)

    return rule


def _fitting(tensor: TensorRef, cut: Cut, *, fits: bool) -> Cut:
    if not fits:
        sizes = "×".join(map(str, tensor.shape))
        raise UncutError(f"{tensor.name!r} of {sizes} does not fit the sizes in args")
    return cut
