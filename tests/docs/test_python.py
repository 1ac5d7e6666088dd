"""Do the examples of docs/python.md run, and print what stands there?"""

import doctest
import re
from pathlib import Path

import pytest

from tests.extract.pico import save_model, save_series

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The models that the page speaks of, in the working directory."""
    save_model(tmp_path / "models" / "net")
    save_series(tmp_path / "runs" / "pico", n_steps=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEIGHTLAKE_WAREHOUSE", raising=False)


@pytest.mark.usefixtures("folder")
def test_the_examples_print_what_stands_there():
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(
        "\n".join(blocks), {}, PAGE.name, str(PAGE), 0
    )
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    ended = doctest.DocTestRunner(optionflags=flags).run(test)
    assert ended.attempted > 25
    assert ended.failed == 0
