"""Do frames become pandas' own, with their nulls?"""

import pytest

import weightlake as wl
from tests.sql.small_zoo import zoo

__all__ = ["zoo"]

pd = pytest.importorskip("pandas", reason="pip install 'weightlake[pandas]'")


def test_a_frame_becomes_one_of_pandas(zoo):
    frame = wl.open(zoo).query("zoo")
    made = frame.to_pandas()
    assert isinstance(made, pd.DataFrame)
    assert list(made.columns) == frame.columns
    assert made["model"].to_list() == frame["model"].to_list()
    assert made.isna().sum().sum() == frame.null_count().sum_horizontal().item()
