"""What would scoring take? Memory and seconds, from headers and the texts' size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.layout import Layout, identify
from pipeline.perturb.measure import pass_costs
from pipeline.probes.estimate import estimate
from pipeline.probes.run import ProbeParameters
from pipeline.probes.texts import ProbeSet
from pipeline.refs import Checkpoint, TensorRef

_WIDTHS = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
# Of one block and token, as multiples of the hidden size: what autograd keeps.
_KEPT = 34


@dataclass(frozen=True)
class Needed:
    """Bytes beside the program: the weights, what the texts take, and the scores.

    `one_tensor` holds the sums of the largest tensor alone, `one_block` those of the
    largest block or embedding, `all_at_once` those of all: as many tensors are scored
    in one pass as the budget has room for, and each further pass runs the texts again.
    """

    weights: int
    activations: int
    one_tensor: int
    one_block: int
    all_at_once: int
    seconds: float

    @property
    def least(self) -> int:
        return self.weights + self.activations + self.one_tensor

    @property
    def most(self) -> int:
        return self.weights + self.activations + self.all_at_once

    def left_for_scores(self, memory_bytes: int) -> int:
        """What a budget leaves for the sums of a group."""
        return max(memory_bytes - self.weights - self.activations, self.one_tensor)


@dataclass(frozen=True)
class Asked:
    """What is to be scored and how, as far as it costs; `samples` bound the windows."""

    metrics: tuple[str, ...]
    dtype: str = "float32"
    batch_tokens: int = 2048
    probes: int = 32
    samples: int = 0


def needed_for(checkpoint: Checkpoint, probe_set: ProbeSet, asked: Asked) -> Needed:
    """Memory and time of scoring one checkpoint on a probe set."""
    layout = identify(checkpoint.tensors, checkpoint.config)
    tensors = [one for one in checkpoint.tensors if not one.skip_reason]
    n_weights = sum(one.n_elements for one in tensors)
    bytes_each, passes = pass_costs(asked.metrics, asked.probes)
    places = asked.batch_tokens
    like = ProbeParameters(batch_tokens=places, lens=False, cka=False)
    seconds = estimate(checkpoint, probe_set, like).seconds * passes
    if asked.samples and probe_set.n_documents:
        seconds *= min(asked.samples / probe_set.n_documents, 1.0)
    d, n_layers = layout.hidden_size or 1024, layout.n_layers or 12
    vocabulary = layout.vocabulary_size or 50_000
    largest = max((one.n_elements for one in tensors), default=0)
    activations = places * (_KEPT * d * n_layers + 3 * vocabulary) * 4
    return Needed(
        weights=n_weights * _WIDTHS[asked.dtype],
        # Reducing a tensor copies its scores, their magnitudes and their order.
        activations=activations + largest * 16,
        one_tensor=largest * bytes_each,
        one_block=max(_by_block(tensors, layout), default=0) * bytes_each,
        all_at_once=n_weights * bytes_each,
        seconds=seconds,
    )


def _by_block(tensors: Sequence[TensorRef], layout: Layout) -> list[int]:
    """Weights of each block, and of each tensor outside of blocks."""
    sizes: dict[object, int] = defaultdict(int)
    for one in tensors:
        at = layout.locate(one.name, one.shape)
        block = one.name if at.layer is None else (at.stack, at.layer)
        sizes[block] += one.n_elements
    return list(sizes.values())
