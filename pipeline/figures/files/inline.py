"""How does a picture enter a page? As SVG with real text, or as a whole HTML page.

The page loads nothing: no script, no font, no network.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING

import xxhash

from pipeline.figures.shared.style import house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In dark mode black, white and pale grey change; colours with a meaning stay.
DARK_FIGURES = """
@media (prefers-color-scheme: dark) {
  svg.figure text { fill: #e4e6ea !important; }
  svg.figure [style*="stroke: #000000"] { stroke: #e4e6ea !important; }
  svg.figure [style*="fill: #000000"] { fill: #e4e6ea !important; }
  svg.figure [style*="fill: #e6e6e6"] { fill: #2c3037 !important; }
  svg.figure [style*="stroke: #e6e6e6"] { stroke: #2c3037 !important; }
  svg.figure [style*="fill: #ffffff"] { fill: #15171a !important; }
}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 1rem auto; max-width: 50rem; padding: 0 1rem; }}
svg.figure {{ width: 100%; height: auto; }}
{dark}</style>
</head>
<body>
{svg}
</body>
</html>
"""
# Ids that matplotlib gives to groups: equal in every picture and not referenced.
_GROUP_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')
# The style of matplotlib's own file, removed as it would apply to the whole page.
_OF_A_FILE = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL
)
_REFERENCE = re.compile(r'( id="|url\(#|href="#)')
_WHITESPACE = re.compile(r">\s+<(?!/?(?:tspan|text)\b)")


def inline_svg(figure: Figure) -> str:
    """An `svg` element for a page: text as text, no background, no shared ids.

    It scales with the page; names are escaped.
    """
    from matplotlib import rc_context

    target = io.StringIO()
    with house_style(), rc_context({"svg.fonttype": "none", "path.simplify": True}):
        figure.savefig(target, format="svg", metadata={}, transparent=True)
    _, _, body = target.getvalue().partition("<svg ")
    head, _, rest = body.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    label = html.escape(_alternative(figure), quote=True)
    opening = (
        f'<svg class="figure" role="img" aria-label="{label}" '
        f'{box[0] if box else ""} stroke-linejoin="round" '
        'xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    rest = _OF_A_FILE.sub("", rest)
    return opening + _own_ids(_WHITESPACE.sub("><", _GROUP_ID.sub("", rest)).strip())


def _own_ids(svg: str) -> str:
    """Make the ids of markers and clips unique, as a page may hold several pictures."""
    mark = xxhash.xxh3_64_hexdigest(svg.encode())[:8]
    return _REFERENCE.sub(rf"\g<1>{mark}-", svg)


def figure_page(figure: Figure) -> str:
    """A whole HTML page with the picture, dark if the reader's screen is set so."""
    title = html.escape(_alternative(figure))
    return _PAGE.format(title=title, dark=DARK_FIGURES, svg=inline_svg(figure))


def _alternative(figure: Figure) -> str:
    """The alternative text for screen readers: the picture's title or first text."""
    title = figure.get_suptitle()
    if title:
        return title.replace("\n", ", ")
    texts = [text.get_text() for text in figure.texts if text.get_text()]
    return texts[0].replace("\n", " ") if texts else "figure"
