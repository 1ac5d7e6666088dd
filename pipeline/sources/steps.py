"""Which step of training does a name stand for?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import UsageError

_MARK = r"(?:checkpoint|ckpt|global_?step|steps?|iter|iteration)[-_=]?(\d{1,18})"
# OLMo adds the tokens seen, Lightning the epoch; the step is what both call so.
_STEP = re.compile(
    rf"(?:stage\d+[-_]|epoch=\d+[-_])?{_MARK}(?:[-_]tokens\d+[KMBT]?)?",
    re.IGNORECASE | re.ASCII,
)
_PREFIXED = re.compile(rf"(?P<prefix>.+[-_.]){_MARK}", re.IGNORECASE | re.ASCII)


def parse_step(name: str, pattern: re.Pattern[str] | None = None) -> int | None:
    """The step that a folder's, file's or branch's name states, None when it has none.

    Known are `checkpoint-500`, `step1000`, `step-000100`, `global_step5`,
    `iter_0001000` and their like; a stated `pattern` replaces them and may match
    anywhere in the name. Raises UsageError when its group holds anything but digits.
    """
    match = pattern.search(name) if pattern else _STEP.fullmatch(name)
    if not match:
        return None
    digits = match[1]
    if digits is None or not re.fullmatch(r"[0-9]{1,18}", digits):
        raise UsageError(
            f"the step pattern finds {digits!r} in {name!r}, which is no whole number",
            fix=r"Let its group match digits only, as in step-(\d+)",
        )
    return int(digits)


@dataclass(frozen=True)
class PrefixedStep:
    """A step after a prefix, which counts only beside others of that prefix."""

    prefix: str
    step: int


def parse_prefixed_step(name: str) -> PrefixedStep | None:
    """Prefix `model-` and step 500 of `model-step500`."""
    match = _PREFIXED.fullmatch(name)
    return PrefixedStep(match["prefix"], int(match[2])) if match else None


def compile_pattern(text: str) -> re.Pattern[str]:
    """A stated pattern, checked: it compiles and has exactly one group.

    Raises UsageError otherwise.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise UsageError(
            f"the step pattern {text!r} is no regular expression ({error})",
            fix=r"Write it like step-(\d+)",
        ) from error
    if pattern.groups != 1:
        raise UsageError(
            f"the step pattern {text!r} has {pattern.groups} groups, not one",
            fix=r"Put the step's digits, and only them, in parentheses: step-(\d+)",
        )
    return pattern
