"""Tables for people and for programs."""

from flows.output.emit import FORMATS, emit

__all__ = ["FORMATS", "emit"]
