"""Does a local run need nothing that Unix alone has? Tried with those calls absent."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from pipeline.machine import physical_memory, usable_processors

ROOT = Path(__file__).parents[1]
# What Windows lacks, taken away before anything of ours is imported.
BARE = """
import os, sys
for name in ("sched_getaffinity", "sysconf", "preadv", "pread", "nice", "fork",
             "getuid", "killpg", "posix_fadvise", "sched_setscheduler"):
    if hasattr(os, name):
        delattr(os, name)
sys.modules["fcntl"] = sys.modules["resource"] = sys.modules["pwd"] = None
sys.path.insert(0, sys.argv[1])
from weightlake.cli import main
sys.exit(main(sys.argv[2:]))
"""


def test_what_this_machine_has():
    assert 1 <= usable_processors() <= (os.cpu_count() or 1)
    assert physical_memory() > 1 << 28


def test_a_local_run_without_calls_of_unix(tmp_path):
    (tmp_path / "models" / "a").mkdir(parents=True)
    path = tmp_path / "models" / "a" / "model.safetensors"
    save_file({"h.0.attn.q_proj.weight": np.ones((4, 4), np.float32)}, path)
    lake = ["--warehouse", str(tmp_path / "lake")]

    def run(*words):
        ended = subprocess.run(
            [sys.executable, "-c", BARE, str(ROOT), *words, *lake],
            capture_output=True,
            check=False,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    run("extract", str(tmp_path / "models"), "--families", "entries")
    assert "a,main" in run("sql", "select model, revision from tensors", "--format=csv")
    run("compact")
