"""Which sections does a report have? The shipped templates, and those of the user."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.report.template import Template, read_template

SHIPPED = Path(__file__).with_name("templates")


def find_templates(folders: Sequence[Path] = ()) -> tuple[Template, ...]:
    """All templates by file name; a user's template replaces a shipped one.

    Raises UsageError for a folder without templates.
    """
    paths = {path.name: path for path in sorted(SHIPPED.glob("*.md"))}
    for folder in folders:
        own = {path.name: path for path in sorted(folder.glob("*.md"))}
        if not own:
            raise UsageError(
                "the folder holds no template",
                where=str(folder),
                fix="Put a .md file into it, as docs/report.md describes",
            )
        paths |= own
    return tuple(read_template(path) for _, path in sorted(paths.items()))
