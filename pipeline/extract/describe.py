"""What is the one row that `checkpoints` holds of a checkpoint?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.extract.measure import TensorRecord
from pipeline.layout import Layout
from pipeline.refs import Checkpoint
from pipeline.row import Row


def describe_checkpoint(
    checkpoint: Checkpoint,
    layout: Layout,
    records: Sequence[TensorRecord],
    *,
    digest: str,
    files_digest: str,
) -> Row:
    """The columns of `checkpoints`, keyed by column name."""
    source = checkpoint.source
    statuses = Counter(record.status for record in records)
    return {
        "model": source.ref.model,
        "revision": source.ref.revision,
        "step": source.step,
        "series": source.series,
        "source": source.location,
        "source_kind": source.kind,
        "format": checkpoint.format,
        "kind": checkpoint.kind,
        "commit": checkpoint.commit,
        "base_model": checkpoint.base_model,
        "digest": digest,
        "files_digest": files_digest,
        "architecture": _architecture(checkpoint.config),
        "family": layout.family,
        "n_layers": layout.n_layers,
        "hidden_size": layout.hidden_size,
        "n_heads": layout.n_heads,
        "n_kv_heads": layout.n_kv_heads,
        "n_experts": layout.n_experts,
        "vocabulary_size": layout.vocabulary_size,
        "n_tensors": len(records),
        "n_aliased": statuses["aliased"],
        "n_skipped": sum(statuses[one] for one in ("side", "skipped", "failed")),
        "n_elements": checkpoint.n_elements,
        "n_parameters": _count_parameters(records),
        "n_bytes": checkpoint.n_bytes,
        "dtype": _main_dtype(checkpoint),
        "config": json.dumps(checkpoint.config, ensure_ascii=False),
        "notes": "\n".join(checkpoint.all_notes) or None,
        "extracted_at": datetime.now(UTC),
    }


def _architecture(config: dict[str, Any]) -> str | None:
    names = config.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else None


def _count_parameters(records: Sequence[TensorRecord]) -> int:
    """Elements that training would call weights: no buffer, no tied copy."""
    return sum(
        record.tensor.n_elements
        for record in records
        if not (
            record.is_tied or record.tensor.skip_reason or record.location.is_buffer
        )
    )


def _main_dtype(checkpoint: Checkpoint) -> str | None:
    n_bytes: Counter[str] = Counter()
    for tensor in checkpoint.tensors:
        if not tensor.skip_reason:
            n_bytes[tensor.stored.dtype] += tensor.stored.n_bytes
    return n_bytes.most_common(1)[0][0] if n_bytes else None
