"""An error reads as sentences: where, what, what to do."""

import pytest

from pipeline.errors import SourceError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SourceError("is empty"), "is empty"),
        (SourceError("is empty", where="a.bin"), "a.bin: is empty"),
        (
            SourceError("is empty", where="a.bin", fix="Copy it again"),
            "a.bin: is empty. Copy it again",
        ),
        (
            SourceError("did you mean b?", fix="There are: b"),
            "did you mean b? There are: b",
        ),
    ],
)
def test_sentences_join(error, text):
    assert str(error) == text
