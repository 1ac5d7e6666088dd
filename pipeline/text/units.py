"""How are sizes and durations written for people?"""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def checkpoints(number: int) -> str:
    return f"{number} checkpoint" if number == 1 else f"{number} checkpoints"


def human_bytes(size: float) -> str:
    """A size in powers of 1000: `498 MB`, `1.02 GB`."""
    place = 0
    while size >= 999.5 and place < len(_UNITS) - 1:
        size /= 1000
        place += 1
    return f"{size:.0f} B" if place == 0 else f"{size:.3g} {_UNITS[place]}"


def human_seconds(seconds: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
