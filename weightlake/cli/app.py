"""Which verbs are there, and how does a command end? The only place that exits."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from textwrap import dedent, indent
from typing import Annotated, Any

import typer

from pipeline.errors import AbsentError, QueryError, UsageError, WeightlakeError
from pipeline.exit_codes import BROKEN_PIPE, DONE, FAILED, INTERRUPTED, USAGE
from weightlake.cli.analyze import analyze
from weightlake.cli.audit import audit
from weightlake.cli.breaks import breaks
from weightlake.cli.cite import cite
from weightlake.cli.compare import compare
from weightlake.cli.doctor import doctor, version
from weightlake.cli.evaluate import evaluate
from weightlake.cli.explore import explore
from weightlake.cli.extract import extract
from weightlake.cli.lineage import lineage
from weightlake.cli.perturb import perturb
from weightlake.cli.plot import plot
from weightlake.cli.probe import probe
from weightlake.cli.query import query, sql, tables
from weightlake.cli.report import report
from weightlake.cli.sensitivity import sensitivity
from weightlake.cli.study import study
from weightlake.cli.warehouse import catalog, check, compact, remove, status
from weightlake.cli.watch import watch
from weightlake.cli.zoo import plan, run, serve

VERBS: tuple[Callable[..., int | None], ...] = (
    extract,
    plan,
    run,
    serve,
    watch,
    sql,
    query,
    tables,
    plot,
    report,
    explore,
    compare,
    probe,
    analyze,
    sensitivity,
    perturb,
    evaluate,
    study,
    lineage,
    status,
    check,
    audit,
    breaks,
    compact,
    remove,
    catalog,
    cite,
    doctor,
    version,
)

HELP = """Per-tensor facts of many models in Parquet tables, answered in SQL.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 usage,
3 some checkpoints failed, 4 a check tripped."""


def build() -> typer.Typer:
    """The application: every function of `VERBS` under its own name."""
    # Plain help: it can be copied, piped and read by a screen reader.
    app = typer.Typer(
        name="weightlake",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
    for verb in VERBS:
        text, _, examples = (verb.__doc__ or "").partition("For example:\n")
        epilog = f"\b\nFor example:\n{indent(dedent(examples).strip(), '  ')}"
        app.command(help=text.strip(), epilog=epilog)(verb)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code and lets no expected error through."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            result: Any = build()(
                list(sys.argv[1:] if arguments is None else arguments),
                prog_name="weightlake",
                standalone_mode=False,
            )
        sys.stdout.flush()
    except typer.TyperException as error:
        # The words that pydantic puts before those of a closed choice say nothing.
        _say(error.format_message().replace("Value error, ", "", 1))
        return error.exit_code
    except WeightlakeError as error:
        _say(str(error))
        is_usage = isinstance(error, UsageError | QueryError | AbsentError)
        return USAGE if is_usage else FAILED
    except (BrokenPipeError, SystemExit) as error:
        # typer answers a broken pipe inside a verb by leaving with 1.
        if not isinstance(error.__context__ or error, BrokenPipeError):
            raise
        _drop_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _say(_os_error_text(error))
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        return INTERRUPTED
    if result == INTERRUPTED:  # typer turns Ctrl-C into this
        _say("interrupted")
    return result if isinstance(result, int) else DONE


def _end_by(is_asked: bool) -> None:
    """Print the version and leave: what most commands answer to --version."""
    if is_asked:
        version()
        raise typer.Exit


def _before(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_end_by
        ),
    ] = False,
) -> None:
    """Options that stand before any verb."""


def _show_warning(message: Warning | str, *_place: object, **_more: object) -> None:
    """One line on stderr, as an error is, without the place in our code."""
    _say(f"warning: {message}")


def _say(text: str) -> None:
    sys.stderr.write(f"weightlake: {text}\n")


def _os_error_text(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what


def _drop_stdout() -> None:
    """Let nothing be written when Python flushes stdout at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
