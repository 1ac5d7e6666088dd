"""How is a model measured from inside its own training? A recorder, in two lines."""

from weightlake.training.recorder import Recorder
from weightlake.training.trainer import trainer_callback

__all__ = ["Recorder", "trainer_callback"]
