"""Is the print edition LaTeX that any engine sets, with every name as text?"""

import re
import shutil
import subprocess

import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.files.pgf import write_pgf
from pipeline.report import Facts, TypesetError, compose, find_scope, typeset
from pipeline.report.latex import write_latex
from pipeline.report.letters import set_text
from pipeline.report.template import parse_template
from tests.figures.frames import heatmap_frame
from tests.report.test_page import HOSTILE, TEXT, hostile

__all__ = ["hostile"]
FACTS = Facts({"version": "1"}, forms=("pdf",))
needs_tex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="no pdflatex is installed"
)


def printed(root, text, folder):
    template = parse_template("t", text, where="t.md")
    return write_latex(compose(root, find_scope(root), [template], FACTS), folder)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a_b & 100%", r"a\_b \& 100\%"),
        ("σ₁²", r"\ensuremath{\sigma}\ensuremath{_{1}}\ensuremath{^{2}}"),
        ("≥ ‖W‖", r"\ensuremath{\ge} \ensuremath{\|}W\ensuremath{\|}"),
        ("naïve ł", "naïve ł"),
        ("模型", r"\texttt{U+6A21}\texttt{U+578B}"),
        ("a\x1bb", r"a\textbackslash{}x1bb"),
        ("1 — 2", "1 --- 2"),
    ],
)
def test_every_letter_can_be_set(text, tex):
    assert set_text(text) == tex


def test_tables_findings_and_pictures_are_written(zoo, tmp_path):
    text = (
        "# Of it\n## More\n\n- a *list*\n\nAnd\n\n    code {version}\n\n"
        "```query zoo rows=2 columns=model,n_tensors\nThe **zoo**\n```\n"
        "```figure heatmap model=pair\nSeen\n```\n"
        "```findings zoo rows=1\n`{model}`\n```\n"
        "```query zoo model=absent\n```\n"
    )
    source = printed(zoo, text, tmp_path / "print")
    tex = source.read_text(encoding="utf-8")
    for expected in (
        r"\section{Of it}",
        r"\subsection{More}",
        r"\item a \emph{list}",
        "code\\ 1",
        r"\toprule",
        r"model & n tensors \\",
        r"deep & 3 \\",
        "4 more rows",
        r"The \textbf{zoo}",
        r"\includegraphics[width=\linewidth]{figures/001-heatmap.pdf}",
        r"\texttt{deep}",
        "no model 'absent'",
        r"\label{q1}",
    ):
        assert expected in tex
    assert (tmp_path / "print/figures/001-heatmap.pdf").read_bytes()[:4] == b"%PDF"
    assert tex.count("{") == tex.count("}")
    assert set(re.findall(r"\\hyperref\[(q\d+)\]", tex)) <= set(
        re.findall(r"\\label\{(q\d+)\}", tex)
    )


def test_a_long_table_goes_on_and_a_wide_one_names_what_it_leaves_out(zoo, tmp_path):
    columns = ", ".join(f"1 as column_{k}" for k in range(11))
    text = f"# T\n```sql rows=99\nselect {columns} from range(60)\n```"
    tex = printed(zoo, text, tmp_path / "print").read_text(encoding="utf-8")
    assert tex.count(r"\toprule") == 2
    assert r"columns not shown: column 9, column 10" in tex


def test_without_a_tex_the_source_stays_and_says_so(zoo, tmp_path, monkeypatch):
    source = printed(zoo, "# T\nx", tmp_path / "print")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TypesetError, match=r"no TeX is installed.*Install one of"):
        typeset(source)
    assert source.is_file()


def test_an_engine_that_fails_names_its_log(tmp_path, monkeypatch):
    source = tmp_path / "report.tex"
    source.write_text("", encoding="utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: name == "xelatex" and "/bin/true")
    with pytest.raises(TypesetError, match=r"xelatex made no PDF.*report\.log"):
        typeset(source)


def test_a_file_in_the_way_is_named(zoo, tmp_path):
    (tmp_path / "print").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="names a folder, and this is a file"):
        printed(zoo, "# T\nx", tmp_path / "print")


@needs_tex
def test_hostile_names_are_typeset(hostile, tmp_path):
    source = printed(hostile, TEXT, tmp_path / "print")
    assert typeset(source).read_bytes()[:4] == b"%PDF"
    log = source.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert not re.findall(r"^!.*", log, re.MULTILINE)


@needs_tex
def test_pgf_is_typeset(tmp_path):
    picture = write_pgf(draw_heatmap(heatmap_frame(2, ("a_b",), model=HOSTILE[:20])))
    (tmp_path / "x.pgf").write_text(picture, encoding="utf-8")
    (tmp_path / "x.tex").write_text(
        "\\documentclass{article}\\usepackage{pgf}\\begin{document}"
        "\\input{x.pgf}\\end{document}",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "x.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
