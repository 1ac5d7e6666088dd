"""Is a table aligned, whole in a pipe, and readable on a narrow terminal?"""

import pyarrow as pa

from weightlake.output.fitting import Shows
from weightlake.output.names import cell_width
from weightlake.output.text_table import render

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


def test_a_terminal_drops_parts_of_names_but_no_number():
    assert render(TABLE, width=43).text.splitlines() == [
        "\x1b[1mtensor                          rank  alpha\x1b[0m",
        "──────────────────────────────  ────  ─────",
        "…h.0.attn.c_attn.weight          768  2.500",
        "wte                                5  3.250",
        "表                                 ·  4.125",
    ]


def test_a_heading_holds_what_all_rows_share():
    names = [f"model.layers.{layer}.mlp.down_proj.weight" for layer in (1, 10, 2, 3)]
    table = pa.table(
        {
            "model": ["llama"] * 4,
            "step": pa.nulls(4, pa.int64()),
            "tensor": names,
            "verdict": ["noise"] * 4,
        }
    )
    rendering = render(table, width=42, shows=Shows(("model", "tensor"), ("verdict",)))
    assert rendering.text.splitlines() == [
        "model llama · tensor model.layers.…",
        "\x1b[1mtensor                   verdict\x1b[0m",
        "───────────────────────  ───────",
        "1.mlp.down_proj.weight   noise",
        "10.mlp.down_proj.weight  noise",
        "2.mlp.down_proj.weight   noise",
        "3.mlp.down_proj.weight   noise",
    ]
    assert (rendering.left_out, rendering.empty) == ((), ("step",))


def test_what_answers_is_kept_before_what_stands_first():
    columns = {f"column_{n}": [1.5 + n, 2, 3, 4] for n in range(9)}
    table = pa.table(
        {"tensor": ["a", "b", "c", "d"], **columns, "verdict": list("nsns")}
    )
    shows = Shows(("tensor",), ("verdict",))
    rendering = render(table, width=30, shows=shows)
    assert rendering.text.startswith("\x1b[1mtensor  verdict  column_0\x1b[0m\n")
    assert "\na       n           1.500\n" in rendering.text
    assert rendering.left_out == tuple(f"column_{n}" for n in range(1, 9))


def test_a_column_that_answers_stays_though_all_rows_share_it():
    table = pa.table(
        {"tensor": list("abcd"), "verdict": ["noise"] * 4, "x": ["yyy yyy yyy"] * 4}
    )
    text = render(table, width=24, shows=Shows(("tensor",), ("verdict",))).text
    assert text.startswith("x yyy yyy yyy\n")
    assert text.count("noise") == 4


def test_sentences_wrap_and_lose_nothing():
    error = "the file is truncated: 12 bytes were found, 40 were expected"
    table = pa.table({"model": list("abcd"), "error": [error] * 3 + ["none at all"]})
    lines = render(table, width=40).text.splitlines()
    assert max(map(len, lines[1:])) <= 40
    cells = [line[7:] for line in lines[2:4]]
    assert " ".join(cells) == error


def test_names_wrap_where_shorter_ones_would_be_the_same():
    names = [
        f"{part}.blocks.attention.output.weight" for part in ("encoder", "decoder")
    ]
    table = pa.table({"tensor": names * 2, "rank": [1, 2, 3, 4]})
    text = render(table, width=24).text
    assert "encoder.blocks.        1\nattention.output.\nweight\n" in text


def test_columns_that_do_not_fit_are_named():
    wide = pa.table({f"column_{n}": [1.5, n, 3, 4] for n in range(9)})
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
