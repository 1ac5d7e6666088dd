"""Is progress shown on a terminal, and nowhere else?"""

import os
import pty
import re
import subprocess
import sys

from pipeline.zoo.progress import open_meter

PROGRAM = """
from pipeline.zoo.progress import open_meter
with open_meter(2_000_000, "extract") as meter:
    meter.advance(500_000)
    meter.say("measured: a@main [red]")
    meter.reach(2_000_000)
"""


def test_a_pipe_hears_only_what_is_said(capsys):
    with open_meter(100, "extract") as meter:
        meter.advance(50)
        meter.reach(100)
        meter.say("measured: a@main")
    assert capsys.readouterr() == ("", "measured: a@main\n")


TOKENS = """
import time
from pipeline.zoo.progress import open_meter
with open_meter(4_000, "probe", unit="tokens") as meter:
    meter.reach(1_000)
    time.sleep(0.1)
    meter.reach(5_000)
    meter.say("measured")
"""


def on_a_terminal(program):
    """What a program writes to stdout, and to a terminal that is its stderr."""
    leader, follower = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=follower,
        timeout=60,
        check=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    return ended.stdout, shown


def test_a_terminal_sees_bytes():
    out, shown = on_a_terminal(PROGRAM)
    assert out == b""
    assert "measured: a@main [red]" in shown
    assert "2.0/2.0 MB" in shown


def test_a_terminal_sees_tokens_and_their_rate_and_never_more_than_all():
    _, shown = on_a_terminal(TOKENS)
    assert "5000/5000" in shown
    assert re.search(r"tokens, [\d,]+/s", shown)
