"""Do the reference and the index name everything that there is?"""

from pathlib import Path

import weightlake as wl

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def test_every_exported_name_is_in_the_reference():
    text = PAGE.read_text(encoding="utf-8")
    for name in wl.__all__:
        assert f":: weightlake.{name}\n" in text, name


def test_the_index_lists_every_page():
    docs = PAGE.parents[1]
    listed = (docs / "index.md").read_text(encoding="utf-8").split()
    pages = {path.stem for path in docs.glob("*.md")} - {"index"}
    assert pages <= set(listed), "make docs fails on a page that no list holds"


def test_every_method_says_what_it_gives_or_is_a_sentence():
    for name in dir(wl.Lake):
        method = getattr(wl.Lake, name)
        if name.startswith("_") or not callable(method):
            continue
        parameters = set(method.__annotations__) - {"return"}
        documented = method.__doc__ or ""
        if len(parameters) > 2:
            for parameter in parameters:
                assert parameter in documented, f"{name}: {parameter}"
