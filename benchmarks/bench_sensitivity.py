"""What do scores of weights and perturbations cost over the bare model?

Run: python benchmarks/bench_sensitivity.py. One thread; each ratio: best of three.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import torch
import transformers

from pipeline.perturb.candidates import find_candidates
from pipeline.perturb.changing import Guard, changed, make_change
from pipeline.perturb.experiment import Judge
from pipeline.perturb.losses import make_examples
from pipeline.perturb.measure import How, Texts, score_weights
from pipeline.perturb.plan import Asked, needed_for
from pipeline.perturb.reduce import reduce_scores
from pipeline.perturb.weights import find_weights
from pipeline.probes.capture import Forward, make_forward
from pipeline.probes.probe_set import tokenise
from pipeline.probes.texts import ProbeSet
from pipeline.refs import TensorRef

MIB = 2**20
GIB = 2**30


def make_model() -> Forward:
    """A Llama of 3.4 million weights, as it is initialised."""
    config = transformers.LlamaConfig(
        vocab_size=4096,
        hidden_size=256,
        intermediate_size=688,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=128,
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    return make_forward(transformers.LlamaForCausalLM(config))


def make_texts(forward: Forward, n: int) -> Texts:
    drawn = ProbeSet("drawn", drawn="uniform", n_documents=n, length=128)
    tokens = tokenise(drawn, None, vocabulary_size=4096, max_positions=128)
    batches, small, samples = (
        make_examples(forward, tokens, n_tokens=size) for size in (1024, 128, 1)
    )
    return Texts(batches, small, samples)


def best(work: Callable[[], object]) -> float:
    found = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def bare(forward: Forward, examples: object) -> None:
    """Forward and backward as anybody writes them; gradients are summed."""
    for one in examples:
        given = {"input_ids": one.batch.tokens, "labels": one.batch.tokens}
        forward.model(**given, use_cache=False).loss.backward()
    forward.model.zero_grad(set_to_none=True)


def score(forward: Forward, texts: Texts, *metrics: str, probes: int = 32) -> None:
    how = How(probes)
    found = score_weights(forward, texts, find_weights(forward), metrics, how=how)
    reduce_scores(found, metrics, topk=100, head_topk=10)


def measure_draw(forward: Forward, texts: Texts) -> float:
    weights = find_weights(forward)
    guard, candidates = Guard(weights), find_candidates(weights)
    judge = Judge(forward, texts.batches, 64)
    chosen = np.random.default_rng(0).choice(candidates.n, 1000, replace=False)

    def draw() -> None:
        picks = list(candidates.split(chosen))
        with changed(guard, picks, make_change("sign_flip", 1, 0, {})):
            judge.losses()

    judge.losses()
    return best(draw) / best(judge.losses)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plan_8b() -> None:
    """An 8 B Llama's shape: what gradients need over the weights, a block at a time."""
    d, inner, kv, vocabulary = 4096, 14336, 1024, 128_256
    shapes = {
        "model.embed_tokens.weight": (vocabulary, d),
        "lm_head.weight": (vocabulary, d),
    }
    for k in range(32):
        block = f"model.layers.{k}."
        shapes |= {
            f"{block}self_attn.q_proj.weight": (d, d),
            f"{block}self_attn.k_proj.weight": (kv, d),
            f"{block}self_attn.v_proj.weight": (kv, d),
            f"{block}self_attn.o_proj.weight": (d, d),
            f"{block}mlp.gate_proj.weight": (inner, d),
            f"{block}mlp.up_proj.weight": (inner, d),
            f"{block}mlp.down_proj.weight": (d, inner),
        }
    tensors = tuple(
        TensorRef(name, "BF16", shape, "", 2 * shape[0] * shape[1])
        for name, shape in shapes.items()
    )
    config = {"model_type": "llama", "hidden_size": d, "num_hidden_layers": 32}
    config |= {"vocab_size": vocabulary, "num_attention_heads": 32}
    checkpoint = SimpleNamespace(
        tensors=tensors, config=config, folder="/none", source=SimpleNamespace(kind="")
    )
    probe_set = ProbeSet("drawn", drawn="uniform", n_documents=64, length=128)
    asked = Asked(("abs_grad_x_weight",), "bfloat16", 128)
    found = needed_for(checkpoint, probe_set, asked)
    block = 4 * (2 * d * d + 2 * kv * d + 3 * d * inner)
    embeddings = 2 * 4 * vocabulary * d
    print(f"8 B: weights {found.weights / GIB:.1f} GiB in bfloat16")
    print(
        f"8 B: sums of a block {found.one_block / GIB:.2f} GiB, all at once "
        f"{found.all_at_once / GIB:.1f} GiB"
    )
    print(f"8 B: two blocks and embeddings {(2 * block + embeddings) / GIB:.2f} GiB")


def main() -> None:
    """Print one line for each figure."""
    torch.set_num_threads(1)
    forward = make_model()
    n = sum(one.numel() for one in forward.model.parameters())
    print(f"{n / 1e6:.2f} M weights, {torch.get_num_threads()} thread")
    texts = make_texts(forward, 4)
    bare(forward, texts.small[:1])
    before = peak()
    one = Texts(texts.batches, texts.small[:1], texts.samples)
    score(forward, one, "hutchinson_diag", probes=32)
    print(f"hutchinson, 32 probes: {peak() - before:.0f} MB over the model")
    texts = make_texts(forward, 64)
    base = best(lambda: bare(forward, texts.batches))
    both = ("grad_x_weight", "abs_grad_x_weight")
    print(f"bare, 64 × 128 tokens: {base:.2f} s")
    print(f"grad×weight: {best(lambda: score(forward, texts, both[0])) / base:.2f} ×")
    print(f"both signs: {best(lambda: score(forward, texts, *both)) / base:.2f} ×")
    base = best(lambda: bare(forward, texts.samples))
    print(f"bare, batch 1: {base:.2f} s")
    print(f"fisher: {best(lambda: score(forward, texts, 'fisher')) / base:.2f} ×")
    print(f"a perturbation draw: {measure_draw(forward, texts):.2f} × an evaluation")
    plan_8b()


if __name__ == "__main__":
    main()
