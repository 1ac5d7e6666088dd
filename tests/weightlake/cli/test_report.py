import pytest

from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


@pytest.fixture
def lake(tmp_path, monkeypatch):
    root = tiny_warehouse(
        tmp_path / "lake", checkpoints=[{"model": "a"}, {"model": "b", "revision": "v"}]
    )
    monkeypatch.setenv("WEIGHTLAKE_WAREHOUSE", str(root))
    return root


@pytest.mark.usefixtures("lake")
def test_a_report_is_one_file_and_a_line_on_stderr(tmp_path, capsys):
    path = tmp_path / "r.html"
    words = ["--model", "a", "--compare", "a..b@v", "-o", str(path)]
    assert main(["report", *words]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{path}: " in captured.err
    assert "<!doctype html>" in path.read_text(encoding="utf-8")[:20]


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "x"], "no model 'x' in the warehouse. There are: a, b"),
        (["--compare", "a"], "does not name two models. Write --compare"),
        (["--templates", "absent"], "the folder holds no template"),
    ],
)
def test_a_wish_that_cannot_be_is_told(words, message, tmp_path, capsys):
    assert main(["report", *words, "-o", str(tmp_path / "r.html")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_a_folder_without_a_warehouse_is_told(tmp_path, capsys):
    words = ["--warehouse", str(tmp_path), "-o", str(tmp_path / "r.html")]
    assert main(["report", *words]) == 1
    assert "Run weightlake extract first" in capsys.readouterr().err


@pytest.mark.usefixtures("lake")
def test_a_file_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "r.html").mkdir()
    assert main(["report", "-o", str(tmp_path / "r.html")]) == 1
    assert "r.html" in capsys.readouterr().err


@pytest.mark.usefixtures("lake")
def test_the_print_edition_is_written_without_a_tex(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    words = ["--latex", str(tmp_path / "print"), "-o", str(tmp_path / "r.html")]
    assert main(["report", *words]) == 0
    assert "no TeX is installed" in capsys.readouterr().err
    assert (tmp_path / "print/report.tex").is_file()
