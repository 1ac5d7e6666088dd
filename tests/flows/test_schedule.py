"""Is a schedule that cannot be kept refused before anything starts?"""

import pytest

from flows.schedule import check_cron
from pipeline.errors import UsageError
from weightlake.cli import main

ZOO = '[zoo]\n[[models]]\npath = "net"\n'


@pytest.mark.parametrize("text", ["0 3 * * *", "@daily", "*/5 9-17 * * mon"])
def test_schedules(text):
    check_cron(text)


@pytest.mark.parametrize("text", ["banana", "* * *", "61 * * * *", ""])
def test_what_is_none(text):
    with pytest.raises(UsageError, match=r"--cron .* is no schedule. Write minute"):
        check_cron(text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cron", "banana"], "--cron 'banana' is no schedule"),
        (["--interval", "0"], "'--interval': Input should be greater"),
        (["--interval", "-5"], "'--interval': Input should be greater"),
        (["--interval", "99999999999"], "Input should be less"),
    ],
)
def test_serve_is_told_before_a_server_starts(
    tmp_path, monkeypatch, capsys, words, message
):
    (tmp_path / "zoo.toml").write_text(ZOO)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    assert main(["serve", str(tmp_path / "zoo.toml"), *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "scheduled on" not in said
