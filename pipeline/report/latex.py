"""How is a report written for print? As LaTeX with booktabs tables and PDF figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.report.document import (
    Document,
    Evidence,
    Findings,
    Notice,
    Part,
    Picture,
    Prose,
    TableView,
)
from pipeline.report.letters import set_text
from pipeline.report.prose import Sentence

if TYPE_CHECKING:
    from markdown_it.token import Token

_HEAD = r"""\documentclass[10pt,a4paper]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
\fi
\usepackage[margin=2cm]{geometry}
\usepackage{booktabs,graphicx}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\sloppy
"""
# LaTeX commands for elements of markdown; any other element is written as its text.
_INLINE = {
    "strong_open": r"\textbf{",
    "strong_close": "}",
    "em_open": r"\emph{",
    "em_close": "}",
    "softbreak": " ",
    "hardbreak": r"\\ ",
}
_BLOCK = {
    "paragraph_close": "\n\n",
    "bullet_list_open": "\\begin{itemize}\n",
    "bullet_list_close": "\\end{itemize}\n",
    "ordered_list_open": "\\begin{enumerate}\n",
    "ordered_list_close": "\\end{enumerate}\n",
    "list_item_open": "\\item ",
    "heading_close": "}\n",
}
_LONGEST_CELL = 70  # letters; a longer cell would make the whole table too small
_MOST_COLUMNS = 9
_ROWS_OF_A_PAGE = 45  # a longer table is split into several


def write_latex(document: Document, folder: Path) -> Path:
    """Write report.tex and figures/*.pdf into `folder`, which is made if missing.

    Raises UsageError where `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "--latex names a folder, and this is a file",
            where=str(folder),
            fix="Name another",
        )
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    numbers = count(1)
    lines = [_HEAD, rf"\title{{{set_text(document.title)}}}", r"\date{}"]
    lines += [r"\begin{document}", r"\maketitle", r"\tableofcontents"]
    for section in document.sections:
        lines.append(rf"\section{{{set_text(section.title)}}}")
        for part in section.parts:
            lines += _part(part, folder, numbers)
    lines += _appendix(document.evidence)
    lines.append(r"\end{document}")
    path = folder / "report.tex"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _part(part: Part, folder: Path, numbers: Iterator[int]) -> Iterable[str]:
    if isinstance(part, Prose):
        return ["", _blocks(part.sentence.tokens)]
    if isinstance(part, Notice):
        return ["", rf"\emph{{{set_text(part.text)}}}", ""]
    if isinstance(part, Findings):
        return _findings(part)
    if isinstance(part, Picture):
        name = f"figures/{next(numbers):03d}-{part.name}.pdf"
        (folder / name).write_bytes(part.forms["pdf"])
        return _picture(part, name)
    return _table(part)


def _findings(part: Findings) -> Iterator[str]:
    if not part.items:
        yield f"\n{_inline(part.none)} {_query(part.evidence)}\n"
        return
    yield "\n\\begin{itemize}"
    for item in part.items:
        texts = "; ".join(set_text(text) for _, text in item.measures)
        measures = rf" {{\small ({texts})}}" if texts else ""
        yield rf"\item {_inline(item.sentence)}{measures} {_query(part.evidence)}"
    if part.n_more:
        yield rf"\item {part.n_more} more in {_query(part.evidence)}"
    yield r"\end{itemize}"


def _picture(part: Picture, name: str) -> Iterator[str]:
    """A picture half as wide as the page, so that two fit side by side."""
    yield r"\begin{minipage}[t]{0.49\linewidth}\vspace{0pt}"
    yield rf"\includegraphics[width=\linewidth]{{{name}}}\\"
    yield rf"{{\small {_inline(part.caption)} {_query(part.evidence)}}}\vspace{{1em}}"
    yield r"\end{minipage}\hfill"


def _table(part: TableView) -> Iterator[str]:
    """A table at most as wide as the page; columns after the ninth are only named."""
    caption = f"{_inline(part.caption)} {_query(part.evidence)}"
    if not part.rows:
        yield f"\n{caption} --- no row.\n"
        return
    yield "\n\\begin{center}"
    yield rf"{{\small {caption}}}\\[0.3em]"
    for first in range(0, len(part.rows), _ROWS_OF_A_PAGE):
        yield from _tabular(part, part.rows[first : first + _ROWS_OF_A_PAGE])
    left = [each.name for each in part.headings[_MOST_COLUMNS:]]
    notes = [f"{part.n_more} more rows"] if part.n_more else []
    notes += [f"columns not shown: {', '.join(left)}"] if left else []
    if notes:
        yield rf"{{\footnotesize {set_text('; '.join(notes))}}}"
    yield "\\end{center}\n"


def _tabular(part: TableView, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    headings = part.headings[:_MOST_COLUMNS]
    places = "".join("r" if each.is_number else "l" for each in headings)
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\footnotesize\begin{{tabular}}{{{places}}}"
    yield r"\toprule"
    yield _row([each.name for each in headings])
    yield r"\midrule"
    for row in rows:
        yield _row(row[:_MOST_COLUMNS])
    yield r"\bottomrule"
    yield r"\end{tabular}}\\[0.3em]"


def _row(texts: Sequence[str]) -> str:
    return " & ".join(set_text(_shorten(text)) for text in texts) + r" \\"


def _shorten(text: str) -> str:
    if len(text) <= _LONGEST_CELL:
        return text
    half = _LONGEST_CELL // 2
    return f"{text[:half]}…{text[-half:]}"


def _query(number: int) -> str:
    return rf"\hyperref[q{number}]{{[Q{number}]}}"


def _appendix(evidence: Sequence[Evidence]) -> Iterator[str]:
    yield r"\appendix\section{Queries}"
    for each in evidence:
        yield rf"\subsection*{{Q{each.number}: {set_text(each.question)}}}"
        yield rf"\phantomsection\label{{q{each.number}}}"
        for text in (*each.commands[:5], each.sql):
            yield _verbatim(text)


def _verbatim(text: str) -> str:
    """Lines as written, in a small font; every special character is escaped."""
    lines = (
        set_text(line).replace(" ", r"\ ") if line.strip() else r"\strut"
        for line in text.split("\n")
    )
    return "{\\scriptsize\\ttfamily\\raggedright " + "\\\\\n".join(lines) + "\\par}"


def _inline(sentence: Sentence) -> str:
    return "".join(
        _pieces(token.children or ()) for token in sentence.tokens if token.children
    )


def _blocks(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type == "inline":
            parts.append(_pieces(token.children or ()))
        elif token.type == "heading_open":
            parts.append(r"\subsection{" if token.tag == "h3" else r"\subsubsection{")
        elif token.type in {"fence", "code_block"}:
            parts.append(_verbatim(token.content.rstrip("\n")) + "\n")
        else:
            parts.append(_BLOCK.get(token.type, ""))
    return "".join(parts)


def _pieces(tokens: Sequence[Token]) -> str:
    return "".join(
        rf"\texttt{{{set_text(token.content)}}}"
        if token.type == "code_inline"
        else _INLINE.get(token.type, set_text(token.content))
        for token in tokens
    )
