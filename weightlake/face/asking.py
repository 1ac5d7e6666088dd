"""Asking: canned questions, SQL, the dictionary, a connection of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightlake import verbs
from weightlake.face.opened import Opened, as_frame
from weightlake.face.warnings import warn_no_rows

if TYPE_CHECKING:
    import polars as pl

    from pipeline.query import Connection
    from weightlake.values.text import Text


class Asking(Opened):
    """Methods that read the tables and change nothing."""

    def query(self, name: str, /, **params: object) -> pl.DataFrame:
        """Answer a canned question.

        `questions()` names the questions, `describe(name)` says what one takes. A
        required parameter may be left out where the warehouse leaves no choice, such as
        its only model; None stands for the default.

        Args:
            name: The question, such as `layer_view`.
            params: Its parameters, bound and never formatted into the SQL.

        Returns:
            polars.DataFrame:
            One row per what the question's grain says, with the columns and units that
            `describe` shows. A value that could not be computed is null.

        Raises:
            QueryError: For an unknown question or parameter, a value out of its range,
                and a word that names nothing in the warehouse; each with what there is.
            WarehouseError: Where there is no warehouse, or a file of it is damaged.

        Warns:
            NoRowsWarning: When there are no rows because a table has not been filled.

        """
        reasons: list[str] = []
        rows = verbs.query(
            self.root, name, params, folders=self._folders, notify=reasons.append
        )
        warn_no_rows(reasons)
        return as_frame(rows)

    def sql(self, text: str, /, **params: object) -> pl.DataFrame:
        """Answer any SQL over the tables, views, macros and functions, with DuckDB.

        Args:
            text: One statement or several; the last one answers.
            params: A value for every `$name` in the text.

        Returns:
            polars.DataFrame:
            The rows. Columns of one name are renamed `name`, `name_1`.

        Raises:
            QueryError: With DuckDB's message, and for parameters that are missing or
                that the text does not use.

        """
        return as_frame(verbs.sql(self.root, text, params))

    def questions(self) -> pl.DataFrame:
        """The canned questions: one row each, `query` and `question`."""
        return as_frame(verbs.list_questions(self._folders))

    def describe(self, name: str) -> Text:
        """What a question asks, takes and gives back, and its SQL, as text.

        Raises:
            QueryError: For an unknown question, with those there are.

        """
        from weightlake.values.text import Text

        return Text(verbs.describe(name, self._folders))

    def tables(self, name: str | None = None) -> pl.DataFrame:
        """The dictionary: every table and view, or the columns of one.

        Args:
            name: A table or view.

        Returns:
            polars.DataFrame:
            Without a name: table, kind, grain, key. With one: column, type, unit,
            meaning, formula, bounds.

        Raises:
            UsageError: For a name that is neither, with the nearest one.

        """
        return as_frame(verbs.tables(name))

    def connect(self) -> Connection:
        """A DuckDB connection in memory, for any other tool.

        It has a view per table, all views, macros and functions of ours, and the tables
        `columns` and `metrics`. Measurements are read from the files when asked for:
        what is extracted later is there too. You close it.

        Raises:
            WarehouseError: Where there is no warehouse.

        """
        return verbs.connect(self.root)

    def status(self) -> pl.DataFrame:
        """One row per model and revision: how many rows each table has, how fresh."""
        return as_frame(verbs.status(self.root))
