"""What can go wrong, said so that a reader can mend it: what, where, what to do."""


class WeightlakeError(Exception):
    """Base of every error that is the input's or the caller's, never the program's.

    `what` says what was found and expected, `where` names the checkpoint, tensor or
    file, `fix` says what to do next. `str()` joins the three.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(what, where, fix)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        stop = "" if text.endswith(("?", ".")) else "."
        return f"{text}{stop} {self.fix}" if self.fix else text


class UsageError(WeightlakeError):
    """An argument that means nothing: an unknown name, a malformed reference."""


class SourceError(WeightlakeError):
    """A checkpoint, or a file of it, that cannot be found, read or believed.

    `may_pass` says that the same call may succeed a little later: a network that
    stumbled, not a name that is wrong.
    """

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", may_pass: bool = False
    ) -> None:
        self.may_pass = may_pass
        super().__init__(what, where=where, fix=fix)


class AbsentError(SourceError):
    """A reference to a file, folder or pattern where there is nothing at all."""


class ConflictError(WeightlakeError):
    """Two different sources that claim the same model@revision."""


class WarehouseError(WeightlakeError):
    """A warehouse folder that cannot be read or written."""


class QueryError(WeightlakeError):
    """A SQL text, a canned query or a parameter that DuckDB or we refuse."""
