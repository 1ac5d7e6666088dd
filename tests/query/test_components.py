"""SQL knows of components what components.toml says, and nothing of its own."""

from pipeline.components import load_components
from pipeline.query import run_sql
from tests.tiny_warehouse import tiny_warehouse


def test_the_side_of_the_stream_is_that_of_the_vocabulary(tmp_path):
    words = load_components()
    rows = [{"tensor": name, "component": name} for name in words]
    root = tiny_warehouse(tmp_path, tensors=rows)
    text = (
        "select component, residual_side(component, false) as stored, "
        "residual_side(component, true) as transposed from tensors"
    )
    sides = {"reads": ("cols", "rows"), "writes": ("rows", "cols"), "": (None, None)}
    found = {
        row["component"]: (row["stored"], row["transposed"])
        for row in run_sql(root, text).to_pylist()
    }
    assert found == {name: sides[word.stream] for name, word in words.items()}
    assert found["q"] == ("cols", "rows")
    assert found["down"] == ("rows", "cols")


def test_the_table_of_components_is_the_vocabulary(tmp_path):
    root = tiny_warehouse(tmp_path, tensors=[{"tensor": "w"}])
    rows = run_sql(root, "from components order by place").to_pylist()
    words = list(load_components().values())
    assert [row["component"] for row in rows] == [word.name for word in words]
    assert [row["category"] for row in rows] == [word.category for word in words]
    assert [row["step"] or "" for row in rows] == [word.step for word in words]
    facts = ("rotates", "is_norm", "has_hidden_size", "has_experts")
    q, norm = (
        next(row for row in rows if row["component"] == name)
        for name in ("q", "mlp_norm")
    )
    assert [q[fact] for fact in facts] == [True, False, False, False]
    assert [norm[fact] for fact in facts] == [False, True, True, False]
