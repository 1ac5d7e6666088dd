"""The one place where a table and its columns are declared."""

from pipeline.tables.adapters import ADAPTERS
from pipeline.tables.channels import CHANNELS
from pipeline.tables.checkpoints import CHECKPOINTS
from pipeline.tables.circuits import CIRCUITS
from pipeline.tables.column import Column, Table
from pipeline.tables.embeddings import EMBEDDINGS
from pipeline.tables.extractions import EXTRACTIONS
from pipeline.tables.head_changes import HEAD_CHANGES
from pipeline.tables.heads import HEADS
from pipeline.tables.nulls import NULLS
from pipeline.tables.randomised import RANDOMISED
from pipeline.tables.sketches import SKETCHES
from pipeline.tables.spectra import ENERGY_SHARES, SPECTRA
from pipeline.tables.tail_fits import TAIL_FITS
from pipeline.tables.tensor_changes import TENSOR_CHANGES
from pipeline.tables.tensor_stats import TENSOR_STATS
from pipeline.tables.tensors import TENSORS
from pipeline.tables.training_log import TRAINING_LOG
from pipeline.tables.value_counts import VALUE_COUNTS
from pipeline.tables.vocabularies import VOCABULARIES

TABLES: tuple[Table, ...] = (
    CHECKPOINTS,
    TENSORS,
    TENSOR_STATS,
    VALUE_COUNTS,
    CHANNELS,
    SPECTRA,
    TAIL_FITS,
    RANDOMISED,
    SKETCHES,
    NULLS,
    ADAPTERS,
    HEADS,
    CIRCUITS,
    VOCABULARIES,
    EMBEDDINGS,
    TENSOR_CHANGES,
    HEAD_CHANGES,
    TRAINING_LOG,
    EXTRACTIONS,
)

__all__ = [
    "ADAPTERS",
    "CHANNELS",
    "CHECKPOINTS",
    "CIRCUITS",
    "EMBEDDINGS",
    "ENERGY_SHARES",
    "EXTRACTIONS",
    "HEADS",
    "HEAD_CHANGES",
    "NULLS",
    "RANDOMISED",
    "SKETCHES",
    "SPECTRA",
    "TABLES",
    "TAIL_FITS",
    "TENSORS",
    "TENSOR_CHANGES",
    "TENSOR_STATS",
    "TRAINING_LOG",
    "VALUE_COUNTS",
    "VOCABULARIES",
    "Column",
    "Table",
]
