"""The page on stages shows the stage that is tested."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_stage_that_is_tested():
    page = (ROOT / "docs" / "stages.md").read_text()
    assert (ROOT / "tests" / "stages" / "throwaway.py").read_text() in page
