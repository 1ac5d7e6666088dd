"""The command line: `weightlake VERB …`."""

from weightlake.cli.app import main

__all__ = ["main"]
