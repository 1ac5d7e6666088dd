"""What does the comparison of checkpoints take and return, as rows?"""

from pipeline.tables.column import COUNT, REAL, SINGLES, TEXT, Column, Table

_FRACTION = (0.0, 1.0)

SKETCHED = Table(
    "sketched",
    "one row per tensor of a checkpoint that has a sketch",
    ("place", "slot"),
    (
        Column("place", COUNT, "0-based number of the checkpoint"),
        Column("slot", COUNT, "number of the role and shape"),
        Column("content", COUNT, "number of the content: equal for equal digests"),
        Column("n_elements", REAL, "elements of the tensor", "elements"),
        Column("norm", REAL, "Frobenius norm"),
        Column("kurtosis", REAL, "of the entries"),
        Column("eps", REAL, "relative width of the stored values, null for integers"),
        Column("entries", SINGLES, "the sampled entries"),
    ),
)
DESCENT = Table(
    "descent",
    "one row per checkpoint, by place",
    ("place",),
    (
        Column("place", COUNT, "0-based number of the checkpoint"),
        Column("previous", COUNT, "place of the step before, null without one"),
        Column(
            "base", COUNT, "place of the base that its config names, null without one"
        ),
        Column(
            "noise_fraction",
            REAL,
            "of its matrices that are noise",
            "fraction",
            bounds=_FRACTION,
        ),
    ),
)
_COMPARED = (
    Column("n_tensors", COUNT, "compared: of one role and one shape", "tensors"),
    Column("n_elements", COUNT, "of those", "elements"),
    Column(
        "identical",
        REAL,
        "of the elements compared, to the bit",
        "fraction",
        bounds=_FRACTION,
    ),
    Column(
        "related",
        REAL,
        "of the elements compared, beyond chance",
        "fraction",
        bounds=_FRACTION,
    ),
    Column(
        "distance", REAL, "0 between equals, 1 between strangers, √2 between opposites"
    ),
    Column(
        "equal", REAL, "of the sampled entries, equal", "fraction", bounds=_FRACTION
    ),
    Column(
        "zeroed",
        REAL,
        "of the sampled entries, 0 in b alone",
        "fraction",
        bounds=_FRACTION,
    ),
    Column(
        "filled",
        REAL,
        "of the sampled entries, 0 in a alone",
        "fraction",
        bounds=_FRACTION,
    ),
    Column(
        "rounded",
        REAL,
        "of the sampled entries, equal within the coarser type",
        "fraction",
        bounds=_FRACTION,
    ),
    Column(
        "coarser",
        REAL,
        "+1 where b is stored in wider steps in all tensors that differ, −1 where a is",
    ),
    Column(
        "growth",
        REAL,
        "+1 where b is a and a change that does not know a, −1 the other way",
        formula="(‖b‖² − ‖a‖²) / ‖b − a‖²",
    ),
    Column("growth_stderr", REAL, "standard error of growth"),
    Column(
        "n_heavier", COUNT, "related tensors with a higher kurtosis in b", "tensors"
    ),
    Column("n_lighter", COUNT, "related tensors with a lower kurtosis in b", "tensors"),
)
KIN_PAIRS = Table(
    "kin_pairs",
    "one row per pair of checkpoints with a tensor to compare",
    ("a", "b"),
    (
        Column("a", COUNT, "place of the first checkpoint"),
        Column("b", COUNT, "place of the second checkpoint"),
        Column("relation", TEXT, "same, rounded, pruned, kin or stranger"),
        Column(
            "sign", COUNT, "+1 where a came first, −1 where b did, 0 where nothing says"
        ),
        Column("evidence", TEXT, "rounded, pruned, untrained, growth or undecided"),
        *_COMPARED,
    ),
)
LINEAGE_NODES = Table(
    "lineage_nodes",
    "one row per checkpoint, parents before children",
    ("place",),
    (
        Column("place", COUNT, "0-based number of the checkpoint"),
        Column("tree", COUNT, "0-based number of the tree"),
        Column("level", COUNT, "edges from the tree's root"),
        Column("position", COUNT, "0-based place in the order of trees"),
        Column("parent", COUNT, "place of what it was made from; null for a root"),
        Column(
            "margin",
            REAL,
            "distance of the next possible parent over distance",
            "ratio",
        ),
        Column(
            "evidence", TEXT, "what says so; undecided: the parent is its nearest kin"
        ),
        Column(
            "relation",
            TEXT,
            "same, rounded, pruned or kin; null where nothing was compared",
        ),
        *_COMPARED,
    ),
)
