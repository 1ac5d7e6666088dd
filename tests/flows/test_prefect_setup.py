"""Is Prefect silent, patient and at home before it is imported?"""

import pytest

from flows import prefect_setup
from flows.prefect_setup import can_write, prepare_prefect
from pipeline.errors import UsageError
from pipeline.require import require


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    """What is set here is taken back after the test, what the code sets too."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr("pathlib.Path.home", lambda: home)
    variables = {}
    monkeypatch.setattr(prefect_setup.os, "environ", variables)


def test_telemetry_is_off_and_the_start_may_take_long(tmp_path):
    prepare_prefect(tmp_path / "lake")
    variables = prefect_setup.os.environ
    assert variables["DO_NOT_TRACK"] == "1"
    assert variables["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert variables["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "120"
    assert variables["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "CRITICAL"
    assert "PREFECT_HOME" not in variables


def test_verbose_lets_the_log_through(tmp_path):
    prepare_prefect(tmp_path / "lake", verbose=True)
    assert "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL" not in prefect_setup.os.environ


def test_what_the_user_set_stays(tmp_path):
    prefect_setup.os.environ.update(PREFECT_HOME="/mine", DO_NOT_TRACK="0")
    prepare_prefect(tmp_path / "lake")
    assert prefect_setup.os.environ["PREFECT_HOME"] == "/mine"
    assert prefect_setup.os.environ["DO_NOT_TRACK"] == "0"


def test_a_home_beside_the_warehouse_where_there_is_no_other(tmp_path):
    (tmp_path / "home" / ".prefect").write_text("a file, so no folder can be made")
    prepare_prefect(tmp_path / "lake")
    assert prefect_setup.os.environ["PREFECT_HOME"] == str(tmp_path / ".prefect")


def test_can_write(tmp_path):
    assert can_write(tmp_path / "new" / "folder")
    (tmp_path / "file").touch()
    assert not can_write(tmp_path / "file" / "folder")


def test_a_missing_library_is_named_with_its_extra():
    require("json", extra="none", what="a test")
    with pytest.raises(
        UsageError, match=r"a flow needs no_such_module.*weightlake\[x\]"
    ):
        require("no_such_module", extra="x", what="a flow")
