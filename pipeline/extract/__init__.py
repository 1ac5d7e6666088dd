"""One checkpoint × metric families → the warehouse."""

from pipeline.extract.log import log_failure
from pipeline.extract.plan import plan_checkpoint
from pipeline.extract.run import extract_checkpoint
from pipeline.extract.settings import Settings
from pipeline.stages.outcome import Outcome
from pipeline.stages.plan import Plan
from pipeline.stages.settings import default_memory, new_run

__all__ = [
    "Outcome",
    "Plan",
    "Settings",
    "default_memory",
    "extract_checkpoint",
    "log_failure",
    "new_run",
    "plan_checkpoint",
]
