"""What do statistics of activations cost beside the bare forward? Ratios of one run.

GPT-2 small's shape with random weights, 512 tokens, batch 1: the forward alone, then
with every site reduced. Seconds of CPU over all threads, so that a busy machine shifts
both alike; and the rows of a result for many tokens against few.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from measure import print_row
from transformers import GPT2Config, GPT2LMHeadModel

from pipeline.probes.activations import ActivationReducer
from pipeline.probes.batch import Batch
from pipeline.probes.blocks import BlockReducer
from pipeline.probes.capture import Forward, capturing, make_forward
from pipeline.probes.head import last_states
from pipeline.probes.probe_set import TokenSet, make_batches, tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.texts import read_probe_set

N_TURNS = 5
BARE = ProbeParameters(lens=False, cka=False)


def drawn(what: str, vocabulary_size: int, n_positions: int) -> TokenSet:
    probe_set = read_probe_set(what)
    return tokenise(
        probe_set, None, vocabulary_size=vocabulary_size, max_positions=n_positions
    )


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def with_statistics(forward: Forward, batch: Batch, tokens: TokenSet) -> None:
    reducers = [
        ActivationReducer(
            tokens, vocabulary_size=50_257, threads=torch.get_num_threads()
        ),
        BlockReducer(),
    ]
    with torch.no_grad(), capturing(forward, batch, reducers):
        last_states(forward, batch)


def bare(forward: Forward, batch: Batch) -> None:
    with torch.no_grad():
        last_states(forward, batch)


def n_rows(forward: Forward, what: str) -> dict[str, int]:
    tokens = drawn(what, 256, 128)
    ran = run_probe(forward, tokens, BARE)
    kept = {"activations", "neurons", "position_activations", "block_activations"}
    return {name: len(rows) for name, rows in ran.tables.items() if name in kept}


def main() -> None:
    torch.manual_seed(0)
    forward = make_forward(GPT2LMHeadModel(GPT2Config()))
    tokens = drawn("uniform:1x512", 50_257, 1024)
    (batch,) = make_batches(tokens, n_tokens=512)
    with_statistics(forward, batch, tokens)  # compiled once
    plain, watched = [], []
    for _ in range(N_TURNS):
        plain.append(cpu_seconds(lambda: bare(forward, batch)))
        watched.append(cpu_seconds(lambda: with_statistics(forward, batch, tokens)))
    ratio = statistics.median(np.array(watched) / np.array(plain))
    print_row(
        "statistics of activations, GPT-2-small shape, 512 tokens, CPU time",
        f"{ratio:.2f} × the bare forward",
        "1.6 × with attention",
    )
    small = make_forward(
        GPT2LMHeadModel(
            GPT2Config(vocab_size=256, n_embd=64, n_layer=2, n_head=2, n_positions=128)
        )
    )
    few, many = n_rows(small, "uniform:80x128"), n_rows(small, "uniform:1600x128")
    same = "the same" if few == many else f"{many} against {few}"
    print_row("rows of a result for 205 k tokens against 10 k", same, "the same")


if __name__ == "__main__":
    main()
