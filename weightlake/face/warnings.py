"""What does the library warn of, where a command writes to stderr?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence


class NoRowsWarning(UserWarning):
    """An answer has no rows, as a table that it reads has not been filled yet."""


def warn_no_rows(reasons: Sequence[str]) -> None:
    """Warn at the line that called the method which calls this."""
    for reason in reasons:
        warnings.warn(reason, NoRowsWarning, stacklevel=3)
