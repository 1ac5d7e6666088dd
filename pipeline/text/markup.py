"""How is a table written for a paper or a page? As LaTeX or Markdown, escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from pipeline.text.cells import column_texts, is_number, printable

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # After \\ a bracket or a star would be read as an argument of that command.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "·": r"\textperiodcentered{}",
    "×": r"\(\times\)",
    "…": r"\ldots{}",
}
_MARKDOWN = re.compile(r"([\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_]))")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_EXPONENT = re.compile(r"(-?[\d.]+)e([+-])0*(\d+)")


def to_latex(table: pa.Table) -> str:
    r"""A booktabs tabular, to be used with \usepackage{booktabs}; null is a dash."""
    numeric = [is_number(column.type) for column in table.columns]
    columns = [
        [
            _latex_number(text) if is_numeric else escape_latex(text)
            for text in column_texts(column, null="")
        ]
        for column, is_numeric in zip(table.columns, numeric, strict=True)
    ]
    shown = [[text or "--" for text in column] for column in columns]
    places = "".join("r" if is_numeric else "l" for is_numeric in numeric)
    names = (escape_latex(printable(name)) for name in table.column_names)
    lines = [
        f"\\begin{{tabular}}{{{places}}}",
        r"\toprule",
        _latex_row(names),
        r"\midrule",
        *map(_latex_row, zip(*shown, strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def to_markdown(table: pa.Table) -> str:
    """A pipe table of GitHub's Markdown, with numbers aligned to the right."""
    names = [escape_markdown(printable(name)) for name in table.column_names]
    columns = [
        [escape_markdown(text) for text in column_texts(column)]
        for column in table.columns
    ]
    numeric = [is_number(column.type) for column in table.columns]
    widths = [
        max(3, *map(len, (name, *column)))
        for name, column in zip(names, columns, strict=True)
    ]
    rule = [
        "-" * (width - 1) + (":" if is_numeric else "-")
        for width, is_numeric in zip(widths, numeric, strict=True)
    ]
    rows = [names, rule, *zip(*columns, strict=True)]
    return "".join(_markdown_row(row, widths, numeric) for row in rows)


def escape_latex(text: str) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    return escaped.replace("--", "-{}-")


def escape_markdown(text: str) -> str:
    """Escape characters of markup, of HTML, and the end of a cell."""
    return _MARKDOWN.sub(r"\\\1", _ENTITY.sub("&amp;", text))


def _latex_number(text: str) -> str:
    if text in {"", "NaN"}:
        return text
    if text.endswith("inf"):
        return f"${text.removesuffix('inf')}\\infty$"
    found = _EXPONENT.fullmatch(text)
    if found:
        digits, sign, power = found.groups()
        exponent = power if sign == "+" else f"-{power}"
        return f"${digits} \\times 10^{{{exponent}}}$"
    return f"${text}$" if text.startswith("-") else text


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _markdown_row(cells: Iterable[str], widths: list[int], numeric: list[bool]) -> str:
    padded = (
        cell.rjust(width) if is_numeric else cell.ljust(width)
        for cell, width, is_numeric in zip(cells, widths, numeric, strict=True)
    )
    return f"| {' | '.join(padded)} |\n"
