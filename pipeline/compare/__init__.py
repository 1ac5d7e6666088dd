"""Two checkpoints, tensor by tensor: what changed, and how."""

from pipeline.compare.match import match_tensors
from pipeline.compare.matched import Match
from pipeline.compare.pairs import Pairing, pair_steps
from pipeline.compare.stage import COMPARE, compare_checkpoints

__all__ = [
    "COMPARE",
    "Match",
    "Pairing",
    "compare_checkpoints",
    "match_tensors",
    "pair_steps",
]
