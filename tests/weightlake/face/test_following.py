"""Do breaks, audit and lineage of a lake answer as their commands do?"""

import pytest

import weightlake as wl
from tests.sql.small_zoo import zoo
from tests.weightlake.cli.test_breaks import broken
from tests.weightlake.cli.test_breaks import lake as broken_lake

__all__ = ["zoo"]


def test_breaks_are_a_frame(tmp_path):
    lake = wl.open(broken_lake(tmp_path, 30, broken))
    found = lake.breaks("run")
    assert found["step"].to_list() == [120]
    each = lake.breaks("run", metric="frobenius_norm", each=True)
    assert each["tensor"].n_unique() == 5
    with pytest.raises(wl.UsageError, match="without a metric"):
        lake.breaks("run", each=True)
    with pytest.raises(wl.QueryError, match="did you mean run"):
        lake.breaks("rum")


def test_why_there_is_none_is_a_warning(tmp_path):
    lake = wl.open(broken_lake(tmp_path, 20, lambda _: [2.0] * 20))
    with pytest.warns(wl.NoRowsWarning, match="at most 20 points: constant") as seen:
        assert lake.breaks("run").height == 0
    assert {each.filename for each in seen} == {__file__}


def test_audit_and_lineage(zoo):
    lake = wl.open(zoo)
    assert "severity" in lake.audit("run").columns
    with pytest.raises(wl.QueryError, match="there is no series 'rum'"):
        lake.audit("rum")
    assert set(lake.lineage()["model"]) == set(lake.query("models")["model"])
