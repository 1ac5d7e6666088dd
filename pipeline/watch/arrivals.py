"""Which checkpoints are new, and written to their end?

A writer takes its time, file by file. A checkpoint is complete when its files have not
changed for a while and its headers promise no more bytes than there are. One that was
left incomplete is handed out when the next step of its series is complete, or when the
watch ends: then it is measured, and its row says what is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, FileStamp, ModelRef
from pipeline.sources import list_files, open_checkpoint
from pipeline.sources.training_logs import METRICS_FILE, TRAINER_STATE
from pipeline.zoo.found import find_sources
from pipeline.zoo.manifest import Entry

_Stamps = tuple[FileStamp, ...]
_LOGS = (METRICS_FILE, TRAINER_STATE)


@dataclass
class Arrivals:
    """Looks for the checkpoints of `entries`, again and again.

    `settle` is for how many seconds files must not have changed. `waiting` says of each
    checkpoint that is not complete why it is not.
    """

    entries: Sequence[Entry]
    settle: float = 5.0
    local_files_only: bool = False
    clock: Callable[[], float] = time.monotonic
    waiting: dict[ModelRef, str] = field(default_factory=dict)
    _known: dict[ModelRef, _Stamps] = field(default_factory=dict)
    _changed: dict[ModelRef, tuple[_Stamps, float]] = field(default_factory=dict)
    _sources: tuple[CheckpointSource, ...] = ()

    def look(self) -> list[CheckpointSource]:
        """What has become complete since the last look, by model and step.

        An entry that is not there yet is looked for again the next time. Raises
        UsageError where two checkpoints would have one name.
        """
        found = find_sources(self.entries, local_files_only=self.local_files_only)
        self._sources = found.sources
        self.waiting = {source.ref: error for source, error in found.missing}
        complete = [source for source in self._sources if self._is_complete(source)]
        latest: dict[str, int] = {}
        for source in complete:
            if source.series is not None and source.step is not None:
                at = latest.get(source.series, source.step)
                latest[source.series] = max(at, source.step)
        left = [
            source
            for source in self._sources
            if source.ref in self.waiting
            and source.series is not None
            and source.step is not None
            and source.step < latest.get(source.series, source.step)
        ]
        return self._hand_out([*complete, *left])

    def rest(self) -> list[CheckpointSource]:
        """What the last look left as incomplete."""
        return self._hand_out([s for s in self._sources if s.ref in self.waiting])

    def before(self, source: CheckpointSource) -> CheckpointSource | None:
        """The step of the same series before this one, None where it is the first."""
        steps = [
            each
            for each in self._sources
            if each.series is not None
            and each.series == source.series
            and each.step is not None
            and source.step is not None
            and each.step < source.step
        ]
        return max(steps, key=lambda each: each.step or 0, default=None)

    def _is_complete(self, source: CheckpointSource) -> bool:
        """Whether it is new and complete; why it is not, is kept in `waiting`."""
        try:
            stamps = self._stamps(source)
        except SourceError as error:
            self.waiting[source.ref] = str(error)
            return False
        if self._known.get(source.ref) == stamps:
            return False
        if source.kind == "local" and not self._has_settled(source.ref, stamps):
            self.waiting[source.ref] = "its files are still being written"
            return False
        try:
            open_checkpoint(source, local_files_only=self.local_files_only)
        except SourceError as error:
            self.waiting[source.ref] = str(error)
            return False
        return True

    def _stamps(self, source: CheckpointSource) -> _Stamps:
        """Of all but logs: these grow as long as the run goes on."""
        found = list_files(source, local_files_only=self.local_files_only)
        return tuple(stamp for stamp in found if stamp.name not in _LOGS)

    def _has_settled(self, ref: ModelRef, stamps: _Stamps) -> bool:
        """By our own clock: that of a file server may be another."""
        before, since = self._changed.get(ref, (None, 0.0))
        now = self.clock()
        if before != stamps:
            self._changed[ref] = (stamps, now)
            since = now
        return now - since >= self.settle

    def _hand_out(self, sources: Sequence[CheckpointSource]) -> list[CheckpointSource]:
        for source in sources:
            self.waiting.pop(source.ref, None)
            try:
                self._known[source.ref] = self._stamps(source)
            except SourceError:
                self._known[source.ref] = ()  # its measurement reports what is wrong
        order = {source.ref: place for place, source in enumerate(self._sources)}
        return sorted(sources, key=lambda source: order[source.ref])
