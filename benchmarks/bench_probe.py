"""What do statistics of activations cost beside the bare forward? Ratios of one run.

GPT-2 small's shape with random weights, 512 tokens, batch 1: the forward alone, then
with every site reduced. Seconds of CPU over all threads, so that a busy machine shifts
both alike; the rows and bytes of a result for many tokens against few; and a whole run
of the demo's model.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from measure import print_row
from transformers import GPT2Config, GPT2LMHeadModel

from pipeline.probes.activations import ActivationReducer
from pipeline.probes.batch import Batch
from pipeline.probes.blocks import BlockReducer
from pipeline.probes.capture import Forward, capturing, make_forward
from pipeline.probes.head import last_states, token_losses
from pipeline.probes.probe_set import TokenSet, make_batches, tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.texts import read_probe_set
from pipeline.tables import (
    ACTIVATIONS,
    BLOCK_ACTIVATIONS,
    NEURONS,
    POSITION_ACTIVATIONS,
    Table,
)

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


def sizes(forward: Forward, what: str) -> tuple[dict[str, int], int]:
    """Rows by table, and bytes of the Parquet files, of what must not grow."""
    tokens = drawn(what, 256, 128)
    ran = run_probe(forward, tokens, BARE)
    kept = (ACTIVATIONS, NEURONS, POSITION_ACTIVATIONS, BLOCK_ACTIVATIONS)
    rows = {table.name: len(ran.tables[table.name]) for table in kept}
    return rows, sum(parquet_bytes(table, ran.tables[table.name]) for table in kept)


def parquet_bytes(table: Table, rows: list[dict[str, object]]) -> int:
    whose = {"model": "m", "revision": "r", "step": None, "parameter_set": "p"}
    frame = pa.Table.from_pylist([whose | row for row in rows], table.schema())
    kept = io.BytesIO()
    pq.write_table(frame, kept)
    return kept.tell()


def demo_ratios() -> tuple[float, float]:
    """CPU seconds of a run of the demo's model on 20 k tokens, over its bare forwards.

    The first has all reducers, the second neither lens nor similarities. The bare
    forwards make the losses too. One checkpoint stands for 25 of one shape.
    """
    config = GPT2Config(
        vocab_size=256, n_embd=128, n_layer=4, n_head=4, n_positions=128
    )
    forward = make_forward(GPT2LMHeadModel(config))
    tokens = drawn("uniform:156x128", 256, 128)

    def plain() -> None:
        with torch.no_grad():
            for batch in make_batches(tokens, n_tokens=2048):
                token_losses(forward, batch, last_states(forward, batch))

    def whole() -> None:
        run_probe(forward, tokens, ProbeParameters())

    def less() -> None:
        run_probe(forward, tokens, BARE)

    for work in (plain, whole):
        work()
    turns = [[cpu_seconds(work) for work in (plain, whole, less)] for _ in range(3)]
    taken = np.median(np.array(turns), axis=0)
    return float(taken[1] / taken[0]), float(taken[2] / taken[0])


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
    (few, few_bytes), (many, many_bytes) = (
        sizes(small, what) for what in ("uniform:80x128", "uniform:1600x128")
    )
    same = "the same" if few == many else f"{many} against {few}"
    print_row("rows of a result for 205 k tokens against 10 k", same, "the same")
    print_row(
        "bytes of a result for 205 k tokens against 10 k",
        f"{many_bytes / few_bytes:.2f} ×",
        "the same",
    )
    whole, less = demo_ratios()
    print_row(
        "the demo's model on 20 k tokens, CPU time against the bare forwards",
        f"{whole:.2f} ×; {less:.2f} × without lens and CKA",
        "1.5 ×",
    )


if __name__ == "__main__":
    main()
