"""How does a template read when a warehouse has answered it?"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from pipeline.report import Document, Facts, compose, find_scope
from pipeline.report.template import parse_template

FACTS = Facts({"version": "1", "warehouse": "w", "command": "weightlake report"})


def answered(root: Path, *texts: str, folders=(), **wishes) -> Document:
    """The document of templates given as texts."""
    templates = [
        parse_template(f"t{place}", text, where=f"t{place}.md")
        for place, text in enumerate(texts)
    ]
    return compose(root, find_scope(root, **wishes), templates, FACTS, folders=folders)


class Reader(HTMLParser):
    """Texts, tags, and whatever a browser would fetch or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for key, value in attrs:
            if key == "id":
                assert value not in self.anchors, f"{value} is there twice"
                self.anchors.add(value)
            if key == "href" and tag == "a":
                self.links.append(value)
            elif key in {"src", "href", "xlink:href", "srcset", "data", "action"}:
                self.fetched.append(value)
            assert not key.startswith("on"), f"a handler: {key}={value}"

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())
