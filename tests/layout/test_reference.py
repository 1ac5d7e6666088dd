"""Does docs/architectures.md say what the data says?"""

import re
import tomllib
from pathlib import Path

from pipeline.components import load_components
from pipeline.layout import load_families
from pipeline.layout.reference import update_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures.md"


def test_the_tables_are_those_of_the_data():
    text = PAGE.read_text(encoding="utf-8")
    assert update_tables(text) == text
    assert all(f"| `{name}` |" in text for name in load_components())
    assert all(f"| `{name}` |" in text for name in load_families() if name != "unknown")


def test_the_example_is_a_family():
    text = PAGE.read_text(encoding="utf-8")
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    assert set(example) == {"title", "model_types", "prefixes", "modules"}
    assert set(example["modules"].values()) <= set(load_components())


def test_every_key_of_a_family_is_explained():
    from tests.layout.test_data import KEYS

    text = PAGE.read_text(encoding="utf-8")
    missing = {
        key for key in KEYS if f"`{key}`" not in text and f"`[{key}]`" not in text
    }
    assert missing == {"only"}
    assert "`[only.STACK]`" in text
