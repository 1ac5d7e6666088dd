"""Tables for people and for programs."""

from flows.output.emit import FORMATS, check_target, emit

__all__ = ["FORMATS", "check_target", "emit"]
