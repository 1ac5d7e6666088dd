"""What does a checkpoint hold? Its headers, config and log, read and checked."""

from __future__ import annotations

from pathlib import Path

from pipeline.refs import Checkpoint, CheckpointSource, FileStamp, LogEntry
from pipeline.sources.codes import see_codes
from pipeline.sources.contents import read_tensors
from pipeline.sources.copies import choose_copies, mark_copies, note_copies
from pipeline.sources.files import stamp_file
from pipeline.sources.model_config import ADAPTER_CONFIG, MODEL_CONFIG, describe
from pipeline.sources.shards import check_present
from pipeline.sources.steps import parse_step
from pipeline.sources.training_logs import (
    METRICS_FILE,
    TRAINER_STATE,
    note_series_log,
    read_folder_log,
)
from pipeline.sources.units import list_folders
from pipeline.sources.weight_files import find_sets, list_names, locate_set
from pipeline.sources.weight_sets import WeightSet


def open_checkpoint(
    source: CheckpointSource, *, local_files_only: bool = False
) -> Checkpoint:
    """List the checkpoint's tensors, in file order, with config, log and notes.

    Codes of quantised weights are seen as the weights that they stand for. A hub
    checkpoint is brought into the hub's cache first; `local_files_only` forbids
    that. Raises SourceError when it is not there, not whole or not to be believed.
    """
    if source.kind == "hub":
        from pipeline.sources.hub import fetch

        fetched = fetch(source, local_files_only=local_files_only)
        folder, weights = fetched.folder, fetched.weights
        files, commit = fetched.files, fetched.commit
    else:
        folder, weights = locate_set(Path(source.location))
        files, commit = _stamp_files(folder, weights, source), None
    contents = read_tensors(folder, weights)
    marked = mark_copies(contents.tensors)
    tensors, notes = choose_copies(source, marked), contents.notes
    notes += () if source.copies else tuple(note_copies(marked))
    description = describe(folder, weights, tensors)
    log: tuple[LogEntry, ...] = ()
    log_notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    if _owns_folder(folder, weights, source):
        log, log_notes = read_folder_log(folder)
        aside = _folders_aside(folder, weights)
    checkpoint = Checkpoint(
        source=source,
        folder=str(folder),
        format=weights.format,
        files=files,
        tensors=tensors,
        kind=description.kind,
        commit=commit,
        base_model=description.base_model,
        config=contents.config or description.config,
        training_log=log,
        notes=(*notes, *description.notes, *log_notes, *note_series_log(source)),
        aside=aside,
    )
    return see_codes(checkpoint)


def list_files(
    source: CheckpointSource, *, local_files_only: bool = False
) -> tuple[FileStamp, ...]:
    """Every file that `open_checkpoint` would read, with size and time; none is opened.

    Equal stamps mean an unchanged checkpoint. Names of hub files begin with the commit
    and their time is 0: what a commit holds does not change.
    """
    if source.kind == "hub":
        from pipeline.sources.hub import list_hub_files

        return list_hub_files(source, local_files_only=local_files_only)
    if source.kind == "rows":
        return (stamp_file(Path(source.location)),)
    folder, weights = locate_set(Path(source.location))
    return _stamp_files(folder, weights, source)


def _stamp_files(
    folder: Path, weights: WeightSet, source: CheckpointSource
) -> tuple[FileStamp, ...]:
    present = set(list_names(folder))
    # The files of ranks may lie in folders of their own.
    present |= {name for name in weights.files if (folder / name).is_file()}
    check_present(folder, weights, present)
    beside = [MODEL_CONFIG, ADAPTER_CONFIG]
    if _owns_folder(folder, weights, source):
        beside += [TRAINER_STATE, METRICS_FILE]
    index = [weights.index] if weights.index else []
    names = [*weights.files, *index, *(name for name in beside if name in present)]
    return tuple(stamp_file(folder / name) for name in names)


def _owns_folder(folder: Path, weights: WeightSet, source: CheckpointSource) -> bool:
    """Whether logs in the folder are this checkpoint's, not those of several in it."""
    if source.kind == "hub" or Path(source.location) == folder:
        return True
    return weights.role != "other" or len(find_sets(folder)) == 1


def _folders_aside(folder: Path, weights: WeightSet) -> tuple[str, ...]:
    """Folders with weights that are neither of this checkpoint nor found as a step."""
    is_step = parse_step(folder.name) is not None
    own = {name.partition("/")[0] for name in weights.files}
    return tuple(
        child.name
        for child in list_folders(folder)
        if child.name not in own
        and (is_step or parse_step(child.name) is None)
        and find_sets(child)
    )
