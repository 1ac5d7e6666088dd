"""How does a picture enter a page? As SVG whose text is text, and as a page of its own.

The page asks for nothing from anywhere: no script, no font, no network.
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

# What is black, white or pale grey for paper's sake changes; colours that mean stay.
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
# Names that matplotlib gives to groups; the same in every picture, used by none.
_GROUP_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')
# A file's own: in a page the style would hold for everything.
_OF_A_FILE = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL
)
_REFERENCE = re.compile(r'( id="|url\(#|href="#)')
_WHITESPACE = re.compile(r">\s+<(?!/?(?:tspan|text)\b)")


def inline_svg(figure: Figure) -> str:
    """An `svg` element to be put into a page: text as text, no background, no ids.

    It scales with the page up to its own size and beyond; names are escaped.
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
    """Markers and clips named after this picture: a page may hold another's like it."""
    mark = xxhash.xxh3_64_hexdigest(svg.encode())[:8]
    return _REFERENCE.sub(rf"\g<1>{mark}-", svg)


def figure_page(figure: Figure) -> str:
    """A whole HTML page that shows the picture, dark where the reader's screen is."""
    title = html.escape(_alternative(figure))
    return _PAGE.format(title=title, dark=DARK_FIGURES, svg=inline_svg(figure))


def _alternative(figure: Figure) -> str:
    """What the picture is of, for who does not see it: its title or first text."""
    title = figure.get_suptitle()
    if title:
        return title.replace("\n", ", ")
    texts = [text.get_text() for text in figure.texts if text.get_text()]
    return texts[0].replace("\n", " ") if texts else "figure"
