"""What do the rows of a subject depend on? Digests of its files, as they are listed."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

from pipeline.refs import FileStamp
from pipeline.sources import list_files
from pipeline.stages.subject import Subject


def digest_files(files: Iterable[FileStamp]) -> str:
    """xxh3-128 over names, sizes and times, in order of the names."""
    lines = sorted(f"{f.name}\0{f.n_bytes}\0{f.mtime_ns}" for f in files)
    return xxhash.xxh3_128_hexdigest("\n".join(lines).encode())


def digest_subject(subject: Subject, *, local_files_only: bool = False) -> str:
    """The digests of the files of all its checkpoints, the older first."""
    digests = (
        digest_files(list_files(source, local_files_only=local_files_only))
        for source in subject.sources
    )
    if subject.steps:
        return xxhash.xxh3_128_hexdigest("\n".join(digests).encode())
    return " → ".join(digests)
