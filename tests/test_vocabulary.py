"""Do comments, docstrings, headers and docs keep to the words of the field?

The words below made sentences that needed a second reading; each has a plain one.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    r"\btold\b": "report, state, distinguish",
    r"\btells?\b(?!\()": "report, state, distinguish",
    r"\bsuch a one\b": "name the thing",
    r"\bof which there\b": "name the thing",
    r"\bbreak points?\b": "breakpoint",
    r"\bchange-?point step\b": "breakpoint",
    r"\boptimizer step number\b": "step",
}
SUFFIXES = {".py", ".sql", ".md", ".js", ".css", ".html", ".toml", ".yaml"}
# Words of others, and names that people's files have.
EXCEPT = {"CHANGELOG.md", "tests/test_vocabulary.py"}


def files():
    command = ["git", "-C", str(ROOT), "ls-files"]
    listed = subprocess.run(command, check=False, capture_output=True, text=True)
    names = listed.stdout.split()
    if not names:
        pytest.skip("no git checkout: the tracked files are not known")
    places = ("pipeline", "weightlake", "flows", "sql", "docs", "README.md")
    return [
        ROOT / name
        for name in names
        if name.startswith(places) and name not in EXCEPT
        if Path(name).suffix in SUFFIXES
    ]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_a_word_that_needs_a_second_reading_is_not_used(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert found == [], f"better: {FORBIDDEN[pattern]}"
