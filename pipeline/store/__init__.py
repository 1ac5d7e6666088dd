"""Where do a warehouse's files lie? One protocol, a folder or a bucket behind it."""

from pipeline.store.addresses import open_store
from pipeline.store.folder import FolderStore
from pipeline.store.protocol import (
    ChangedError,
    Content,
    Entry,
    Store,
    Writers,
    as_pattern,
    check_key,
)

__all__ = [
    "ChangedError",
    "Content",
    "Entry",
    "FolderStore",
    "Store",
    "Writers",
    "as_pattern",
    "check_key",
    "open_store",
]
