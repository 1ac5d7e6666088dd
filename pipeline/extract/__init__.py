"""One checkpoint × metric families → the warehouse."""

from pipeline.extract.settings import ExtractOptions, Settings
from pipeline.extract.stage import (
    EXTRACT,
    extract_checkpoint,
    extract_stage,
    plan_checkpoint,
)
from pipeline.stages.log import log_failure
from pipeline.stages.outcome import Outcome
from pipeline.stages.plan import Plan
from pipeline.stages.settings import default_memory, new_run

__all__ = [
    "EXTRACT",
    "ExtractOptions",
    "Outcome",
    "Plan",
    "Settings",
    "default_memory",
    "extract_checkpoint",
    "extract_stage",
    "log_failure",
    "new_run",
    "plan_checkpoint",
]
