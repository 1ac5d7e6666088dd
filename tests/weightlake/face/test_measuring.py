"""Do extract, compare and plan return what became of each checkpoint?"""

import pytest

import weightlake as wl
from tests.extract.pico import save_model, save_series


@pytest.fixture
def lake(tmp_path):
    return wl.open(tmp_path / "lake")


def test_extract_gives_outcomes(lake, tmp_path, capsys):
    net = save_model(tmp_path / "net")
    ended = lake.extract(net, families="entries")
    assert ended.frame["status"].to_list() == ["measured"]
    assert repr(ended).startswith("1 checkpoint: 1 measured; ")
    assert ended.check() is ended
    assert lake.sql("select count(*) from tensor_stats").item() > 0
    again = lake.extract(str(net), families=["entries"], memory=1 << 28, threads=1)
    assert repr(again) == "nothing is new: 1 checkpoint unchanged"
    assert capsys.readouterr().out == ""


def test_what_fails_is_an_outcome_until_it_is_checked(lake, tmp_path):
    net = save_model(tmp_path / "net")
    (tmp_path / "empty").mkdir()
    ended = lake.extract(net, tmp_path / "empty", families="entries")
    assert sorted(ended.frame["status"]) == ["failed", "measured"]
    assert "failed: empty@main: " in repr(ended)
    assert "<p>failed: empty@main: " in ended._repr_html_()
    with pytest.raises(wl.SourceError, match="failed: empty@main"):
        ended.check()
    with pytest.raises(wl.AbsentError, match="gone: no such file"):
        lake.extract("gone")


def test_a_plan_reads_nothing(lake, tmp_path):
    plan = lake.plan(save_model(tmp_path / "net"))
    assert plan.frame["n_bytes_to_read"][0] > 0
    assert "to read" in repr(plan)
    assert not lake.root.exists()


def test_a_manifest_is_planned_and_run_into_this_lake(lake, tmp_path):
    save_model(tmp_path / "net")
    (tmp_path / "zoo.toml").write_text(
        '[zoo]\nwarehouse = "elsewhere"\nfamilies = ["entries"]\n'
        '[[models]]\npath = "net"\n'
    )
    assert lake.plan(tmp_path / "zoo.toml").frame["status"].to_list() == ["new"]
    lake.extract(tmp_path / "net", families="entries")
    ended = lake.run(tmp_path / "zoo.toml")  # nothing is new: no flow is started
    assert ended.frame["status"].to_list() == ["unchanged"]
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(wl.UsageError, match="a cron line or an interval, one of them"):
        lake.serve(tmp_path / "zoo.toml")


def test_compare_gives_the_rows_of_two_checkpoints(lake, tmp_path):
    run = save_series(tmp_path / "run", n_steps=3)
    first, second, _ = sorted(path for path in run.iterdir() if path.is_dir())
    ended = lake.compare(first, second, entries_only=True)
    assert ended.frame["status"].to_list() == ["measured"]
    assert "relative_change" in ended.rows.columns
    assert ended.rows.height == ended.frame["n_rows"].item()
    along = lake.compare(run, to="first", entries_only=True)
    assert along.frame["from_revision"].n_unique() == 1
    assert len(along) == 2
    assert along.rows.equals(along.frame)
    with pytest.raises(wl.UsageError, match="is one checkpoint"):
        lake.compare(first)
