"""What do adapters of few numbers add to a weight: LoRA and its kin?

Matrices are (outputs, inputs), a kernel's offsets beside its inputs. The formulas are
those of PEFT 0.21 (get_delta_weight and merge of each tuner), in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.compare.effects import (
    Array,
    ByRows,
    Effect,
    Given,
    NotUnderstoodError,
    Product,
    added,
)


def lora(given: Given) -> Effect:
    """W + s·B·A; kernels in A, and with `mid` a core of rank × rank kernels."""
    delta = _lora_product(given)
    if given.config.get("use_dora"):
        raise NotUnderstoodError("use_dora is set, and no magnitude is in the adapter")
    start = given.config.get("init_lora_weights")
    return _shifted(delta, start, given) if isinstance(start, str) else delta


def dora(given: Given) -> Effect:
    """Rows of W + s·B·A at the length m (arXiv 2402.09353, eq. 5)."""
    delta = _lora_product(given)
    m = given.need("magnitude")[0].reshape(-1, 1)

    def of(old: Array, start: int) -> Array:
        new = delta.rows(old, start)
        norms = np.linalg.norm(new, axis=1, keepdims=True)
        return np.asarray(m[start : start + len(old)] * new / norms)

    return ByRows(of, n_rows=len(m))


def adalora(given: Given) -> Effect:
    """W + α / (ranknum + 1e-5) · B·diag(E)·A."""
    A, B, E = given.need("A", "B", "E")
    alpha = given.config.get("lora_alpha")
    if not isinstance(alpha, int | float):
        raise NotUnderstoodError("adapter_config.json does not give lora_alpha")
    count = given.parts.get("ranknum")
    n = float(count.item()) if count is not None else float(len(A))
    flat = A.reshape(len(A), -1) * E.reshape(-1, 1)
    return Product(alpha / (n + 1e-5) * _flat(B), flat)


def lora_bias(given: Given) -> Effect:
    """The base's bias + s·b_B: the bias that B itself has."""
    (b,) = given.need("B.bias")
    return added(given.scaled() * b.reshape(-1, 1))


def loha(given: Given) -> Effect:
    """W + s · (w1_a·w1_b) ∘ (w2_a·w2_b) (arXiv 2108.06098), kernels by t1 and t2."""
    scale = _own_scale(given, len(given.need("w1_b")[0]))
    factors: list[Array] = []
    for i in ("1", "2"):
        a, b = given.need(f"w{i}_a", f"w{i}_b")
        t = given.parts.get(f"t{i}")
        one = a @ b if t is None else np.einsum("ijkl,jr,ip->prkl", t, b, a)
        factors.append(one.reshape(len(one), -1))
    return added(scale * factors[0] * factors[1])


def lokr(given: Given) -> Effect:
    """W + s · w1 ⊗ w2, each whole or of two factors, a kernel by t2."""
    parts = given.parts
    w1 = parts["w1"] if "w1" in parts else np.matmul(*given.need("w1_a", "w1_b"))
    if "w2" in parts:
        w2 = parts["w2"]
    else:
        a, b = given.need("w2_a", "w2_b")
        t = parts.get("t2")
        w2 = a @ b if t is None else np.einsum("ijkl,ip,jr->prkl", t, a, b)
    low = parts.get("w2_b", parts.get("w1_b"))
    # LyCORIS takes no scale where both are whole; PEFT always does.
    if low is None and "alpha" in parts:
        scale = 1.0
    else:
        scale = _own_scale(given, len(low) if low is not None else 1)
    delta = np.kron(w1.reshape(*w1.shape, *[1] * (w2.ndim - w1.ndim)), w2)
    return added(np.asarray(scale * delta.reshape(len(delta), -1), np.float64))


def vera(given: Given) -> Effect:
    """W + diag(b)·B·diag(d)·A, with A and B of all modules cut to size."""
    b, d = given.need("b", "d")
    if not {"A", "B"} <= given.parts.keys():
        raise NotUnderstoodError(
            "the projections of VeRA are not saved in it (save_projection)"
        )
    B = given.parts["B"][: len(b)]
    return _Cut(b.reshape(-1, 1) * B, d.reshape(-1, 1) * given.parts["A"])


@dataclass(frozen=True)
class _Cut(Product):
    """A product whose right factor is as wide as the widest module."""

    def rows(self, old: Array, start: int) -> Array:
        return old + self.left[start : start + len(old)] @ self.right[:, : old.shape[1]]


def _lora_product(given: Given) -> Product:
    parts = dict(given.parts)
    for part in ("A", "B"):
        if f"{part}_turned" in parts:
            parts[part] = np.ascontiguousarray(parts[f"{part}_turned"].swapaxes(-1, -2))
    if not {"A", "B"} <= parts.keys():
        lacking = "A" if "A" not in parts else "B"
        raise NotUnderstoodError(f"there is no lora_{lacking} of this module")
    A, B = parts["A"], parts["B"]
    scale = _own_scale(given, len(A))
    if "mid" in parts:
        A = np.einsum("pqhw,qi->pihw", parts["mid"], A.reshape(A.shape[:2]))
    return Product(scale * _flat(B), A.reshape(len(A), -1))


def _shifted(delta: Product, start: str, given: Given) -> Effect:
    """Starts from W's own part: what was taken from the base comes off first."""
    rank = delta.left.shape[1]
    scale = given.scaled()

    def pissa(old: Array, _: int) -> Array:
        u, s, vt = np.linalg.svd(old, full_matrices=False)
        return np.asarray(old - (u[:, :rank] * s[:rank]) @ vt[:rank])

    def olora(old: Array, _: int) -> Array:
        q, r = np.linalg.qr(old)
        return np.asarray(old - scale * q[:, :rank] @ r[:rank])

    residuals = {"pissa": pissa, "olora": olora}
    if start in ("gaussian", "orthogonal", "eva", "mica"):
        return delta  # begins with ΔW = 0
    if start not in residuals:
        raise NotUnderstoodError(
            f"init_lora_weights is {start}: the base that it adds to is not this one"
        )
    residual = residuals[start]
    return ByRows(lambda old, i: delta.rows(residual(old, i), i), needs_all=True)


def _own_scale(given: Given, rank: int) -> float:
    """α / rank by the module's own tensor `alpha`, where it has one."""
    alpha = given.parts.get("alpha")
    return float(alpha.item()) / rank if alpha is not None else given.scaled()


def _flat(B: Array) -> Array:
    return B.reshape(B.shape[:2])
