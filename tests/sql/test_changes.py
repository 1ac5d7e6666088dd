"""Query `changes`: what moved most comes first, and nothing is left out."""

import pytest

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture
def compared(tmp_path):
    key = {"model": "tuned", "from_model": "base", "from_revision": "main"}
    rows = [
        key
        | {
            "tensor": "a",
            "from_tensor": "a",
            "status": "identical",
            "relative_change": 0.0,
        },
        key
        | {
            "tensor": "b",
            "from_tensor": "b",
            "relative_change": 0.5,
            "change_rank_90": 2,
            "design_rank": 8,
        },
        key | {"from_tensor": "c", "status": "only_old", "component": "up"},
        key | {"model": "other", "tensor": "d", "relative_change": 9.0},
    ]
    return tiny_warehouse(tmp_path, tensor_changes=rows)


def test_changes(compared):
    columns = "tensor status relative_change change_rank_fraction"
    assert pick(compared, "compare", columns, model="tuned") == [
        ("b", "ok", 0.5, 0.25),
        ("a", "identical", 0.0, None),
        ("c", "only_old", None, None),
    ]


def test_changes_of_another_base_are_not_shown(compared):
    found = pick(compared, "compare", "tensor", model="tuned", from_model="elsewhere")
    assert found == []
