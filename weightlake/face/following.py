"""Following: what happened along a training run, and what was made from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightlake import verbs
from weightlake.face.opened import Opened, as_frame
from weightlake.face.warnings import warn_no_rows

if TYPE_CHECKING:
    import polars as pl


class Following(Opened):
    """Methods that judge series and families of checkpoints."""

    def breaks(
        self,
        series: str,
        *,
        metric: str | None = None,
        component: str | None = None,
        each: bool = False,
    ) -> pl.DataFrame:
        """The few steps at which a training run turned.

        Args:
            series: A training run in the warehouse.
            metric: One metric; by default relative_change, frobenius_norm, stable_rank
                and the loss.
            component: Only tensors of this component.
            each: Every tensor's breaks; needs a metric.

        Returns:
            polars.DataFrame:
            One row per event: the step, the fraction of series that broke there
            (`agreement`, 0 to 1), the effect size, p and q. With `each` one row per
            break of a tensor.

        Raises:
            QueryError: For a series that is not there, with the nearest names.
            UsageError: For `each` without a metric.

        Warns:
            NoRowsWarning: With the reason, where no series could be tested.

        """
        said: list[str] = []
        found = verbs.breaks(
            self.root,
            series,
            metric=metric,
            component=component,
            each=each,
            notify=said.append,
        )
        warn_no_rows(said[1:])  # the first line counts the rows
        return as_frame(found)

    def audit(self, series: str) -> pl.DataFrame:
        """Checkpoints of a series that are not the step they say.

        Returns:
            polars.DataFrame:
            One row per finding, the most serious first: severity (serious, warning,
            low), finding, step, revision, shard, tensor. No row is good news.

        Raises:
            QueryError: For a series that is not there, with the nearest names.

        """
        return as_frame(verbs.audit(self.root, series))

    def lineage(self, model: str | None = None) -> pl.DataFrame:
        """Which checkpoint was made from which, from the tables alone.

        Args:
            model: Only trees that hold this model.

        Returns:
            polars.DataFrame:
            One row per checkpoint: its parent, the distance from it (0 between equals,
            1 between strangers), and what the direction rests on.

        """
        return as_frame(verbs.lineage(self.root, model))
