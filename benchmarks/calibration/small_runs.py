"""Which training runs are verdicts tried on? A small transformer on a Markov chain."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 200, 300, 400, 500, 600)
CONFIGS = (
    *(("adamw", rate, decay) for rate in (3e-4, 3e-3, 2e-2) for decay in (0, 0.1, 1)),
    *(("sgd", rate, decay) for rate in (1e-2, 1e-1) for decay in (0, 5e-4, 1e-2)),
)
_WORDS, _WIDTH, _LAYERS = 40, 32, 3


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(_WIDTH) for _ in range(2))
        self.qkvo = nn.ModuleList(nn.Linear(_WIDTH, _WIDTH) for _ in range(4))
        self.up = nn.Linear(_WIDTH, 4 * _WIDTH)
        self.down = nn.Linear(4 * _WIDTH, _WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v, o = self.qkvo
        y = self.norms[0](x)
        x = x + o(nn.functional.scaled_dot_product_attention(q(y), k(y), v(y)))
        return x + self.down(torch.relu(self.up(self.norms[1](x))))


def train(
    optimiser: str, rate: float, decay: float, seed: int
) -> list[list[np.ndarray]]:
    """Parameters at STEPS. Odd seeds leave vectors without decay, as recipes do."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Embedding(_WORDS, _WIDTH),
        *(_Block() for _ in range(_LAYERS)),
        nn.LayerNorm(_WIDTH),
        nn.Linear(_WIDTH, _WORDS),
    )
    params = list(net.parameters())
    groups = [
        {"params": [p for p in params if p.ndim > 1], "weight_decay": decay},
        {
            "params": [p for p in params if p.ndim < 2],
            "weight_decay": 0 if seed % 2 else decay,
        },
    ]
    stepper: torch.optim.Optimizer = torch.optim.AdamW(groups, lr=rate)
    if optimiser == "sgd":
        stepper = torch.optim.SGD(groups, lr=rate, momentum=0.9)
    chain = torch.softmax(2 * torch.randn(_WORDS, _WORDS), 1)
    kept = []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            kept.append([p.detach().numpy().copy() for p in params])
        x = torch.randint(0, _WORDS, (8, 1))
        for _ in range(16):
            x = torch.cat([x, torch.multinomial(chain[x[:, -1]], 1)], 1)
        loss = nn.functional.cross_entropy(net(x[:, :-1]).transpose(1, 2), x[:, 1:])
        stepper.zero_grad()
        loss.backward()
        stepper.step()
    return kept
