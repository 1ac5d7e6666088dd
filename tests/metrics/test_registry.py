"""A family from another package is listed beside ours, and a broken one is refused."""

from importlib.metadata import EntryPoint

import pytest

from pipeline.errors import UsageError
from pipeline.extract.settings import choose_families
from pipeline.metrics import registry
from pipeline.metrics.families import DEFAULT_FAMILIES, ENTRIES, FAMILIES
from pipeline.metrics.tensor import Family

THEIRS = Family("theirs", 1, ("channels",), lambda _: {}, is_default=False)


@pytest.fixture
def installed(monkeypatch):
    """Say which entry points are installed: names and places."""

    def install(**places):
        points = [EntryPoint(n, p, registry.GROUP) for n, p in places.items()]
        monkeypatch.setattr(registry, "entry_points", lambda **_: points)
        registry.list_families.cache_clear()

    yield install
    registry.list_families.cache_clear()


def test_without_packages_the_families_are_ours(installed):
    installed()
    assert registry.list_families() == FAMILIES
    assert registry.default_families() == DEFAULT_FAMILIES


def test_a_family_of_a_package_is_chosen_by_its_name(installed):
    installed(theirs=f"{__name__}:THEIRS")
    assert registry.list_families() == (*FAMILIES, THEIRS)
    assert choose_families(("entries", "theirs")) == (
        ENTRIES,
        THEIRS,
    )


@pytest.mark.parametrize("place", ["json:loads", "pipeline.metrics.families:ENTRIES"])
def test_what_is_no_family_or_has_a_taken_name_is_refused(installed, place):
    installed(bad=place)
    with pytest.raises(UsageError, match=r"no Family.*'bad' of the group weightlake"):
        registry.list_families()
