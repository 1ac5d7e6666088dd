"""Is a manifest read as written, and is each mistake in it named?"""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.zoo.manifest import Entry, Zoo, read_zoo

WHOLE = """
[zoo]
name = "demo"
warehouse = "lake"
families = ["entries", "spectra"]
memory = "1GiB"
threads = 2
queries = "/absolute/queries"

[[models]]
path = "weights/*.th"

[[models]]
hub = "org/name@v1"
model = "label"
revision = "first"

[[series]]
path = "runs/gpt/step-*"

[[series]]
path = "other"
name = "second"
step_pattern = "it(\\\\d+)"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "zoo.toml"
    path.write_text(text)
    return path


def test_a_whole_manifest(tmp_path):
    path = write(tmp_path, WHOLE)
    assert read_zoo(path) == Zoo(
        path=path,
        name="demo",
        entries=(
            Entry(f"{tmp_path}/weights/*.th"),
            Entry("org/name@v1", is_hub=True, model="label", revision="first"),
            Entry(f"{tmp_path}/runs/gpt/step-*", series="gpt"),
            Entry(f"{tmp_path}/other", series="second", step_pattern=r"it(\d+)"),
        ),
        warehouse=tmp_path / "lake",
        families=("entries", "spectra"),
        memory="1GiB",
        threads=2,
        queries=Path("/absolute/queries"),
    )


def test_only_a_source_is_needed(tmp_path):
    zoo = read_zoo(write(tmp_path, '[[models]]\npath = "a.bin"'))
    assert zoo.name == tmp_path.name
    assert (zoo.warehouse, zoo.families, zoo.memory, zoo.threads) == (
        None,
        (),
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"zoo\.toml: the zoo has no checkpoints.*\[\[models\]\]"),
        ("[zoo\n", r"zoo\.toml: it is not TOML: .*line 1"),
        ('[[model]]\npath="a"', r"'model' is not known.*zoo, models, series"),
        ('[models]\npath="a"', r"'models' is not a list.*Write \[\[models\]\]"),
        ('zoo = 1\n[[models]]\npath="a"', r"'zoo' is not a section"),
        (
            '[[models]]\npath="a"\n[[models]]\npaht="a"',
            r"\[\[models\]\] number 2: the key 'paht'.*path, hub, model, revision",
        ),
        ("[[models]]\npath=1", r"number 1: path = 1 is not a text"),
        ('[[models]]\npath=""', r"number 1: path is empty"),
        ('[[models]]\nmodel="a"', "exactly one of path and hub"),
        ('[[models]]\npath="a"\nhub="b/c"', "exactly one of path and hub"),
        ('[[series]]\nname="a"', r"\[\[series\]\] number 1: a series has no path"),
        ('[zoo]\nthreads="two"', r"\[zoo\]: threads = 'two' is not a whole number"),
        ("[zoo]\nthreads=true", "threads = True is not a whole number"),
        ("[zoo]\nfamilies=[1]", r"families = \[1\] is not a list of texts"),
        (
            '[zoo]\nfamilies=["x"]\n[[models]]\npath="a"',
            r"\[zoo\]: no metric family is called 'x'",
        ),
        (
            '[zoo]\nmemory="x"\n[[models]]\npath="a"',
            r"\[zoo\]: 'x' is not a size of memory",
        ),
        ('[zoo]\nthreads=0\n[[models]]\npath="a"', r"\[zoo\]: 0 threads can do no"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read_zoo(write(tmp_path, text))


def test_a_manifest_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"none.toml: there is no such manifest"):
        read_zoo(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="a folder is not a manifest"):
        read_zoo(tmp_path)
