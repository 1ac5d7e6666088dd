import pytest

from pipeline.errors import UsageError
from pipeline.report.template import Block, parse_template

TEXT = """<!-- each: model; contents: Models -->
# Of {model}

Some *prose*.

```query zoo model=$model rows=3
A caption
```

More prose, and a fence of its own:

```python
print(1)
```
"""


def test_a_template_is_prose_and_blocks_in_their_order():
    found = parse_template("20_m", TEXT, where="x.md")
    assert (found.title, found.each, found.contents) == (
        "Of {model}",
        "model",
        "Models",
    )
    first, block, last = found.parts
    assert first == "Some *prose*."
    assert block == Block(
        "query", "zoo", {"model": "$model", "rows": "3"}, "A caption", "x.md, line 6"
    )
    assert last.startswith("More prose")
    assert "print(1)" in last


def test_quotes_hold_a_value_with_spaces():
    text = '# T\n```query zoo "model=a b" rows=1\n```\n'
    (block,) = parse_template("t", text, where="t").parts
    assert block.params == {"model": "a b", "rows": "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no title", "no title.*# What the section answers"),
        ("<!-- each: tensor -->\n# T", "each 'tensor'.*model, series, pair"),
        ("<!-- all: model -->\n# T", "holds 'all'.*each: model; contents"),
        ("# T\n```query\n```", "line 2: the block names no query"),
        ("# T\n\n```figure model=x\n```", "line 3: the block names no figure"),
        ("# T\n```query zoo rows\n```", "'rows' is not key=value"),
        ("# T\n```query zoo 'a=b\n```", "Close the quotes"),
    ],
)
def test_a_wrong_template_is_told_with_its_line(text, message):
    with pytest.raises(UsageError, match=message):
        parse_template("t", text, where="t.md")
