"""Do files become items, and do bad ones name their line?"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SourceError, UsageError
from pipeline.tasks.samples import read_samples
from pipeline.tasks.sets import Named, read_task
from tests.tasks.harness_models import HARNESS


def write(folder, name, *records):
    file = folder / name
    file.write_text("\n".join(json.dumps(record) for record in records))
    return file


@pytest.mark.parametrize(
    ("record", "kind", "asked"),
    [
        (
            {"ctx_a": "A  man", "ctx_b": "HE sits", "activity_label": "Sitting"}
            | {"endings": ["down [sub] now", "up"], "label": "1"},
            "choice",
            ("Sitting: A man He sits", ("down now", "up"), 1),
        ),
        (
            {"ctx": "x", "endings": ["a", "b"], "label": 0},
            "choice",
            ("x", ("a", "b"), 0),
        ),
        (
            {"question": "q", "choices": ["a", "b"], "answer": "B"},
            "choice",
            ("q", ("a", "b"), 1),
        ),
        (
            {"question": "q", "choices": ["a", "b"], "answer": "b"},
            "choice",
            ("q", ("a", "b"), 1),
        ),
        ({"prompt": "q", "target": "t"}, "cloze", ("q", ("t",), 0)),
        ({"text": "all of it"}, "text", ("", ("all of it",), 0)),
    ],
)
def test_records_of_each_form(tmp_path, record, kind, asked):
    task = read_task(f"own={write(tmp_path, 'own.jsonl', record)}")
    (item,) = task.items
    assert (task.kind, (item.context, item.choices, item.gold)) == (kind, asked)


def test_a_name_says_the_form(tmp_path):
    file = write(tmp_path, "words.jsonl", {"text": "the last word"})
    (item,) = read_task(f"lambada_openai={file}").items
    assert (item.context, item.choices) == ("the last", ("word",))


def test_the_same_items_in_parquet(tmp_path):
    records = [{"question": "q", "choices": ["a", "b"], "answer": 1}]
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "own.parquet")
    lines = read_task(str(write(tmp_path, "own.jsonl", *records)))
    assert read_task(str(tmp_path / "own.parquet")).digest == lines.digest


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"question": "q", "choices": ["a", "b"]},
            "own.jsonl line 2 has no 'gold' nor",
        ),
        (
            {"question": "q", "choices": "ab", "gold": 0},
            "line 2 choices is 'ab', not",
        ),
        (
            {"question": "q", "choices": ["a"], "gold": 3},
            "line 2 its right choice is 3",
        ),
        ({"choices": ["a"], "gold": 0}, "line 2 has no 'context' nor"),
    ],
)
def test_a_bad_line_is_named(tmp_path, record, message):
    good = {"question": "q", "choices": ["a", "b"], "gold": 0}
    with pytest.raises(SourceError) as error:
        read_task(str(write(tmp_path, "own.jsonl", good, record)))
    assert message in str(error.value).replace(":", "")


def test_other_bad_files(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n[1]\n')
    with pytest.raises(SourceError, match=r"bad.jsonl line 2: is list, not an object"):
        read_task(str(tmp_path / "bad.jsonl"))
    (tmp_path / "none.jsonl").write_text("\n")
    with pytest.raises(SourceError, match="holds no item"):
        read_task(str(tmp_path / "none.jsonl"))
    with pytest.raises(SourceError, match="no such file"):
        read_task(f"a={tmp_path / 'absent.jsonl'}")
    with pytest.raises(UsageError, match="'absent' is no task"):
        read_task("absent")


def test_items_that_travel_along():
    assert len(read_task("small_endings").items) == 32
    assert read_task("small_words").kind == "cloze"


def test_a_reader_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import pathlib\n\n"
        "def read(file):\n"
        "    for line in pathlib.Path(file).read_text().splitlines():\n"
        "        q, *choices = line.split()\n"
        "        yield {'question': q, 'choices': choices, 'gold': 0}\n"
    )
    (tmp_path / "lines.txt").write_text("one two three\nfour five six\n")
    asked = f"{tmp_path / 'mine.py'}={tmp_path / 'lines.txt'}"
    task = read_task(asked)
    assert task.name == "mine"
    assert [item.choices for item in task.items] == [("two", "three"), ("five", "six")]
    assert read_task(Named.parse(asked).location).digest == task.digest


@pytest.mark.parametrize("name", ["hellaswag", "lambada_openai", "choice", "pages"])
def test_what_the_harness_logged_is_the_same_items(name):
    """Its files hold what it asked: texts equal to ours, and its log-likelihoods."""
    file = {"lambada_openai": "lambada"}.get(name, name)
    ours = read_task(f"{name}={HARNESS / file}.jsonl")
    task, rows = read_samples(HARNESS / f"samples_{name}.jsonl")
    n = len(task.items)
    numbers = json.loads((HARNESS / "numbers.json").read_text())["plain"][name]
    assert (task.name, task.kind) == (name, ours.kind)
    assert [one.digest for one in task.items] == [one.digest for one in ours.items[:n]]
    wanted = [pytest.approx(one, rel=1e-12) for one in numbers["loglikelihoods"]]
    assert [row["loglikelihoods"] for row in rows] == wanted[:n]
