"""How many heads does an attention have, and how large is each?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.structure.sublayers import outputs_of, weight_of
from pipeline.structure.tree import Layer, Structure


def heads_of(
    layer: Layer, structure: Structure, config: Mapping[str, Any], *, is_cross: bool
) -> dict[str, int | str | bool]:
    """Head counts of the stack's config, unless the shapes contradict them."""
    is_own = config is structure.config or "num_attention_heads" not in config
    n_heads = (
        structure.sizes.get("n_heads") if is_own else config["num_attention_heads"]
    )
    n_kv_heads = structure.sizes.get("n_kv_heads")
    if not is_own:
        n_kv_heads = config.get("num_key_value_heads", n_heads)
    by_name = {c.name: c.tensors for c in layer.components}
    prefix = "cross_" if is_cross else ""
    queries = by_name.get(f"{prefix}q") or by_name.get("q_b", ())
    width = _outputs(queries)
    if not isinstance(n_heads, int) or not n_heads or (width and width % n_heads):
        return {}
    facts: dict[str, int | str | bool] = {"n_heads": n_heads}
    facts["n_kv_heads"] = n_kv_heads if isinstance(n_kv_heads, int) else n_heads
    head_dim = width // n_heads if width else structure.sizes.get("head_dim")
    hidden = structure.sizes.get("hidden_size")
    is_latent = "kv_b" in by_name  # its heads do not share out the hidden size
    if not head_dim and not is_latent and hidden and hidden % n_heads == 0:
        head_dim = hidden // n_heads
    return facts | ({"head_dim": head_dim} if head_dim else {})


def _outputs(tensors: Sequence[Any]) -> int | None:
    weight = weight_of(tensors)
    return outputs_of(weight) if weight else None
