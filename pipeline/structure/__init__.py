"""What is a model made of? A tree of any checkpoint, config or torch module."""

from pipeline.structure.as_json import as_json
from pipeline.structure.checkpoint import describe_checkpoint
from pipeline.structure.config import describe_config, read_config
from pipeline.structure.flow import trace_flow
from pipeline.structure.module import describe_module
from pipeline.structure.tree import Structure, count, walk_tensors

__all__ = [
    "Structure",
    "as_json",
    "count",
    "describe_checkpoint",
    "describe_config",
    "describe_module",
    "read_config",
    "trace_flow",
    "walk_tensors",
]
