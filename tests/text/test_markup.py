"""Do hostile names stay names in Markdown and LaTeX?"""

import pyarrow as pa
import pytest

from pipeline.text.markup import escape_latex, escape_markdown, to_latex, to_markdown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mlp.c_proj", r"mlp.c\_proj"),
        ("100%", r"100\%"),
        ("a & b", r"a \& b"),
        ("$x$ #1", r"\$x\$ \#1"),
        ("{~}^", r"\{\textasciitilde{}\}\textasciicircum{}"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("[0]*", "{[}0{]}{*}"),
        ("a--b---c", "a-{}-b-{}--c"),
        ("<|end|>", r"\textless{}\textbar{}end\textbar{}\textgreater{}"),
    ],
)
def test_latex_commands_are_disarmed(name, expected):
    assert escape_latex(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a|b", r"a\|b"),
        ("mlp.c_proj", "mlp.c_proj"),
        ("__init__", r"\_\_init\_\_"),
        ("<script>", r"\<script\>"),
        ("*bold* `code` ~no~", r"\*bold\* \`code\` \~no\~"),
        ("[text](url)", r"\[text\](url)"),
        ("&lt; & more", "&amp;lt; & more"),
        ("\\|", r"\\\|"),
    ],
)
def test_markdown_is_disarmed(name, expected):
    assert escape_markdown(name) == expected


TABLE = pa.table({"tensor_name": ["w|1", None], "x": [1.5e-9, -1.0], "n": [1, None]})


def test_markdown_table():
    assert to_markdown(TABLE) == (
        "| tensor_name |       x |   n |\n"
        "| ----------- | ------: | --: |\n"
        "| w\\|1        | 1.5e-09 |   1 |\n"
        "| ·           |      -1 |   · |\n"
    )


def test_latex_table():
    assert to_latex(TABLE) == (
        "\\begin{tabular}{lrr}\n"
        "\\toprule\n"
        "tensor\\_name & x & n \\\\\n"
        "\\midrule\n"
        "w\\textbar{}1 & $1.5 \\times 10^{-9}$ & 1 \\\\\n"
        "-- & $-1$ & -- \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


def test_line_ends_in_names_stay_in_their_cell():
    table = pa.table({"a\nb": ["c\nd"]})
    assert to_markdown(table).count("\n") == 3
    assert to_latex(table).count("\n") == 7
