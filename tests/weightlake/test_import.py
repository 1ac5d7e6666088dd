"""Does `import weightlake` stay quick, and does it offer what it says?"""

import re
import subprocess
import sys

import weightlake as wl

HEAVY = {
    *("torch", "transformers", "huggingface_hub", "prefect", "matplotlib", "jinja2"),
    *("duckdb", "polars", "pyarrow", "numpy", "numba", "scipy", "sklearn", "pandas"),
    *("typer", "rich"),
}


def modules_after(program):
    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ended.stdout.split())


def test_the_import_loads_nothing_heavy():
    loaded = modules_after("import weightlake as wl; lake = wl.open('lake')")
    assert "weightlake.lake" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_a_table_needs_no_torch_prefect_or_matplotlib():
    loaded = modules_after("import weightlake as wl; wl.open('lake').questions()")
    assert "duckdb" in loaded
    assert loaded.isdisjoint({"torch", "prefect", "matplotlib", "transformers"})


def test_every_name_is_there():
    for name in wl.__all__:
        assert getattr(wl, name) is not None
    assert re.match(r"\d+\.\d+", wl.__version__)


def test_errors_are_one_family():
    errors = [getattr(wl, name) for name in wl.__all__ if name.endswith("Error")]
    assert len(errors) == 7
    assert all(issubclass(error, wl.WeightlakeError) for error in errors)
