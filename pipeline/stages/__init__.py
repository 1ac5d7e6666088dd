"""One way to measure: a subject goes in, rows come out, the kernel does the rest."""

from pipeline.stages.outcome import Outcome
from pipeline.stages.plan import Plan
from pipeline.stages.progress import Progress
from pipeline.stages.run import (
    Watch,
    lost_task,
    make_tasks,
    measure_subject,
    plan_subject,
    run_stage,
)
from pipeline.stages.runners import (
    SEQUENTIAL,
    OnExecutor,
    Processes,
    Runner,
    Sequential,
    Threads,
)
from pipeline.stages.settings import StageSettings, default_memory, new_run, share
from pipeline.stages.stage import Job, Measured, Output, Stage, Standing, Task
from pipeline.stages.subject import Beside, Subject, Takes, training_run

__all__ = [
    "SEQUENTIAL",
    "Beside",
    "Job",
    "Measured",
    "OnExecutor",
    "Outcome",
    "Output",
    "Plan",
    "Processes",
    "Progress",
    "Runner",
    "Sequential",
    "Stage",
    "StageSettings",
    "Standing",
    "Subject",
    "Takes",
    "Task",
    "Threads",
    "Watch",
    "default_memory",
    "lost_task",
    "make_tasks",
    "measure_subject",
    "new_run",
    "plan_subject",
    "run_stage",
    "share",
    "training_run",
]
