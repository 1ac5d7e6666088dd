"""Has every reference of a column its paper, and is the BibTeX whole?"""

import re

import pytest

from pipeline.bibliography import as_bibtex, papers, papers_of
from pipeline.tables import TABLES
from weightlake.cli import main

REFERENCES = sorted({c.reference for t in TABLES for c in t.columns if c.reference})


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_of_a_column_names_one_paper(reference):
    assert len(papers_of(reference)) == 1


def test_every_paper_is_used_and_has_what_a_reader_needs():
    for paper in papers():
        fields = dict(paper.fields)
        assert {"author", "title", "year"} <= fields.keys()
        assert paper.cited_as in {r[: len(paper.cited_as)] for r in REFERENCES}
        assert paper.cited_as or paper.methods
        text = as_bibtex(paper)
        assert text.count("{") == text.count("}")


def test_the_command_prints_what_is_asked_for(capsys):
    assert main(["cite", "effective_rank"]) == 0
    found = re.findall(r"^@\w+\{(\w+),", capsys.readouterr().out, re.MULTILINE)
    assert found == ["weightlake", "roy2007"]
    assert main(["cite"]) == 0
    whole = capsys.readouterr().out
    assert len(re.findall(r"^@", whole, re.MULTILINE)) == 1 + len(papers())
    assert main(["cite", "efective_rank"]) == 2
    assert "did you mean effective_rank" in capsys.readouterr().err
