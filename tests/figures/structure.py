"""What is in an SVG, whatever its ids and its last digits? Texts, shapes, places."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def structure_of(svg: str) -> list[dict[str, object]]:
    """An entry per text and per shape, in order: kind, text, colours, coordinates."""
    return [
        entry
        for element in ET.fromstring(svg).iter()  # noqa: S314  # our own picture
        if (entry := _entry(element)) is not None
    ]


def _entry(element: ET.Element) -> dict[str, object] | None:
    kind = element.tag.rpartition("}")[2]
    if kind not in {"text", "path", "use", "image"}:
        return None
    style = dict(
        part.strip().split(": ", 1)
        for part in element.get("style", "").split(";")
        if ": " in part
    )
    places = " ".join(
        element.get(name, "")
        for name in ("d", "x", "y", "width", "height", "transform")
    )
    return {
        "kind": kind,
        "text": "".join(element.itertext()).strip(),
        "look": {key: style[key] for key in ("fill", "stroke") if key in style},
        "places": [float(number) for number in NUMBER.findall(places)],
    }
