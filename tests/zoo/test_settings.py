"""Are sizes, families and threads read as they are meant, and else refused?"""

import pytest

from pipeline.errors import UsageError
from pipeline.extract import Settings
from pipeline.zoo.settings import check_families, make_settings, parse_memory


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GiB", 4 * 2**30),
        ("4 gib", 4 * 2**30),
        ("500MB", 500_000_000),
        ("1.5G", 1_500_000_000),
        ("2Ti", 2 * 2**40),
        ("1000000000", 10**9),
    ],
)
def test_sizes(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "much", "4 GiB RAM", "-1G", "1e9", "iB", "4iB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match=r"is not a size of memory.*4GiB"):
        parse_memory(text)


def test_too_little_memory_is_refused():
    with pytest.raises(UsageError, match=r"'1kB' is too little.*64 MiB"):
        parse_memory("1kB")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], Settings().families),
        (["spectra,entries"], ("entries", "spectra")),
        (["channels", "channels"], ("channels",)),
    ],
)
def test_families_keep_their_own_order(names, expected):
    assert check_families(names) == expected


@pytest.mark.parametrize("names", [[""], [" , "]])
def test_no_word_is_no_family(names):
    with pytest.raises(UsageError, match="no family is named"):
        check_families(names)


def test_an_unknown_family_lists_the_known_ones():
    with pytest.raises(UsageError, match=r"'spectrum'.*entries, channels, spectra"):
        check_families(["entries,spectrum"])


def test_what_is_not_said_is_the_machines_default():
    plain = make_settings()
    assert (plain.families, plain.verify) == (Settings().families, False)
    assert plain.memory_bytes >= 2**29
    assert plain.threads >= 1


def test_what_is_said_is_obeyed():
    settings = make_settings(
        families=["spectra"], memory="1GiB", threads=3, verify=True, replace=True
    )
    assert settings.families == ("spectra",)
    assert (settings.memory_bytes, settings.threads) == (2**30, 3)
    assert (settings.verify, settings.replace, settings.local_files_only) == (
        True,
        True,
        False,
    )


def test_no_threads_are_refused():
    with pytest.raises(UsageError, match="0 threads can do no work"):
        make_settings(threads=0)


def test_threads_beyond_sense_are_refused():
    with pytest.raises(UsageError, match=r"1000000 threads .* 1024 or fewer"):
        make_settings(threads=1_000_000)
