"""Are `pipeline` and `flows` ours in a folder that has both, or is it said why not?"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clash(tmp_path):
    """A working directory as people have them."""
    for name in ("pipeline", "flows"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "etl.py").write_text("MINE = 1\n")
        (tmp_path / name / "__init__.py").write_text(f"from {name}.etl import MINE")
    return tmp_path


def run(folder, *words):
    """Python in that folder, which stands first on its path; weightlake after it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def python(folder, program):
    return run(folder, "-c", program)


def test_python_takes_our_packages(clash):
    ended = python(
        clash,
        "import weightlake as wl, pipeline.errors, flows.schedule\n"
        "wl.open('lake').tables()\n"
        "print(pipeline.__file__, flows.__file__)",
    )
    assert ended.stderr == ""
    assert ended.stdout.split() == [
        str(ROOT / name / "__init__.py") for name in ("pipeline", "flows")
    ]


@pytest.mark.parametrize("words", [["version"], ["query"], ["tables", "spectra"]])
def test_the_command_takes_our_packages(clash, words):
    ended = run(clash, "-m", "weightlake", *words)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", ["pipeline", "flows"])
def test_another_package_that_is_there_first_is_named(clash, name):
    ended = python(clash, f"import {name}, weightlake")
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: weightlake needs its own package {name!r}")
    assert str(clash / name / "__init__.py") in last
    assert "Rename that one" in last


@pytest.mark.parametrize(
    "later", ["import pipeline.etl", "from pipeline import MINE", "import flows.etl"]
)
def test_an_import_of_yours_after_ours_says_why_it_fails(clash, later):
    ended = python(clash, f"import weightlake\n{later}")
    last = ended.stderr.splitlines()[-1]
    name = later.split()[1].partition(".")[0]
    assert last.startswith(f"ImportError: {name!r} is weightlake's own package")
    assert f"yours at {clash / name} is hidden by it" in last


def test_a_name_of_yours_says_why_it_is_not_there(clash):
    ended = python(clash, "import weightlake, pipeline\npipeline.MINE")
    assert "yours at" in ended.stderr.splitlines()[-1]


def test_where_nothing_is_hidden_errors_are_pythons_own(tmp_path):
    (tmp_path / "pipeline").mkdir()  # of data, without any code
    ended = python(tmp_path, "import weightlake, pipeline.nothing")
    assert ended.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: No module named 'pipeline.nothing'"
    )
    ended = python(tmp_path, "import weightlake, pipeline\npipeline.nothing")
    assert ended.stderr.splitlines()[-1] == (
        "AttributeError: module 'pipeline' has no attribute 'nothing'"
    )


def test_a_process_that_is_started_takes_our_packages_too(clash):
    ended = python(
        clash,
        "import weightlake\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from multiprocessing import get_context\n"
        "from weightlake.own_packages import first_on_path\n"
        "from pipeline.text.units import human_bytes\n"
        "spawn = get_context('spawn')\n"
        "with first_on_path(), ProcessPoolExecutor(1, mp_context=spawn) as pool:\n"
        "    print(pool.submit(human_bytes, 1000).result())\n",
    )
    assert ended.stdout.split() == ["1", "kB"], ended.stderr
