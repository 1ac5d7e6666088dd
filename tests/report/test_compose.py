import pytest

from pipeline.errors import UsageError
from pipeline.report import find_scope, find_templates
from pipeline.report.prose import to_text
from tests.report.asked import answered
from tests.tiny_warehouse import tiny_warehouse

ZOO = "# T\n```query zoo columns=model,n_tensors rows=2\nAll of it\n```"


def parts(document):
    return [part for section in document.sections for part in section.parts]


def test_a_query_becomes_a_table_with_its_evidence(zoo):
    document = answered(zoo, ZOO)
    (table,) = parts(document)
    assert [head.name for head in table.headings] == ["model", "n tensors"]
    assert table.headings[1].meaning == "tensors in its headers"
    assert table.rows == (("deep", "3"), ("pair", "9"))
    assert table.n_more == 4
    assert to_text(table.caption) == "All of it"
    (evidence,) = document.evidence
    assert evidence.question.endswith("?")
    assert evidence.commands == ("weightlake query zoo",)
    assert "from checkpoints" in evidence.sql


def test_a_section_is_repeated_and_its_values_are_bound(zoo):
    text = "<!-- each: model -->\n# Of {model}\n```query zoo model=$model\n```"
    document = answered(zoo, text)
    assert [section.title for section in document.sections] == [
        "Of deep",
        "Of pair",
        "Of run",
    ]
    assert [part.rows[0][0] for part in parts(document)] == ["deep", "pair", "run"]
    # One SQL text, asked three times: one piece of evidence.
    (evidence,) = document.evidence
    assert evidence.commands[1] == "weightlake query zoo --param model=pair"


def test_sql_takes_the_models_of_the_report(zoo):
    text = (
        "# T\n```sql\n-- Those\nselect distinct model from checkpoints "
        "where list_contains($models, model) order by model\n```"
    )
    (every,) = parts(answered(zoo, text))
    assert every.rows == (("deep",), ("pair",), ("run",))
    assert to_text(every.caption) == "Those"
    (some,) = parts(answered(zoo, text, models=["pair"], series=["run"]))
    assert some.rows == (("pair",), ("run",))


def test_canned_queries_keep_to_the_models_of_the_report(zoo):
    (table,) = parts(answered(zoo, "# T\n```query zoo\n```", models=["deep"]))
    assert [row[0] for row in table.rows] == ["deep"]


def test_findings_are_sql_over_a_query(zoo):
    text = (
        "# T\n```findings zoo\n{model} has {n}\n---\n"
        "select model, count(*) as n from answer group by model order by model\n```"
    )
    (found,) = parts(answered(zoo, text))
    assert [to_text(item.sentence) for item in found.items] == [
        "deep has 1",
        "pair has 2",
        "run has 3",
    ]


def test_a_figure_is_drawn_from_its_query(zoo):
    text = "# T\n```figure heatmap model=pair metric=stable_rank\n```"
    (picture,) = parts(answered(zoo, text))
    assert picture.forms["inline"].startswith(b'<svg class="figure"')
    assert "How does a metric run" in to_text(picture.caption)


def test_a_choice_names_values_from_there_on(zoo):
    text = (
        "<!-- each: model -->\n# {model}\n"
        "```choose\nselect revision, n_layers from checkpoints where model = $model "
        "order by revision limit 1\n```\n"
        "It is {revision}.\n```query zoo model=$model columns=revision\n{n_layers}\n```"
    )
    section, *_ = answered(zoo, text, models=["pair"]).sections
    prose, table = section.parts
    assert to_text(prose.sentence).strip() == "It is main."
    assert to_text(table.caption) == "2"
    (notice,) = parts(answered(zoo, "# T\n```choose\nfrom nowhere\n```"))
    assert notice.text.startswith("choose: ")


