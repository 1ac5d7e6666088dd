"""Where do tensors come from? Files, folders, series of steps and the hub."""

from pipeline.sources.checkpoint import list_files, open_checkpoint
from pipeline.sources.copies import ask_for
from pipeline.sources.discover import discover
from pipeline.sources.hub import hub_size
from pipeline.sources.hub_header import read_hub_headers
from pipeline.sources.passed_over import PassedOver, find_passed_over
from pipeline.sources.reader import TensorReader, open_reader
from pipeline.sources.training_logs import read_series_log
from pipeline.sources.vocabulary import Vocabulary, read_vocabulary

__all__ = [
    "PassedOver",
    "TensorReader",
    "Vocabulary",
    "ask_for",
    "discover",
    "find_passed_over",
    "hub_size",
    "list_files",
    "open_checkpoint",
    "open_reader",
    "read_hub_headers",
    "read_series_log",
    "read_vocabulary",
]
