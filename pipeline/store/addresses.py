"""Is a warehouse's place a folder or a bucket, and which store stands for it?"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.store.folder import FolderStore
from pipeline.store.protocol import Store

# A Path of `s3://bucket/lake` has one slash, or backslashes on Windows.
_ADDRESS = re.compile(r"(s3|s3a|gs|az|azure|abfs|abfss|adl):[/\\]+(.*)", re.DOTALL)


def open_store(place: str | Path) -> Store:
    """The store at a place, which need not be there yet."""
    url = bucket_url(place)
    if url is None:
        return FolderStore(Path(place).absolute())
    # obstore is an extra: a folder is opened without it.
    from pipeline.store.bucket import BucketStore

    return BucketStore(url)


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
