"""SQL knows of components what components.toml says, and nothing of its own."""

from pipeline.layout import load_components
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
