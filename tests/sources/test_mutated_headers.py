"""Whatever a config or header says: an answer or a SourceError, and no tensor lost."""

import json
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.layout import identify
from pipeline.sources import discover, open_checkpoint

# `make soak` runs a thousand.
N_EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "60"))

NAMES = (
    *("weight", "scales", "biases", "qweight", "qzeros", "g_idx", "W_q", "scale"),
    *("zero", "nbits", "shape", "compressed", "bitmask", "weight_scale", "absmax"),
    *("weight_packed", "weight_shape", "SCB", "weight._data", "weight._scale", "bias"),
)
SIZES = {"F32": 4, "F16": 2, "U8": 1, "I8": 1, "I32": 4, "U32": 4, "I64": 8}
SIZES |= {"F8_E4M3": 1, "BF16": 2, "F8_E8M0": 1}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["bits", "group_size", "quant_method", "mode", "format", "weight_block_size"]
)
METHODS = st.sampled_from(["gptq", "awq", "hqq", "fp8", "bitsandbytes", "auto-round"])
STATED = st.dictionaries(KEYS, VALUES | METHODS | st.sampled_from([2, 3, 4, 8, 64]))
CONFIGS = st.dictionaries(
    st.sampled_from(
        [
            *("quantization", "quantization_config", "hidden_size", "model_type"),
            *("num_hidden_layers", "architectures", "num_attention_heads"),
            "text_config",
        ]
    ),
    VALUES | STATED,
)
ENTRIES = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(sorted(SIZES)), st.lists(st.integers(0, 8), max_size=3)),
    max_size=6,
)


def write(folder, entries, config, cut):
    header, place = {}, 0
    for name, (dtype, shape) in entries.items():
        n_bytes = SIZES[dtype]
        for size in shape:
            n_bytes *= size
        facts = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [place, place + n_bytes],
        }
        header[f"model.layers.0.mlp.up_proj.{name}"] = facts
        place += n_bytes
    text = json.dumps(header).encode()
    raw = len(text).to_bytes(8, "little") + text + bytes(place)
    (folder / "model.safetensors").write_bytes(raw[: len(raw) - cut])
    (folder / "config.json").write_text(json.dumps(config))


@settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ENTRIES, CONFIGS, st.integers(0, 3) | st.just(0))
def test_no_config_and_no_header_ends_in_a_traceback(tmp_path, entries, config, cut):
    write(tmp_path, entries, config, cut)
    (source,) = discover(str(tmp_path))
    try:
        checkpoint = open_checkpoint(source)
    except SourceError:
        return
    assert len(checkpoint.tensors) == len(entries)
    identify(checkpoint.tensors, checkpoint.config)
    for tensor in checkpoint.tensors:
        dtype, shape = entries[tensor.name.removeprefix("model.layers.0.mlp.up_proj.")]
        assert (tensor.stored.dtype, tensor.stored.shape) == (dtype, tuple(shape))
        if tensor.is_side:
            assert tensor.skip_reason
