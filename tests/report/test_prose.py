import pytest

from pipeline.errors import UsageError
from pipeline.report.prose import fill, fill_blocks, to_html, to_text

NASTY = '<b>"x"</b> *y* [z](javascript:1) `q` 模型'


def test_a_value_is_text_whatever_it_holds():
    shown = to_html(fill("of **{model}** and `{model}`", {"model": NASTY}))
    escaped = "&lt;b&gt;&quot;x&quot;&lt;/b&gt; *y* [z](javascript:1) `q` 模型"
    assert shown == f"of <strong>{escaped}</strong> and <code>{escaped}</code>"
    assert to_text(fill("of **{model}**", {"model": NASTY})) == f"of {NASTY}"


def test_a_template_may_hold_markdown_but_no_html():
    shown = to_html(
        fill_blocks("## A\n\n<script>x</script>\n\n| a |\n|---|\n| b |", {})
    )
    assert "<h3>A</h3>" in shown
    assert "<td>b</td>" in shown
    assert "<script>" not in shown


def test_a_name_without_a_value_is_refused():
    with pytest.raises(UsageError, match=r"no \{b\} .* There are: a"):
        fill("{a} {b}", {"a": "1"})
    assert not fill("", {})
