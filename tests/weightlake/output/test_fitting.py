"""Does a narrow screen keep the columns that matter, each wide enough to read?"""

from weightlake.output.fitting import Column, Shows, fit, head_lines, total


def column(name, texts, *, is_number=False):
    return Column(name, texts, is_number=is_number, is_text=not is_number)


def test_a_head_breaks_after_its_underscores():
    assert head_lines("outlier_6_sigma_fraction", 10) == [
        "outlier_6_",
        "sigma_",
        "fraction",
    ]


def test_columns_of_the_key_and_the_answer_come_first():
    columns = [
        column(name, [f"{name}{row}" * 3 for row in range(3)])
        for name in ("aa", "bb", "cc", "dd")
    ]
    fitted = fit(columns, Shows(("cc",), ("bb",)), 20)
    assert [each.name for each in fitted.columns] == ["cc", "bb"]
    assert fitted.left_out == ("aa", "dd")
    assert total(fitted.widths) <= 20


def test_names_give_way_until_the_answer_fits():
    names = [f"model.layers.{row}.self_attn.q_proj.weight" for row in range(9)]
    columns = [
        column("model", [f"a-model-of-a-long-name-{row}" for row in range(9)]),
        column("tensor", names),
        column("alpha", [f"{row}.125" for row in range(9)], is_number=True),
    ]
    fitted = fit(columns, Shows(("model", "tensor"), ("alpha",)), 40)
    assert [each.name for each in fitted.columns] == ["model", "tensor", "alpha"]
    assert fitted.heading == ("tensor model.layers.…",)
    assert total(fitted.widths) <= 40


def test_one_column_is_kept_though_all_rows_share_every_value():
    fitted = fit([column("a", ["x"] * 5), column("b", ["y" * 90] * 5)], Shows(), 40)
    assert [each.name for each in fitted.columns] == ["b"]
    assert fitted.heading == ("a x",)
