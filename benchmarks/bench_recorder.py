"""What does recording cost a training? GPT-2-small's shape, one snapshot a block.

Blocks of bare steps and blocks that begin with a snapshot take turns. A snapshot costs
what training waits for the copy, and what its steps lose while the process beside them
measures. The sum is held against 100 bare steps.
"""

from __future__ import annotations

import statistics
import tempfile
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.measure import print_row
from weightlake.training import Recorder

BLOCKS, STEPS, TOKENS, EVERY = 3, 12, 128, 100


def main() -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config())
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = torch.randint(0, 50257, (1, TOKENS))

    def step() -> float:
        began = time.perf_counter()
        model(tokens, labels=tokens).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return time.perf_counter() - began

    for _ in range(2):
        step()
    bare, recorded, waits = [], [], []
    with (
        tempfile.TemporaryDirectory() as lake,
        Recorder(lake, "bench", every=1, share=1.0) as recorder,
    ):
        recorder.step(model, 1)  # its buffers and its process are made once
        while recorder.is_busy:
            time.sleep(0.1)
        for block in range(BLOCKS):
            bare += [step() for _ in range(STEPS)]
            before = recorder.seconds
            recorder.step(model, block + 2)
            waits.append(recorder.seconds - before)
            n_busy = 0
            lost = 0.0
            usual = statistics.median(bare)
            while recorder.is_busy and n_busy < EVERY:
                lost += step() - usual
                n_busy += 1
            recorded.append((lost, n_busy))
            while recorder.is_busy:
                time.sleep(0.1)
    usual = statistics.median(bare)
    wait = statistics.median(waits)
    lost = statistics.median(lost for lost, _ in recorded)
    share = (wait + lost) / (EVERY * usual)
    print_row(
        f"recording GPT-2-small, a snapshot per {EVERY} steps of {TOKENS} tokens",
        f"{100 * share:.1f} % of the time: {wait:.2f} s copy and {lost:.1f} s lost "
        f"beside {EVERY} × {usual:.2f} s",
        "2 %",
    )


if __name__ == "__main__":
    main()
