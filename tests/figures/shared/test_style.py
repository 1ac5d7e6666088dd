import subprocess
import sys

import pytest

from pipeline.figures.shared.style import (
    PALETTE,
    colors_of,
    fit,
    legible,
    width_of,
    wrap,
)


def test_what_the_font_lacks_is_written_as_an_escape():
    assert legible("a $b$ σ — é") == "a $b$ σ — é"
    assert legible("模\n\x1b[0m") == "\\u6a21\\n\\x1b[0m"


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_a_text_is_fitted_by_leaving_out_its_middle(width):
    text = "model.layers.10.self_attention.query.weight"
    fitted = fit(text, width)
    assert width_of([fitted]) <= width
    if fitted != text:
        head, tail = fitted.split("…")
        assert text.startswith(head)
        assert text.endswith(tail)
    assert fit("q", width) == "q"


def test_a_sentence_is_broken_between_words():
    text = "one two three four five six seven eight"
    lines = wrap(text, 0.6)
    assert len(lines) > 2
    assert " ".join(lines) == text
    assert width_of(lines) <= 0.6
    (cut,) = wrap("a" * 100, 0.6)
    assert width_of([cut]) <= 0.6


def test_colours_are_distinct():
    assert colors_of(3) == list(PALETTE[:3])
    assert len(set(colors_of(40))) == 40


def test_a_program_that_draws_nothing_loads_no_plotting():
    code = (
        "import sys, pipeline.figures\n"
        "print({'matplotlib', 'polars', 'pyplot'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
