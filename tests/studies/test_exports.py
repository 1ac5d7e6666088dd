"""Are a study's files whole, and does the manifest say what they hold?"""

import csv
import hashlib
import json

import pytest

from pipeline.errors import WeightlakeError
from pipeline.studies.exports import Folder, markdown_table
from pipeline.studies.study import Study


def test_the_manifest_has_every_file_with_its_digest(tmp_path):
    folder = Folder(tmp_path / "out")
    folder.rows("top.csv", [{"a": 1, "b": "x,y"}, {"a": None}], ("a", "b"))
    folder.json("numbers.json", {"x": float("nan"), "y": [1, 2.5]})
    names = {path.name for path in folder.close(Study(), {"torch": "1"})}
    assert names == {"top.csv", "numbers.json", "config.json", "manifest.json"}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["versions"] == {"torch": "1"}
    for each in manifest["files"]:
        content = (tmp_path / "out" / each["name"]).read_bytes()
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["n_bytes"] == len(content)
    with (tmp_path / "out" / "top.csv").open() as file:
        assert list(csv.DictReader(file)) == [
            {"a": "1", "b": "x,y"},
            {"a": "", "b": ""},
        ]
    numbers = json.loads((tmp_path / "out" / "numbers.json").read_text())
    assert numbers == {"x": None, "y": [1, 2.5]}


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightlakeError, match="cannot be made"):
        Folder(tmp_path / "file" / "out")


def test_a_table_of_a_report():
    found = markdown_table([{"a": 0.123456, "b": "x|y"}, {"a": None}], ("a", "b"))
    assert found == "| a | b |\n|---|---|\n| 0.123 | x\\|y |\n| · | · |\n"