def test_a_section_for_too_many_says_so(zoo):
    text = "<!-- each: model; contents: All; most: 2 -->\n# {model}\nx"
    (section,) = answered(zoo, text).sections
    assert section.title == "All"
    assert (
        "for 2 at most, and here are 3. Name some with --model" in section.parts[0].text
    )
    two = answered(zoo, text, models=["deep", "pair"])
    assert [section.title for section in two.sections] == ["deep", "pair"]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("```query nothing\n```", "query nothing: no query is called 'nothing'"),
        ("```query zoo model=absent\n```", "there is no model 'absent'"),
        ("```query zoo columns=a\n```", "no column a"),
        ("```query zoo rows=x\n```", "rows=x is no number"),
        ("```query zoo model=$model\n```", r"there is no \$model in this section"),
        ("```sql\nselect 1 from nowhere\n```", "nowhere"),
        ("```figure nothing\n```", "there is no figure 'nothing'"),
        ("```figure heatmap model=pair metric=x\n```", "there is no metric 'x'"),
        ("```findings zoo\n{absent}\n```", r"no \{absent\}"),
        ("```audit\n```", "an audit is of a series"),
        ("Some {absent} prose", r"text: there is no \{absent\}"),
    ],
)
def test_a_block_without_an_answer_says_why_and_the_rest_is_there(zoo, block, message):
    notice, table = parts(answered(zoo, f"# T\n{block}\n\n{ZOO.partition(chr(10))[2]}"))
    assert notice.kind == "notice"
    assert table.rows
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(notice.text)


def test_every_shipped_template_is_answered_without_a_notice(zoo):
    from pipeline.report import compose
    from tests.report.asked import FACTS

    scope = find_scope(
        zoo, models=["pair"], series=["run"], pairs=[("pair@old", "pair")]
    )
    document = compose(zoo, scope, find_templates(), FACTS)
    # The small zoo logs nothing, and some of its models have no matrix to be chosen.
    expected = ("there is no model 'run'", "no metric 'loss'", "There is none here")
    notices = [part.text for part in parts(document) if part.kind == "notice"]
    unexpected = [text for text in notices if not any(e in text for e in expected)]
    assert unexpected == []


def test_a_pair_names_models_with_their_revisions(zoo):
    text = "<!-- each: pair -->\n# {side_a}, {side_b}\n{revision_a}"
    pairs = [("pair@old", "deep@v1"), ("pair", "run")]
    document = answered(zoo, text, pairs=pairs)
    titles = [section.title for section in document.sections]
    assert titles == ["pair@old, deep@v1", "pair, run"]


def test_what_is_not_there_is_named_with_what_is(zoo):
    with pytest.raises(UsageError, match=r"no model 'x' .* deep, pair, run"):
        find_scope(zoo, models=["x"])
    with pytest.raises(UsageError, match=r"no series 'pair' .* run"):
        find_scope(zoo, series=["pair"])


def test_an_empty_warehouse_is_a_report_that_says_so(tmp_path):
    from pipeline.report import compose
    from tests.report.asked import FACTS

    root = tiny_warehouse(tmp_path / "lake")
    document = compose(root, find_scope(root), find_templates(), FACTS)
    first = document.sections[0].parts[1]
    assert to_text(first.none).startswith("The warehouse holds no checkpoint yet")
    assert not [part for part in parts(document) if part.kind == "notice"]


def test_a_users_template_joins_ours_or_takes_its_place(tmp_path):
    (tmp_path / "15_mine.md").write_text("# Mine\n", encoding="utf-8")
    (tmp_path / "00_glance.md").write_text("# Other\n", encoding="utf-8")
    found = find_templates([tmp_path])
    names = [each.name for each in found]
    assert names == sorted(names)
    assert {each.name: each.title for each in found}["15_mine"] == "Mine"
    assert found[0].title == "Other"
    with pytest.raises(UsageError, match="no template"):
        find_templates([tmp_path / "absent"])


def test_a_section_in_a_table_is_of_its_models_alone(zoo):
    text = "<!-- each: model; in: sensitivities -->\n# Of {model}\nProse"
    assert [each.title for each in answered(zoo, text).sections] == ["Of pair"]
    assert answered(zoo, text, models=["deep"]).sections == ()
    with pytest.raises(UsageError, match="no name of a table"):
        answered(zoo, "<!-- each: model; in: a b -->\n# T\nProse")
