"""How were the fixtures beside this made? By the libraries whose formats they are.

In an environment of their own, as they ask for other versions of much:

    pip install torch mlx[cpu] optimum-quanto hqq torchao bitsandbytes
    pip install compressed-tensors==0.9.4  # the last that writes bitmasks
    python tests/quantised/oracles/make.py

Each file holds what a library stores of one weight, `expected` as the library itself
dequantises it, and the config, where it writes one, in the header.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
MODULE = "model.layers.0.self_attn.q_proj"
W = torch.randn(16, 128, generator=torch.Generator().manual_seed(7)) * 0.02


def save(name, tensors, expected, config=None):
    """The tensors under their module's name, and what they stand for."""
    named = {f"{MODULE}{key}": value.contiguous() for key, value in tensors.items()}
    named["expected"] = expected.float().contiguous()
    header = {"config": json.dumps(config or {})}
    save_file(named, HERE / f"{name}.safetensors", metadata=header)


def mlx():
    import mlx.core as mx
    import numpy as np

    def to_torch(array):
        return torch.from_numpy(np.array(array).copy())

    for bits in (2, 3, 4, 5, 6, 8):
        stored = mx.quantize(mx.array(W.numpy()), group_size=64, bits=bits)
        back = mx.dequantize(*stored, group_size=64, bits=bits)
        names = (".weight", ".scales", ".biases")
        stored = dict(zip(names, map(to_torch, stored), strict=True))
        config = {"quantization": {"group_size": 64, "bits": bits}}
        save(f"mlx_{bits}", stored, to_torch(back), config)
    for mode in ("mxfp4", "nvfp4", "mxfp8"):
        codes, scales = mx.quantize(mx.array(W.numpy()), mode=mode)
        back = mx.dequantize(codes, scales, mode=mode, dtype=mx.float32)
        stored = {".weight": to_torch(codes), ".scales": to_torch(scales)}
        size, bits = {"mxfp4": (32, 4), "nvfp4": (16, 4), "mxfp8": (32, 8)}[mode]
        stated = {"group_size": size, "bits": bits, "mode": mode}
        save(f"mlx_{mode}", stored, to_torch(back), {"quantization": stated})


def quanto():
    from optimum.quanto import freeze, qfloat8, qint4, qint8, quantize

    for kind in (qint8, qfloat8, qint4):
        net = torch.nn.Sequential(torch.nn.Linear(128, 16))
        with torch.no_grad():
            net[0].weight.copy_(W)
        quantize(net, weights=kind)
        freeze(net)
        stored = {key.removeprefix("0"): one for key, one in net.state_dict().items()}
        save(f"quanto_{kind.name}", stored, net[0].weight.dequantize().detach())


def hqq():
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear

    for bits, axis in ((8, 1), (4, 0), (4, 1), (3, 1), (2, 1), (1, 1)):
        linear = torch.nn.Linear(128, 16, bias=False)
        with torch.no_grad():
            linear.weight.copy_(W)
        config = BaseQuantizeConfig(nbits=bits, group_size=64, axis=axis)
        layer = HQQLinear(linear, config, compute_dtype=torch.float32, device="cpu")
        stored = {f".{key}": one for key, one in layer.state_dict().items()}
        stated = {"quantization_config": {"quant_method": "hqq"}}
        save(f"hqq_{bits}_axis_{axis}", stored, layer.dequantize(), stated)


def torchao():
    from torchao.prototype.safetensors.safetensors_support import (
        flatten_tensor_state_dict,
    )
    from torchao.quantization import (
        Float8WeightOnlyConfig,
        Int8WeightOnlyConfig,
        quantize_,
    )

    for name, config in (
        ("int8", Int8WeightOnlyConfig(version=2)),
        ("float8", Float8WeightOnlyConfig()),
    ):
        net = torch.nn.Sequential(torch.nn.Linear(128, 16, bias=False))
        with torch.no_grad():
            net[0].weight.copy_(W)
        quantize_(net, config)
        stored, _ = flatten_tensor_state_dict(net.state_dict())
        stored = {key.removeprefix("0"): one for key, one in stored.items()}
        save(f"torchao_{name}", stored, net[0].weight.dequantize().detach())


def bitsandbytes():
    import bitsandbytes.functional as bnb

    for storage in (torch.uint8, torch.bfloat16, torch.float32):
        codes, state = bnb.quantize_4bit(
            W, blocksize=64, quant_type="nf4", quant_storage=storage
        )
        back = bnb.dequantize_4bit(codes, state)
        packed = {f".weight.{k}": v for k, v in state.as_dict(packed=True).items()}
        kept = str(storage).removeprefix("torch.")
        stated = {"quant_method": "bitsandbytes", "load_in_4bit": True}
        save(
            f"bnb_nf4_in_{kept}",
            {".weight": codes} | packed,
            back,
            {"quantization_config": stated},
        )


def compressed_tensors():
    from compressed_tensors.compressors.sparse_compressors.sparse_24_bitmask import (
        sparse24_bitmask_compress,
        sparse24_bitmask_decompress,
    )

    groups = W.reshape(-1, 4)
    keep = torch.zeros_like(groups).scatter(1, groups.abs().topk(2, 1).indices, 1)
    sparse = (W * keep.reshape(W.shape)).bfloat16()
    values, mask = sparse24_bitmask_compress(sparse, sparsity_structure="2:4")
    back = sparse24_bitmask_decompress(values, mask, sparse.shape)
    stored = {
        ".compressed": values,
        ".bitmask": mask,
        ".shape": torch.tensor(sparse.shape),
    }
    save("sparse_24", stored, back)


if __name__ == "__main__":
    makers = (mlx, quanto, hqq, torchao, bitsandbytes, compressed_tensors)
    wanted = sys.argv[1:] or [maker.__name__ for maker in makers]
    for maker in makers:
        if maker.__name__ in wanted:
            maker()
