"""Queries `relatives` and `lineage`: from the tables of a zoo to its trees."""

import numpy as np
import pytest

from pipeline.query import run_sql
from tests.analysis.kin import changed, noise
from tests.sql.small_zoo import at, pick, place
from tests.tiny_warehouse import tiny_warehouse

NAMES = [f"h.{i}.q" for i in range(6)]


def tables_of(zoo):
    """`zoo`: (model, revision, checkpoint columns, tensors, columns of each tensor)."""
    tables = {"checkpoints": [], "tensors": [], "sketches": [], "tensor_stats": []}
    for model, revision, columns, tensors, more in zoo:
        step = {"step": columns["step"]} if "step" in columns else {}
        whose = (model, revision)
        digests = [t.tobytes().hex()[:64] for t in tensors]
        kept = list(zip(NAMES, tensors, digests, strict=True))
        places = [
            place(n, (64, 32), layer=i, digest=d, position=i) | more
            for i, (n, _, d) in enumerate(kept)
        ]
        stats = [
            {"tensor": n, "frobenius_norm": np.linalg.norm(t) * np.sqrt(8), "digest": d}
            for n, t, d in kept
        ]
        sketches = [
            {"tensor": n, "entries": t.tolist(), "digest": d} for n, t, d in kept
        ]
        tables["checkpoints"] += at([columns], *whose)
        for name, rows in (
            ("tensors", places),
            ("sketches", sketches),
            ("tensor_stats", stats),
        ):
            tables[name] += at(rows, *whose, **step)
    return tables


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """A run of three steps, a tune of its last, an int4 copy of that, a stranger."""
    steps = [noise(0)]
    steps += [changed(steps[0], 1, 0.2)]
    steps += [changed(steps[1], 2, 0.2)]
    tuned = changed(steps[2], 3, 0.1)
    coded = [np.round(t * 2) / 2 for t in tuned]
    run = [
        ("run", f"s{i}", {"series": "run", "step": 10 * i}, tensors, {})
        for i, tensors in enumerate(steps)
    ]
    zoo = [
        *run,
        ("tuned", "main", {"base_model": "org/run"}, tuned, {}),
        (
            "coded",
            "main",
            {},
            coded,
            {"quantisation": "int4", "logical_shape": "32×64"},
        ),
        ("copy", "main", {}, tuned, {}),
        ("other", "main", {}, noise(9), {}),
    ]
    return tiny_warehouse(tmp_path_factory.mktemp("family"), **tables_of(zoo))


def test_lineage(family):
    columns = "tree model revision parent_model parent_revision evidence relation"
    found = pick(family, "lineage", columns)
    by_model = {row[1:3]: (row[0], *row[3:]) for row in found}
    tree = by_model["run", "s0"][0]
    assert by_model["run", "s0"] == (tree, None, None, None, None)
    assert by_model["run", "s1"] == (tree, "run", "s0", "steps", "kin")
    assert by_model["run", "s2"] == (tree, "run", "s1", "steps", "kin")
    # Its config names the run; the last step is the one that is meant.
    assert by_model["tuned", "main"] == (tree, "run", "s2", "declared", "kin")
    assert by_model["coded", "main"][4] == "rounded"
    assert by_model["coded", "main"][1] in {"tuned", "copy"}
    assert by_model["copy", "main"] == (tree, "tuned", "main", "tree", "same")
    assert by_model["other", "main"][0] != tree


def test_lineage_of_one_model(family):
    assert pick(family, "lineage", "model", model="other") == [("other",)]
    assert len(pick(family, "lineage", "model", model="tuned")) == 6


def test_relatives(family):
    columns = "model revision relation came_first distance identical_fraction"
    found = pick(family, "relatives", columns, model="tuned")
    assert found[0] == ("copy", "main", "same", "undecided", 0, 1)
    assert [row[1] for row in found if row[0] == "run"] == ["s2", "s1", "s0"]
    relations = {row[0]: row[2:4] for row in found}
    assert relations["coded"] == ("rounded", "this")
    assert "other" not in relations


def test_strangers_only_if_asked(family):
    found = pick(family, "relatives", "model relation", model="other", strangers="true")
    assert len(found) == 6
    assert {row[1] for row in found} == {"stranger"}


def test_scalars_and_codes_have_their_own_sizes(tmp_path):
    codes = {"quantisation": "int4", "shape": "4×64", "logical_shape": "32×64"}
    rows = [
        place("scale", ()) | {"component": "other"},
        place("q", (4, 64), layer=0) | codes,
    ]
    entries = [{"tensor": n, "entries": [1.0, 2.0]} for n in ("scale", "q")]
    root = tiny_warehouse(tmp_path, tensors=at(rows, "m"), sketches=at(entries, "m"))
    text = "select slot, n_elements, eps from sketched order by slot"
    assert run_sql(root, text).to_pylist() == [
        {"slot": "0 q weight [32, 64]", "n_elements": 2048, "eps": 2},
        {"slot": "scale []", "n_elements": 1, "eps": 2.0**-23},
    ]


def test_what_converters_turn_is_compared_among_its_like(tmp_path):
    # A Gemma as transformers and as llama.cpp store it: q in rotary pairs, norms + 1.
    rows = [
        place(name, (64, 32), layer=0) | {"component": name}
        for name in ("q", "v", "attention_norm")
    ]
    entries = [{"tensor": row["tensor"], "entries": [1.0, 2.0]} for row in rows]
    families = {"hf": ("llama", "GemmaModel"), "gguf": ("gguf", "gemma")}
    tables = {"checkpoints": [], "tensors": [], "sketches": []}
    for model, (family, architecture) in families.items():
        row = {"family": family, "architecture": architecture}
        tables["checkpoints"] += at([row], model)
        tables["tensors"] += at(rows, model)
        tables["sketches"] += at(entries, model)
    text = "select tensor from sketched group by tensor, slot having count(*) = 2"
    found = run_sql(tiny_warehouse(tmp_path, **tables), text)
    assert found.column("tensor").to_pylist() == ["v"]


def test_a_zoo_without_sketches_has_trees_of_one(zoo):
    found = pick(zoo, "lineage", "model revision parent_model evidence")
    assert {row[:2] for row in found if row[3]} == {
        ("run", "step-10"),
        ("run", "step-20"),
    }
    assert pick(zoo, "relatives", "model", model="pair") == []


def test_change_matrix(family):
    columns = "model_a revision_a model_b revision_b relation"
    found = pick(family, "change_matrix", columns)
    assert len(found) == 7 * 6 / 2
    assert ("copy", "main", "tuned", "main", "same") in found
    chosen = pick(family, "change_matrix", columns, every_step="false", model="tuned")
    assert {row[1] for row in chosen if row[0] == "run"} == {"s2"}
