"""The one place where a table and its columns are declared."""

from pipeline.tables.activations import ACTIVATIONS
from pipeline.tables.adapters import ADAPTERS
from pipeline.tables.attention import ATTENTION_HEADS, ATTENTION_MAPS
from pipeline.tables.block_activations import (
    BLOCK_ACTIVATIONS,
    EXPERT_ACTIVATIONS,
    SIMILARITIES,
)
from pipeline.tables.channels import CHANNELS
from pipeline.tables.checkpoints import CHECKPOINTS
from pipeline.tables.circuits import CIRCUITS
from pipeline.tables.column import Column, Table
from pipeline.tables.embeddings import EMBEDDINGS
from pipeline.tables.extractions import EXTRACTIONS
from pipeline.tables.head_changes import HEAD_CHANGES
from pipeline.tables.heads import HEADS
from pipeline.tables.neurons import (
    NEURONS,
    POSITION_ACTIVATIONS,
    TOKEN_ACTIVATIONS,
)
from pipeline.tables.nulls import NULLS
from pipeline.tables.perturbations import PERTURBATIONS
from pipeline.tables.probe_sets import PROBE_DOCUMENTS, PROBE_SETS
from pipeline.tables.randomised import RANDOMISED
from pipeline.tables.sensitivities import (
    CRITICAL_WEIGHTS,
    HEAD_SENSITIVITIES,
    SENSITIVITIES,
)
from pipeline.tables.sketches import SKETCHES
from pipeline.tables.spectra import ENERGY_SHARES, SPECTRA
from pipeline.tables.tail_fits import TAIL_FITS
from pipeline.tables.tasks import TASK_ITEMS, TASK_SCORES
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
    PROBE_SETS,
    PROBE_DOCUMENTS,
    ACTIVATIONS,
    NEURONS,
    POSITION_ACTIVATIONS,
    TOKEN_ACTIVATIONS,
    BLOCK_ACTIVATIONS,
    SIMILARITIES,
    EXPERT_ACTIVATIONS,
    SENSITIVITIES,
    HEAD_SENSITIVITIES,
    CRITICAL_WEIGHTS,
    PERTURBATIONS,
    ATTENTION_HEADS,
    ATTENTION_MAPS,
    TASK_ITEMS,
    TASK_SCORES,
    TRAINING_LOG,
    EXTRACTIONS,
)

__all__ = [
    "ACTIVATIONS",
    "ADAPTERS",
    "ATTENTION_HEADS",
    "ATTENTION_MAPS",
    "BLOCK_ACTIVATIONS",
    "CHANNELS",
    "CHECKPOINTS",
    "CIRCUITS",
    "CRITICAL_WEIGHTS",
    "EMBEDDINGS",
    "ENERGY_SHARES",
    "EXPERT_ACTIVATIONS",
    "EXTRACTIONS",
    "HEADS",
    "HEAD_CHANGES",
    "HEAD_SENSITIVITIES",
    "NEURONS",
    "NULLS",
    "PERTURBATIONS",
    "POSITION_ACTIVATIONS",
    "PROBE_DOCUMENTS",
    "PROBE_SETS",
    "RANDOMISED",
    "SENSITIVITIES",
    "SIMILARITIES",
    "SKETCHES",
    "SPECTRA",
    "TABLES",
    "TAIL_FITS",
    "TASK_ITEMS",
    "TASK_SCORES",
    "TENSORS",
    "TENSOR_CHANGES",
    "TENSOR_STATS",
    "TOKEN_ACTIVATIONS",
    "TRAINING_LOG",
    "VALUE_COUNTS",
    "VOCABULARIES",
    "Column",
    "Table",
]
