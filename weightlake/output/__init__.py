"""Tables for people and for programs."""

from weightlake.output.emit import FORMATS, check_target, emit

__all__ = ["FORMATS", "check_target", "emit"]
