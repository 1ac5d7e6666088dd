"""Which checkpoints are in the warehouse, and what does each declare of itself?"""

from pipeline.tables.column import COUNT, FLAG, TEXT, TIME, Column, Table, key_columns

CHECKPOINTS = Table(
    name="checkpoints",
    grain="one row per model and revision",
    key=("model", "revision"),
    columns=(
        *key_columns(),
        Column("series", TEXT, "training run that the checkpoint is a step of"),
        Column(
            "source", TEXT, "path or hub reference it was read from", nullable=False
        ),
        Column("source_kind", TEXT, "local or hub", nullable=False),
        Column(
            "format",
            TEXT,
            "safetensors, torch, dcp, gguf, keras, onnx, numpy or flax",
            nullable=False,
        ),
        Column("kind", TEXT, "model or adapter", nullable=False),
        Column("commit", TEXT, "commit that the hub resolved the revision to"),
        Column(
            "base_model", TEXT, "model that an adapter or fine-tune names as its base"
        ),
        Column(
            "digest",
            TEXT,
            "xxh3-128 over every tensor's name and digest",
            nullable=False,
        ),
        Column(
            "files_digest",
            TEXT,
            "xxh3-128 over names, sizes and times of its files",
            nullable=False,
        ),
        Column("architecture", TEXT, "class named in the config"),
        Column(
            "family", TEXT, "layout pattern that placed its tensors", nullable=False
        ),
        Column(
            "n_layers",
            COUNT,
            "blocks: configured, else seen in the tensor names",
            "layers",
        ),
        Column("hidden_size", COUNT, "width of the residual stream"),
        Column("n_heads", COUNT, "attention heads per layer"),
        Column("n_kv_heads", COUNT, "key and value heads per layer"),
        Column("n_experts", COUNT, "experts per mixture layer"),
        Column("vocabulary_size", COUNT, "rows of the token embedding"),
        Column("n_tensors", COUNT, "tensors in its headers", nullable=False),
        Column(
            "n_aliased",
            COUNT,
            "tensors that repeat another one's values",
            nullable=False,
        ),
        Column(
            "n_skipped",
            COUNT,
            "tensors not measured, each with its reason",
            nullable=False,
        ),
        Column(
            "n_elements", COUNT, "elements that the headers declare", nullable=False
        ),
        Column(
            "n_parameters",
            COUNT,
            "elements of weights: no buffer, and a tied one once",
            nullable=False,
        ),
        Column(
            "n_bytes", COUNT, "bytes that the headers declare", "bytes", nullable=False
        ),
        Column("dtype", TEXT, "dtype that holds the most bytes"),
        Column("has_non_finite", FLAG, "whether any measured tensor holds NaN or Inf"),
        Column("config", TEXT, "config.json or adapter_config.json as JSON"),
        Column("notes", TEXT, "what was noticed on reading, one sentence per line"),
        Column("extracted_at", TIME, "when the row was written", "UTC", nullable=False),
    ),
)
