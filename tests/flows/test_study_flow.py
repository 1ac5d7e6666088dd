"""Does the flow of a study run the command, and fail as it does?"""

import logging

import pytest

from flows import study_flow
from flows.study_flow import StudyFailedError


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """Outside a run of Prefect there is no logger of one."""
    logger = logging.getLogger("study")
    monkeypatch.setattr(study_flow, "get_run_logger", lambda: logger)


def test_a_study_that_fails_says_why(tmp_path):
    with pytest.raises(StudyFailedError, match="no study is called 'bsic'"):
        study_flow.study_flow.fn("bsic", ["models/x"], out_dir=str(tmp_path / "out"))


def test_its_folder_comes_back(caplog):
    with caplog.at_level(logging.INFO):
        made = study_flow.study_flow.fn("my/own.toml", ["x"], options=["--help"])
    assert made == "own"
    assert "Run a study of critical weights" in caplog.text
