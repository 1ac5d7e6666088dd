"""How does transformers' Trainer record? By a callback around a recorder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.require import require

if TYPE_CHECKING:
    from transformers import TrainerCallback

    from weightlake.training.recorder import Recorder


def trainer_callback(recorder: Recorder) -> TrainerCallback:
    """The callback that gives a Trainer's steps and logs to a recorder, and closes it.

    Trainer(model, args, ..., callbacks=[trainer_callback(recorder)])

    Raises UsageError where transformers is not installed.
    """
    require("transformers", extra="demo", what="a callback of the Trainer")
    from transformers import TrainerCallback  # takes seconds

    class RecorderCallback(TrainerCallback):
        """Snapshots at steps of the optimiser, values from the Trainer's own log."""

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            del args, control
            recorder.step(more["model"], int(state.global_step))

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            del args, control
            numbers = {
                name: value
                for name, value in (more.get("logs") or {}).items()
                if isinstance(value, int | float)
            }
            recorder.log(int(state.global_step), **numbers)

        def on_train_end(self, *_: Any, **__: Any) -> None:
            recorder.close()

    return RecorderCallback()
