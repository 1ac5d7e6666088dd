"""How are a matrix's rows and columns scaled, and where are its largest weights?"""

from pipeline.tables.column import COUNT, COUNTS, REAL, REALS, TEXT, Column, Table, key_columns

CHANNELS = Table(
    name="channels",
    grain="one row per measured tensor of two or more dimensions, and side",
    key=("model", "revision", "tensor", "side"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("side", TEXT, "rows or cols, of the tensor as (first size, product of the others)", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        Column("n_channels", COUNT, "rows or columns", "channels", "", (1, None), nullable=False),
        Column("norm_min", REAL, "smallest Euclidean norm of a channel", "", "min ‖w_c‖", (0, None)),
        Column("norm_median", REAL, "median norm", "", "median ‖w_c‖", (0, None)),
        Column("norm_max", REAL, "largest norm", "", "max ‖w_c‖", (0, None)),
        Column("norm_max_over_median", REAL, "how far the largest stands out, null when the median is 0", "ratio", "max ‖w_c‖ / median ‖w_c‖", (1, None)),
        Column("norm_gini", REAL, "inequality of the norms, 0 when all are equal", "fraction", "Gini(‖w_c‖)", (0, 1)),
        Column("norm_max_index", COUNT, "0-based channel with the largest norm"),
        Column("n_zero", COUNT, "channels that are all zero", "channels", "#{c : w_c = 0}", (0, None)),
        Column("n_outlier", COUNT, "channels holding a weight of six σ or more", "channels", "#{c : max |w_c| ≥ 6σ}", (0, None), reference="arXiv 2208.07339"),
        Column("outlier_channels", COUNTS, "the first 64 outlier channels by largest weight, descending"),
        Column("top_channels", COUNTS, "channel of each of the 16 largest weights, descending by magnitude", reference="arXiv 2411.07191"),
        Column("top_values", REALS, "those weights; rows and cols together give the coordinates", reference="arXiv 2411.07191"),
    ),
)
