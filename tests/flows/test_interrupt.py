"""Does Ctrl-C end a flow soon, though Prefect and threads would go on?"""

import signal
import subprocess
import sys

from flows.interrupt import quick_interrupt

STUBBORN = """
import threading, time
from flows import interrupt

interrupt._GRACE_SECONDS = 0.2
with interrupt.quick_interrupt():
    threading.Thread(target=time.sleep, args=(600,)).start()
    while True:
        try:
            print("ready", flush=True)
            time.sleep(600)
        except KeyboardInterrupt:
            print("asking a server that is gone", flush=True)
"""


def test_a_process_that_would_not_end():
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert "asking a server that is gone" in out
    assert err == "weightlake: interrupted\n"
    assert process.returncode == 130


def test_the_handler_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    with quick_interrupt():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
