"""Has the log beside a series grown since it was last read?"""

from __future__ import annotations

from pipeline.extract.frames import log_frame
from pipeline.refs import OF_SERIES, CheckpointSource, ModelRef
from pipeline.sources import read_series_log
from pipeline.stages.digests import digest_files
from pipeline.tables import TRAINING_LOG
from pipeline.warehouse import Stamp, Warehouse, read_stamp, write_partition

_FAMILY, _VERSION = "training_log", 1


def update_series_log(source: CheckpointSource, warehouse: Warehouse) -> None:
    """Store the metrics.csv that lies in the series' folder, when it is new."""
    if source.series is None or source.kind != "local":
        return
    found = read_series_log(source)
    if found is None:
        return
    file, entries = found
    ref = ModelRef(source.ref.model, OF_SERIES)
    digest = digest_files([file])
    stamp = read_stamp(warehouse, TRAINING_LOG.name, ref)
    if stamp and (stamp.digest, stamp.version) == (digest, _VERSION):
        return
    stamp = Stamp(source.location, digest, digest, _FAMILY, _VERSION)
    write_partition(warehouse, TRAINING_LOG, ref, log_frame(ref, entries), stamp=stamp)
