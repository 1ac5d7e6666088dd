"""Quantisers of the common formats, written from their definitions alone.

Each returns the tensors that a checkpoint stores and the float64 weight (out, in) that
they stand for. Nothing here shares code with what is tested.
"""

import json

import ml_dtypes
import numpy as np

NF4 = [
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634),
    *(0.33791524171829224, 0.44070982933044434, 0.5626170039176941),
    *(0.7229568362236023, 1.0),
]


def noise(n_out, n_in, seed=0):
    return np.random.default_rng(seed).standard_normal((n_out, n_in)) * 0.02


def fp8_blocks(weight, block=128, name="w.weight", ending="_scale_inv"):
    """DeepSeek: E4M3 codes, one float32 scale a square block, the last ones cut."""
    n_out, n_in = weight.shape
    codes = np.zeros(weight.shape, ml_dtypes.float8_e4m3fn)
    scales = np.zeros((-(-n_out // block), -(-n_in // block)), np.float32)
    truth = np.zeros(weight.shape)
    for i in range(scales.shape[0]):
        for j in range(scales.shape[1]):
            place = np.s_[i * block : (i + 1) * block, j * block : (j + 1) * block]
            scales[i, j] = np.abs(weight[place]).max() / 448
            codes[place] = (weight[place] / scales[i, j]).astype(codes.dtype)
            truth[place] = codes[place].astype(float) * float(scales[i, j])
    return {name: codes, name + ending: scales}, truth


def fp8_rows(weight, name="w.weight"):
    """compressed-tensors: E4M3 codes, one bfloat16 scale a row, (out, 1)."""
    scales = (np.abs(weight).max(axis=1, keepdims=True) / 448).astype(
        ml_dtypes.bfloat16
    )
    codes = (weight / scales.astype(float)).astype(ml_dtypes.float8_e4m3fn)
    truth = codes.astype(float) * scales.astype(float)
    return {name: codes, name + "_scale": scales}, truth


def _round_groups(weight, group, bits):
    """Codes 0 … 2^bits − 1, zero points and float16 scales by group of inputs."""
    n_out, n_in = weight.shape
    top, n_groups = 2**bits - 1, n_in // group
    grouped = weight.reshape(n_out, n_groups, group)
    low, high = grouped.min(axis=2), grouped.max(axis=2)
    scales = ((high - low) / top).astype(np.float16)
    zeros = np.clip(np.round(-low / scales.astype(float)), 1, top).astype(int)
    codes = np.round(grouped / scales.astype(float)[..., None]) + zeros[..., None]
    codes = np.clip(codes, 0, top).astype(int)
    truth = (codes - zeros[..., None]) * scales.astype(float)[..., None]
    return codes.reshape(n_out, n_in), zeros, scales, truth.reshape(n_out, n_in)


def _pack(numbers, bits, order=None):
    """Consecutive numbers of the last axis into int32, the lowest bits first.

    Codes whose width does not divide 32 run on into the next word.
    """
    rows = [list(map(int, row)) for row in numbers]
    if order:
        per = len(order)
        rows = [
            [row[start + k] for start in range(0, len(row), per) for k in order]
            for row in rows
        ]
    words = []
    for row in rows:
        whole = sum(code << (bits * k) for k, code in enumerate(row))
        n_words = -(-bits * len(row) // 32)
        words.append([whole >> 32 * k & 0xFFFFFFFF for k in range(n_words)])
    return np.array(words, np.uint32).view(np.int32)


def gptq(weight, bits=4, group=32, *, version=1, order=None, name="w"):
    """`order` permutes the inputs as act-order does: g_idx is no staircase then."""
    n_in = weight.shape[1]
    order = np.arange(n_in) if order is None else order
    codes, zeros, scales, truth = _round_groups(weight[:, order], group, bits)
    back = np.argsort(order)
    stored = (zeros - 1) if version == 1 else zeros
    tensors = {
        f"{name}.qweight": _pack(codes[:, back], bits).T.copy(),
        f"{name}.qzeros": _pack(stored.T, bits),
        f"{name}.scales": scales.T.copy(),
        f"{name}.g_idx": (back // group).astype(np.int32),
    }
    return tensors, truth[:, back]


def awq(weight, group=32, name="w"):
    codes, zeros, scales, truth = _round_groups(weight, group, 4)
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    tensors = {
        f"{name}.qweight": _pack(codes.T, 4, order),
        f"{name}.qzeros": _pack(zeros.T, 4, order),
        f"{name}.scales": scales.T.copy(),
    }
    return tensors, truth


def packed(weight, bits=4, group=32, name="w", *, symmetric=True):
    """compressed-tensors pack-quantized."""
    n_out, n_in = weight.shape
    half = 2 ** (bits - 1)
    codes, zeros, scales, truth = _round_groups(weight, group, bits)
    tensors = {
        f"{name}.weight_shape": np.array([n_out, n_in]),
        f"{name}.weight_scale": scales,
    }
    if symmetric:
        codes = np.round(
            weight.reshape(n_out, -1, group) / scales.astype(float)[..., None]
        ).clip(-half, half - 1)
        truth = codes * scales.astype(float)[..., None]
        codes = codes.reshape(n_out, n_in) + half
    else:
        tensors[f"{name}.weight_zero_point"] = _pack(zeros.T, bits).T.copy()
    tensors[f"{name}.weight_packed"] = _pack(codes, bits)
    return tensors, truth.reshape(n_out, n_in)


def bnb_int8(weight, name="w"):
    scales = np.abs(weight).max(axis=1).astype(np.float32)
    codes = np.round(weight / scales[:, None].astype(float) * 127).astype(np.int8)
    tensors = {
        f"{name}.weight": codes,
        f"{name}.SCB": scales,
        f"{name}.weight_format": np.array(0, np.uint8),
    }
    return tensors, codes.astype(float) * scales[:, None].astype(float) / 127


def bnb_nf4(weight, block=64, name="w.weight", *, nested=False):
    flat = weight.reshape(-1)
    n = flat.size
    blocks = np.pad(flat, (0, -n % block)).reshape(-1, block)
    absmax = np.abs(blocks).max(axis=1)
    state = {
        "quant_type": "nf4",
        "blocksize": block,
        "dtype": "bfloat16",
        "shape": list(weight.shape),
    }
    tensors = {f"{name}.quant_map": np.array(NF4, np.float32)}
    if nested:
        offset, inner = float(absmax.mean()), 256
        book = np.linspace(-1, 1, 256).astype(np.float32)
        shifted = np.pad(absmax - offset, (0, -absmax.size % inner)).reshape(-1, inner)
        outer = np.abs(shifted).max(axis=1).astype(np.float32)
        nearest = np.abs(
            shifted[..., None] / outer.astype(float)[:, None, None] - book
        ).argmin(axis=-1)
        numbers = book.astype(float)[nearest] * outer.astype(float)[:, None] + offset
        state |= {"nested_blocksize": inner, "nested_offset": offset}
        tensors |= {
            f"{name}.absmax": nearest.reshape(-1)[: absmax.size].astype(np.uint8),
            f"{name}.nested_absmax": outer,
            f"{name}.nested_quant_map": book,
        }
        absmax = numbers.reshape(-1)[: absmax.size]
    else:
        absmax = absmax.astype(np.float32)
        tensors[f"{name}.absmax"] = absmax
    scale = np.maximum(absmax.astype(float), 1e-30)[:, None, None]
    codes = np.abs(blocks[..., None] / scale - NF4).argmin(axis=-1)
    book = np.array(NF4, np.float32).astype(float)
    truth = (book[codes] * absmax.astype(float)[:, None]).reshape(-1)[:n]
    codes = np.append(codes.reshape(-1)[:n], [0] * (n % 2)).astype(int)
    tensors[name] = (codes[0::2] << 4 | codes[1::2]).astype(np.uint8)[:, None]
    tensors[f"{name}.quant_state.bitsandbytes__nf4"] = np.frombuffer(
        json.dumps(state).encode(), np.uint8
    )
    return tensors, truth.reshape(weight.shape)
