"""Is a table aligned, whole in a pipe, and readable on a narrow terminal?"""

import pyarrow as pa
import pytest

from weightlake.output.text_table import cell_width, render, shortened

TABLE = pa.table(
    {
        "tensor": ["transformer.h.0.attn.c_attn.weight", "wte", "表"],
        "rank": [768, 5, None],
        "alpha": [2.5, 3.25, 4.125],
    }
)


def test_a_pipe_gets_everything_unstyled():
    assert render(TABLE).text == (
        "tensor                              rank  alpha\n"
        "──────────────────────────────────  ────  ─────\n"
        "transformer.h.0.attn.c_attn.weight   768  2.500\n"
        "wte                                    5  3.250\n"
        "表                                     ·  4.125\n"
    )


def test_a_text_beyond_all_measure_is_cut_in_a_pipe_too():
    table = pa.table({"tensor": ["w" * 5000, "b"], "rank": [1, 2]})
    lines = render(table).text.splitlines()
    assert {len(line) for line in lines} == {300 + len("  rank")}
    assert "w…w" in lines[2]


def test_decimal_points_line_up():
    table = pa.table(
        {"x": [1582.4, 0.017508, None, float("nan")], "e": [1e-9, 2.5, 1, 1]}
    )
    assert render(table).text == (
        "          x      e\n"
        "───────────  ─────\n"
        "1582.4       1e-09\n"
        "   0.017508    2.5\n"
        "   ·             1\n"
        " NaN             1\n"
    )


def test_a_terminal_cuts_texts_in_their_middle():
    assert render(TABLE, width=43).text.splitlines() == [
        "\x1b[1mtensor                          rank  alpha\x1b[0m",
        "──────────────────────────────  ────  ─────",
        "transform…0.attn.c_attn.weight   768  2.500",
        "wte                                5  3.250",
        "表                                 ·  4.125",
    ]


def test_a_dropped_column_gives_its_room_to_the_texts():
    rendering = render(pa.concat_tables([TABLE, TABLE]), width=41)
    assert rendering.left_out == ("alpha",)
    assert rendering.text.splitlines()[2] == "transformer.h.0.attn.c_attn.weight   768"


def test_columns_that_do_not_fit_are_named():
    wide = pa.table({f"column_{n}": [1.5] * 9 for n in range(9)})
    rendering = render(wide, width=40)
    assert all(cell_width(line) <= 48 for line in rendering.text.splitlines())
    assert rendering.left_out == tuple(f"column_{n}" for n in range(4, 9))


def test_few_wide_rows_become_one_value_a_line():
    wide = pa.table({f"column_{n}": [n, None] for n in range(9)})
    text = render(wide, width=40).text
    assert text.startswith("column_0  0\ncolumn_1  1\n")
    assert text.count("column_8  ·\n") == 1
    assert "\n\ncolumn_0  ·\n" in text


def test_no_row_still_has_a_header():
    empty = pa.table({"model": pa.array([], pa.string())})
    assert render(empty).text == "model\n─────\n"
    assert "model" in render(empty, width=3).text


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("layers.11.mlp.down", 18, "layers.11.mlp.down"),
        ("layers.11.mlp.down", 10, "lay…p.down"),
        ("表表表表表", 5, "表…表"),
    ],
)
def test_shortened_texts_fit(text, width, expected):
    assert shortened(text, width) == expected
    assert cell_width(shortened(text, width)) <= width
