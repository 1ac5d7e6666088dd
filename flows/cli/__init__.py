"""The command line: `weightlake VERB …`."""

from flows.cli.app import main

__all__ = ["main"]
