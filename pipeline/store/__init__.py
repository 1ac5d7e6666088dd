"""Where do a warehouse's files lie? One protocol, today a folder behind it."""

from pipeline.store.folder import FolderStore, open_store
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
