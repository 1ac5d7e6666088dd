"""Where does one tensor sit in its network?"""

from __future__ import annotations

from dataclasses import dataclass

# State that a module keeps beside its weights; it is not trained by gradients.
BUFFERS = frozenset(
    {
        "running_mean",
        "running_var",
        "num_batches_tracked",
        "position_ids",
        "token_type_ids",
        "inv_freq",
        "masked_bias",
        "attn_mask",
        "causal_mask",
        "correction_bias",
    }
)


@dataclass(frozen=True)
class Location:
    """A tensor's place, as the columns of table `tensors` name it.

    `stack` is encoder, decoder, vision, text or audio, and null for a tensor of no
    stack or several. `layer` counts the stack's blocks from 0. `component` is a word of
    components.toml, `parameter` the last part of the role (`weight`, `lora_a`, …).
    `expert` is null outside experts and where one tensor holds all experts.
    `is_transposed` marks weights stored (in, out).
    """

    stack: str | None
    layer: int | None
    component: str
    parameter: str
    expert: int | None = None
    is_transposed: bool = False

    @property
    def is_buffer(self) -> bool:
        """Whether the tensor is a module's state and not a weight."""
        return self.parameter in BUFFERS
