"""Drawing: figures, the report, a page to wander in."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_frame, as_path, as_references
from weightlake.face.warnings import warn_no_rows

if TYPE_CHECKING:
    import polars as pl

    from pipeline.figures import Figure
    from weightlake.values.page import Page


class Drawing(Opened):
    """Methods whose answer is to be looked at."""

    def figure(
        self, name: str, /, output: AnyPath | None = None, **params: object
    ) -> Figure:
        """Draw a figure of the catalogue; Jupyter shows what comes back.

        `figures()` names the figures and the options of each.

        Args:
            name: The figure, such as `heatmap`.
            output: A file to write, too: .svg, .png, .pdf, .pgf or .html.
            params: Parameters of the figure's query, and options of its drawing.

        Returns:
            matplotlib.figure.Figure:
            A matplotlib Figure that no pyplot knows of; sizes are in inches, the width
            is one column of a paper (3.3). Where there is nothing to draw, the picture
            says why.

        Raises:
            UsageError: For an unknown figure or option, another suffix, and without
                matplotlib, which weightlake[report] brings.
            QueryError: For an unknown parameter, as `query`.

        """
        target = None if output is None else as_path(output)
        verbs.check_picture(target)
        reasons: list[str] = []
        drawn = verbs.plot(
            self.root, name, params, folders=self._folders, notify=reasons.append
        ).draw()
        warn_no_rows(reasons)
        if target is not None:
            from pipeline.figures import save  # brings numpy

            save(drawn, target)
        return drawn

    def sketch(self, name: str, /, width: int = 100, **params: object) -> str:
        """The same figure as lines of text.

        Args:
            name: As for `figure`.
            width: Cells of a terminal that a line takes up at most.
            params: As for `figure`.

        """
        from weightlake.values.text import Text

        reasons: list[str] = []
        drawn = verbs.plot(
            self.root, name, params, folders=self._folders, notify=reasons.append
        )
        warn_no_rows(reasons)
        return Text(drawn.sketch(width))

    def figures(self) -> pl.DataFrame:
        """The catalogue: one row per figure; figure, question, query, options."""
        return as_frame(verbs.list_figures())

    def report(
        self,
        output: AnyPath | None = None,
        *,
        models: Sequence[str] = (),
        series: Sequence[str] = (),
        compare: Sequence[tuple[str, str]] = (),
        templates: AnyPath | None = None,
        latex: AnyPath | None = None,
    ) -> Page:
        """One page of what the warehouse holds and skipped.

        Args:
            output: A file to write the page to.
            models: Only these models.
            series: Only these training runs.
            compare: Pairs to compare, each side `MODEL` or `MODEL@REVISION`.
            templates: A folder of your own sections; one named as ours takes its place.
            latex: A folder for the print edition: LaTeX, and a PDF where a TeX is.

        Returns:
            Page:
            The page, which a notebook shows; `save` and `open` do what they say.

        Raises:
            UsageError: For a model or series that is not there, and without what
                weightlake[report] brings.

        """
        from pipeline.report import to_html  # brings duckdb
        from weightlake.values.page import Page

        document = verbs.report(
            self.root,
            models=models,
            series=series,
            compare=compare,
            templates=() if templates is None else (as_path(templates),),
            folders=self._folders,
            command=f"weightlake report --warehouse {shlex.quote(str(self.root))}",
            for_print=latex is not None,
        )
        if latex is not None:
            verbs.print_report(document, as_path(latex), _ignore)
        page = Page(to_html(document), f"{len(document.sections)} sections")
        return page if output is None else page.save(as_path(output))

    def explore(
        self,
        *references: AnyPath,
        output: AnyPath | None = None,
        local_files_only: bool = False,
    ) -> Page:
        """One page to wander in models: shapes, statistics, classes.

        Args:
            references: Models of the warehouse (all of them without any), checkpoints
                of which only headers are read, config.json files, or org/name.
            output: A file to write the page to.
            local_files_only: Ask no hub; use what is in its cache.

        Returns:
            Page:
            The page, which a notebook shows in a frame.

        Raises:
            SourceError: For a reference that is none of these.

        """
        page = verbs.explore(
            self.root, as_references(references), local_files_only=local_files_only
        )
        return page if output is None else page.save(as_path(output))

    def structures(
        self, *references: AnyPath, local_files_only: bool = False
    ) -> list[dict[str, Any]]:
        """What `explore` shows as plain values: stacks, layers, components, tensors."""
        return verbs.explore_json(
            self.root, as_references(references), local_files_only=local_files_only
        )


def _ignore(_: str) -> None:
    pass
