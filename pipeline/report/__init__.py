"""What is a report? Templates of markdown and SQL, filled in and written as a page."""

from pipeline.report.compose import Facts, compose
from pipeline.report.document import Document
from pipeline.report.latex import write_latex
from pipeline.report.page import to_html, write_page
from pipeline.report.scope import Scope, find_scope
from pipeline.report.templates_found import find_templates
from pipeline.report.typeset import TypesetError, typeset

__all__ = [
    "Document",
    "Facts",
    "Scope",
    "TypesetError",
    "compose",
    "find_scope",
    "find_templates",
    "to_html",
    "typeset",
    "write_latex",
    "write_page",
]
