"""Which questions can be asked, and what is the answer to one of them?"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.errors import QueryError
from pipeline.query.answer import answer, parameter_names
from pipeline.query.definitions import locate_sql
from pipeline.query.header import Header, Parameter, read_header
from pipeline.query.parameters import bind_parameters, near_miss
from pipeline.query.words import check_dictionary_words, check_words, only_words
from pipeline.renamed import current_query


def list_queries(folders: Sequence[Path] = ()) -> tuple[Header, ...]:
    """The shipped queries and those of the user's folders, by name; a user's wins.

    Raises QueryError for a folder that is not there or a header that is malformed.
    """
    return tuple(
        read_query(path) for _, path in sorted(sql_files("queries", folders).items())
    )


def find_query(
    name: str, folders: Sequence[Path] = (), *, params: Collection[str] = ()
) -> Header:
    """The query of that name; raises QueryError with the nearest names.

    `params` are the names of parameters that will be asked of it: an old name of a
    query can mean another question than the same name today.
    """
    paths = sql_files("queries", folders)
    name = current_query(name, params, paths)
    if name not in paths:
        raise QueryError(
            f"no query is called {name!r}{near_miss(name, paths)}",
            fix=f"The queries are {', '.join(sorted(paths))}",
        )
    return read_query(paths[name])


def read_query(path: Path) -> Header:
    """One SQL file; parameters that its header leaves out are found in its text."""
    header = read_header(path)
    declared = {parameter.name for parameter in header.parameters}
    used = set(re.findall(r"\$(\w+)", header.sql))
    if not used <= declared:
        # It may stand in a text or a comment: DuckDB's parser knows, and takes longer.
        used = parameter_names(header.sql, where=str(path))
    found = tuple(
        Parameter(name, "text", None, "bound as given")
        for name in sorted(used - declared)
    )
    return dataclasses.replace(header, parameters=header.parameters + found)


def run_query(
    root: Path,
    name: str,
    params: Mapping[str, object] | None = None,
    *,
    folders: Sequence[Path] = (),
) -> pa.Table:
    """Answer a canned question; `params` are words as a command line gives them.

    A required word may be left out where the warehouse holds only one: its only model.
    Raises QueryError for an unknown query or parameter, and for a word that names
    nothing in the warehouse when that is why the answer is empty.
    """
    query = find_query(name, folders, params=params or ())
    given = dict(params or {})
    given.update(only_words(root, query, given))
    values = bind_parameters(query.parameters, given, query=name)
    check_dictionary_words(root, query, values)
    models = _models(query, values)
    files = _files(query, values)
    rows = answer(root, query.sql, values, where=name, models=models, files=files)
    if rows.num_rows == 0:
        check_words(root, query, values)
    return rows


def refine_query(
    root: Path,
    name: str,
    text: str,
    params: Mapping[str, object] | None = None,
    *,
    folders: Sequence[Path] = (),
) -> pa.Table:
    """Answer a select over a canned query's rows, which it reads as `answer`.

    Raises QueryError as `run_query` does, and for a text that is no select.
    """
    query = find_query(name, folders, params=params or ())
    values = bind_parameters(query.parameters, params or {}, query=name)
    whole = f"with answer as (\n{query.sql.rstrip().removesuffix(';')}\n)\n{text}"
    models = _models(query, values)
    files = _files(query, values)
    return answer(root, whole, values, where=name, models=models, files=files)


def sql_files(kind: str, folders: Sequence[Path] = ()) -> dict[str, Path]:
    """The files of a shipped folder (`queries`, `rules`) and the user's, by name.

    A user's file takes the place of ours of the same name. Raises QueryError for a
    folder that is not there.
    """
    found: dict[str, Path] = {}
    for folder in (locate_sql() / kind, *folders):
        if not folder.is_dir():
            raise QueryError(
                f"the folder of {kind} is not there",
                where=str(folder),
                fix="Name a folder that holds .sql files",
            )
        found.update({path.stem: path for path in sorted(folder.glob("*.sql"))})
    return found


def _files(query: Header, values: Mapping[str, object]) -> tuple[str, ...]:
    """The files that the parameters name; a question reads no others."""
    named = [p.name for p in query.parameters if p.type == "file"]
    return tuple(str(values[name]) for name in named if values.get(name) is not None)


def _models(query: Header, values: Mapping[str, object]) -> list[str] | None:
    """The models whose partitions the answer needs; None when that is all of them."""
    named = [values.get(name) for name in query.partitions]
    if not named or any(model is None for model in named):
        return None
    return [str(model) for model in named]
