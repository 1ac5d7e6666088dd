"""Which store stands for a warehouse's place: a folder or a bucket?"""

from __future__ import annotations

from pathlib import Path

from pipeline.places import bucket_url
from pipeline.store.folder import FolderStore
from pipeline.store.protocol import Store


def open_store(place: str | Path) -> Store:
    """The store at a place, which need not be there yet."""
    url = bucket_url(place)
    if url is None:
        return FolderStore(Path(place).absolute())
    # obstore is an extra: a folder is opened without it.
    from pipeline.store.bucket import BucketStore

    return BucketStore(url)
