"""Where does one tensor sit in its network?"""

from __future__ import annotations

from dataclasses import dataclass

# State that a module keeps beside its weights; training takes no gradient of it.
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

    `stack` is encoder, decoder, vision, text or audio, null where a tensor belongs to
    none or to several. `layer` counts blocks of its stack from 0. `component` is a word
    of components.toml, `parameter` the last part of the role (`weight`, `lora_a`, …).
    `expert` is null outside experts and where one tensor holds them all.
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
        """Whether the tensor is state of a module and not a weight of it."""
        return self.parameter in BUFFERS
