"""Studying: several stages on several models, for one question."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_path, as_references

if TYPE_CHECKING:
    from weightlake.verbs.studying import Studied


class Studying(Opened):
    """The method that runs a study."""

    def study(
        self,
        name: AnyPath = "basic",
        *,
        models: AnyPath | Sequence[AnyPath] | None = None,
        out_dir: AnyPath | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        threads: int | None = None,
        local_files_only: bool = False,
        **keys: Any,
    ) -> Studied:
        """Run a study of critical weights, and write its tables, pictures and report.

        What the warehouse holds already is not run again.

        Args:
            name: basic, architecture, stability, perturbation, everything, or a .toml.
            models: References as for `extract`; by default those of the file.
            out_dir: Where the files go; by default a folder of the study's name.
            device: As for `probe`.
            threads: As for `extract`.
            local_files_only: As for `extract`.
            keys: Any other key of a study's file, such as topk, metric or parts.

        Returns:
            Studied:
            `files`, the `report` as markdown, and `failures`, a line each.

        Raises:
            UsageError: For a study or a key that is not known, and one without models.
            SourceError: Where no model could be measured.

        """
        from pipeline.studies.study import read_study  # these bring the metrics
        from pipeline.zoo.settings import make_settings

        if models is not None:
            several = [models] if isinstance(models, str | PathLike) else models
            keys["models"] = as_references(several)
        settings = make_settings(threads=threads, local_files_only=local_files_only)
        return verbs.study(
            self.root,
            read_study(fspath(name), keys),
            dataclasses.replace(settings, device=device),
            out_dir=None if out_dir is None else as_path(out_dir),
            notify=say,
        )
