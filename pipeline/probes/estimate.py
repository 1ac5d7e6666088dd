"""What would a run take? Memory and seconds, from headers and the size of the texts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.layout import identify
from pipeline.metrics.activations.similarity import needed_bytes
from pipeline.probes.load import may_have_tokenizer
from pipeline.probes.run import ProbeParameters
from pipeline.probes.texts import ProbeSet
from pipeline.refs import Checkpoint

# Operations per second of one thread, with statistics: half of what a product of large
# matrices reaches on a machine of 2026. The estimate is not corrected by measured
# costs.
_FLOPS = 2.5e10
# English under a vocabulary of tens of thousands; bytes without a tokenizer.
_BYTES_PER_TOKEN = 4
_WIDTHS = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
# Of a neuron: moments, sums, extremes, octaves, its tops, and its row.
_NEURON_BYTES = 1200
# A head's map, 64 × 64 in float64.
_MAP_BYTES = 64 * 64 * 8


@dataclass(frozen=True)
class Estimate:
    """`seconds` are those of one thread."""

    memory_bytes: int
    seconds: float
    n_tokens: int


def estimate(
    checkpoint: Checkpoint, probe_set: ProbeSet, parameters: ProbeParameters
) -> Estimate:
    """Memory at the peak beside the program, and time, of one run.

    Weights twice while they are loaded, a batch's widest activations, logits of a chunk
    three times, block outputs that the lens holds, and the sums of every neuron.
    """
    layout = identify(checkpoint.tensors, checkpoint.config)
    d = layout.hidden_size or 1024
    n_layers = layout.n_layers or 12
    vocabulary = layout.vocabulary_size or 50_000
    tensors = [one for one in checkpoint.tensors if not one.skip_reason]
    n_weights = sum(one.n_elements for one in tensors)
    largest = max((one.n_elements for one in tensors), default=0)
    places = parameters.batch_tokens
    weights = n_weights * (_WIDTHS[parameters.dtype] + 4) + largest * 8
    wide = 12 * places * 4 * d * 4
    logits = 3 * parameters.head_chunk * vocabulary * 4
    held = n_layers * places * d * 4 * (parameters.lens + 2 * parameters.cka)
    products = needed_bytes([d] * n_layers) if parameters.cka else 0
    neurons = n_layers * 13 * d * _NEURON_BYTES
    n_heads = (checkpoint.config or {}).get("num_attention_heads") or d // 64 or 1
    maps = 2 * n_layers * n_heads * _MAP_BYTES if parameters.attention else 0
    n_tokens = count_tokens(probe_set, has_tokenizer=may_have_tokenizer(checkpoint))
    passes = 1 + 6 * parameters.gradients + n_layers * n_heads * parameters.ablation
    work = 2.0 * n_weights * n_tokens * passes
    if parameters.lens:
        work += 2.0 * n_layers * d * vocabulary * n_tokens
    if parameters.cka:
        work += 2.0 * n_tokens * d * d * n_layers * (n_layers + 1) / 2
    return Estimate(
        weights + wide + logits + held + min(products, 1 << 29) + neurons + maps,
        work / _FLOPS,
        n_tokens,
    )


def count_tokens(probe_set: ProbeSet, *, has_tokenizer: bool) -> int:
    """About how many tokens a model makes of it; exact for numbers and drawn ones."""
    size = _BYTES_PER_TOKEN if has_tokenizer else 1
    if probe_set.drawn:
        return probe_set.n_documents * probe_set.length
    return sum(
        -(-len(one.encode()) // size) if isinstance(one, str) else len(one)
        for one in probe_set.documents
    )
