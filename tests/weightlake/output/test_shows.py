"""Are the columns that matter those of the query's header?"""

from weightlake.output.shows import shows_of


def test_a_query_names_its_own(tmp_path):
    (tmp_path / "mine.sql").write_text(
        "-- shows: model: n\n\nselect 1 as model, 2 as n\n"
    )
    (tmp_path / "bare.sql").write_text("select 1\n")
    shows = shows_of("mine", [tmp_path])
    assert (shows.key, shows.answer) == (("model",), ("n",))
    assert shows_of("bare", [tmp_path]).answer == ()
    assert "verdict" in shows_of("noise").answer
