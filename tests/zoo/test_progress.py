"""Is progress shown on a terminal, and nowhere else?"""

import os
import pty
import subprocess
import sys

from pipeline.zoo.progress import byte_meter

PROGRAM = """
from pipeline.zoo.progress import byte_meter
with byte_meter(2_000_000, "extract") as meter:
    meter.advance(500_000)
    meter.say("measured: a@main [red]")
    meter.reach(2_000_000)
"""


def test_a_pipe_hears_only_what_is_said(capsys):
    with byte_meter(100, "extract") as meter:
        meter.advance(50)
        meter.reach(100)
        meter.say("measured: a@main")
    assert capsys.readouterr() == ("", "measured: a@main\n")


def test_a_terminal_sees_bytes():
    leader, follower = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=follower,
        timeout=60,
        check=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert ended.stdout == b""
    assert "measured: a@main [red]" in shown
    assert "2.0/2.0 MB" in shown
