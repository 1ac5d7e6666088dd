"""An empty warehouse for the tests of extraction."""

import pytest

from pipeline.warehouse import open_warehouse


@pytest.fixture
def warehouse(tmp_path):
    return open_warehouse(tmp_path / "warehouse")
