"""How is everything written down? One page of what the warehouse holds and skipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.report import (
    Document,
    Facts,
    TypesetError,
    compose,
    find_scope,
    find_templates,
    typeset,
    write_latex,
)
from pipeline.require import require
from weightlake.verbs.asking import Notify
from weightlake.verbs.environment import own_version


def report(
    root: Path,
    *,
    models: Sequence[str] = (),
    series: Sequence[str] = (),
    compare: Sequence[tuple[str, str]] = (),
    templates: Sequence[Path] = (),
    folders: Sequence[Path] = (),
    command: str,
    for_print: bool = False,
) -> Document:
    """The sections of a report, answered; `command` says in it how it was made.

    `compare` holds pairs of MODEL or MODEL@REVISION. Raises UsageError for a model,
    series or folder that is not there, with what there is.
    """
    for module in ("matplotlib", "jinja2", "markdown_it"):
        require(module, extra="report", what="a report")
    found = find_templates(templates)
    scope = find_scope(root, models=models, series=series, pairs=compare)
    facts = Facts(
        {"version": own_version(), "warehouse": str(root), "command": command},
        forms=("inline", "pdf") if for_print else ("inline",),
    )
    return compose(root, scope, found, facts, folders=folders)


def print_report(document: Document, folder: Path, notify: Notify) -> None:
    """Write the print edition; without TeX only its source, with a note to `notify`."""
    source = write_latex(document, folder)
    try:
        notify(f"{typeset(source)}: written for print")
    except TypesetError as error:
        notify(str(error))
