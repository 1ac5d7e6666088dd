"""Where do the weights of `org/name@revision` lie once they are here, and which commit?

Everything goes through the hub library's own cache and environment (HF_ENDPOINT,
HF_HOME, HF_TOKEN). Only weights, configs and logs are fetched; nothing is run.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, FileStamp, ModelRef
from pipeline.sources.files import readable
from pipeline.sources.hub_calls import ask, import_hub
from pipeline.sources.model_config import ADAPTER_CONFIG, MODEL_CONFIG
from pipeline.sources.shards import check_present, read_index
from pipeline.sources.training_logs import TRAINER_STATE
from pipeline.sources.weight_sets import WeightSet, group_files, is_index, is_weights

_BESIDE = (MODEL_CONFIG, ADAPTER_CONFIG, TRAINER_STATE)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Fetched:
    """One commit's weights: `folder` holds the files of `weights`, once they are here.

    The names of `files` begin with the commit; their time is 0.
    """

    folder: Path
    weights: WeightSet
    files: tuple[FileStamp, ...]
    commit: str


def fetch(source: CheckpointSource, *, local_files_only: bool = False) -> Fetched:
    """Bring a hub checkpoint's files into the cache.

    Raises SourceError when the hub refuses, cannot be reached, or holds no weights.
    """
    if local_files_only:
        return _find_cached(source)
    found = _look_up(source)
    ref = ModelRef.parse(source.location)
    hub = import_hub(source.location)
    names = [stamp.name.partition("/")[2] for stamp in found.files]
    folder = ask(
        source.location,
        lambda: hub.snapshot_download(
            ref.model,
            revision=ref.revision,
            allow_patterns=[glob.escape(name) for name in names],
        ),
    )
    if Path(folder).name != found.commit:
        raise SourceError(
            "the revision moved to another commit while it was being fetched",
            where=source.location,
            fix="Run again",
        )
    return replace(found, folder=Path(folder))


def list_hub_files(
    source: CheckpointSource, *, local_files_only: bool = False
) -> tuple[FileStamp, ...]:
    """What `fetch` would bring, with sizes, at the cost of one request."""
    found = _find_cached(source) if local_files_only else _look_up(source)
    return found.files


def hub_size(source: CheckpointSource) -> int:
    """Bytes that `fetch` would bring if nothing were cached; nothing is fetched."""
    return sum(stamp.n_bytes for stamp in _look_up(source).files)


def list_revisions(
    name: str, pattern: str, *, local_files_only: bool = False
) -> list[str]:
    """Branches and tags of a model that match a pattern such as `step*`, by name.

    Raises SourceError when none does.
    """
    reference = f"{name}@{pattern}"
    hub = import_hub(reference)
    if local_files_only:
        refs = _cache_folder(name) / "refs"
        found = [str(p.relative_to(refs)) for p in refs.rglob("*") if p.is_file()]
    else:
        listed = ask(reference, lambda: hub.HfApi().list_repo_refs(name))
        found = [ref.name for ref in (*listed.branches, *listed.tags)]
    matching = sorted({one for one in found if fnmatch.fnmatchcase(one, pattern)})
    if not matching:
        some = ", ".join(sorted(found)[:5]) or "none"
        raise SourceError(
            f"no branch or tag matches; of {len(found)} there are {some}",
            where=reference,
            fix="Check the pattern",
        )
    return matching


def _look_up(source: CheckpointSource) -> Fetched:
    """Resolve the revision to its commit and choose the files, without fetching."""
    ref = ModelRef.parse(source.location)
    hub = import_hub(source.location)
    info = ask(
        source.location,
        lambda: hub.HfApi().model_info(
            ref.model, revision=ref.revision, files_metadata=True
        ),
    )
    commit = str(info.sha)
    sizes = {one.rfilename: one.size or 0 for one in info.siblings or ()}

    def read_remote_index(name: str) -> tuple[str, ...]:
        path = ask(
            source.location,
            lambda: hub.hf_hub_download(ref.model, name, revision=commit),
        )
        return tuple(dict.fromkeys(read_index(Path(path)).values()))

    weights = _choose(source.location, _list_indexed(sizes, read_remote_index), sizes)
    check_present(Path(source.location), weights, set(sizes))
    return Fetched(Path(), weights, _stamp(commit, weights, sizes), commit)


def _find_cached(source: CheckpointSource) -> Fetched:
    ref = ModelRef.parse(source.location)
    import_hub(source.location)
    cache = _cache_folder(ref.model)
    commit = ref.revision
    if not _COMMIT.fullmatch(commit) and (cache / "refs" / commit).is_file():
        commit = (cache / "refs" / commit).read_text().strip()
    folder = cache / "snapshots" / commit
    if not folder.is_dir():
        raise SourceError(
            f"not in the hub's cache at {cache.parent}",
            where=source.location,
            fix="Allow it to be fetched, or name a revision that is there",
        )
    with readable(folder):
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    indexed = _list_indexed(
        sizes, lambda name: tuple(dict.fromkeys(read_index(folder / name).values()))
    )
    weights = _choose(source.location, indexed, sizes)
    check_present(folder, weights, set(sizes))
    return Fetched(folder, weights, _stamp(commit, weights, sizes), commit)


def _cache_folder(name: str) -> Path:
    hub = import_hub(name)
    return Path(hub.constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"


def _list_indexed(
    names: Mapping[str, int], read: Callable[[str], tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Shards by index; one whose shards carry the usual names need not be read."""
    usual = group_files(names, {name: () for name in names if is_index(name)})
    known = {one.index for one in usual if one.files}
    return {
        name: () if name in known else read(name) for name in names if is_index(name)
    }


def _choose(
    where: str, indexed: Mapping[str, tuple[str, ...]], names: Mapping[str, int]
) -> WeightSet:
    """The model's own weights, else its adapter, else the only set there is."""
    sets = group_files([name for name in names if "/" not in name], indexed)
    by_role = {one.role: one for one in sets}
    chosen = by_role.get("model") or by_role.get("adapter")
    if chosen is None and len(sets) == 1:
        chosen = sets[0]
    if chosen is None:
        raise _no_choice(where, sets, names)
    others = (one.head for one in sets if one is not chosen)
    return replace(chosen, others=(*chosen.others, *others))


def _no_choice(
    where: str, sets: Sequence[WeightSet], names: Mapping[str, int]
) -> SourceError:
    folders = sorted(
        {n.rpartition("/")[0] for n in names if "/" in n and is_weights(n)}
    )
    what = "the repository holds no weights that can be read"
    if sets:
        what = f"several sets of weights: {', '.join(one.head for one in sets)}"
    elif folders:
        what = f"weights only in folders: {', '.join(folders)}"
    return SourceError(
        what, where=where, fix="Download what you want and name its file or folder"
    )


def _stamp(
    commit: str, weights: WeightSet, sizes: Mapping[str, int]
) -> tuple[FileStamp, ...]:
    index = [weights.index] if weights.index else []
    names = [*weights.files, *index, *(name for name in _BESIDE if name in sizes)]
    return tuple(FileStamp(f"{commit}/{name}", sizes[name], 0) for name in names)
