"""Is a warehouse's place a folder, or the address of a bucket?"""

from __future__ import annotations

import re
from pathlib import Path

# A Path of `s3://bucket/lake` has one slash, or backslashes on Windows.
_ADDRESS = re.compile(r"(s3|s3a|gs|az|azure|abfs|abfss|adl):[/\\]+(.*)", re.DOTALL)


def bucket_url(place: str | Path) -> str | None:
    """The URL of a bucket's prefix, without a slash at its end; None for a folder."""
    match = _ADDRESS.fullmatch(str(place))
    if match is None:
        return None
    scheme, rest = match.groups()
    return f"{scheme}://{rest.replace(chr(92), '/').rstrip('/')}"


def shown(place: Path) -> str:
    """The place as its user would write it."""
    return bucket_url(place) or str(place)


def settled(place: Path) -> Path:
    """The place, of whatever working folder: absolute, where it is a folder."""
    return place if bucket_url(place) else place.resolve()
