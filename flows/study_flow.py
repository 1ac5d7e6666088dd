"""How does a study run under Prefect? As the command, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from prefect import flow, get_run_logger


class StudyFailedError(Exception):
    """The command ended with another code than 0; its last lines say why."""


@flow(name="study")
def study_flow(
    study: str,
    models: Sequence[str],
    *,
    warehouse: str = "warehouse",
    out_dir: str | None = None,
    options: Sequence[str] = (),
) -> str:
    """Run the study `study`, a shipped name or a file; its folder comes back.

    `options` are further words of `weightlake study`, such as --topk 50. Fails where
    the command does, with what it said.
    """
    folder = out_dir or study.rpartition("/")[2].removesuffix(".toml")
    words = ["study", study, "--warehouse", warehouse, "--out-dir", folder, *options]
    for model in models:
        words += ["--model", model]
    ended = subprocess.run(  # noqa: S603  our own interpreter and words
        [sys.executable, "-m", "weightlake", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    logger = get_run_logger()
    for line in [*ended.stdout.splitlines(), *ended.stderr.splitlines()]:
        logger.info(line)
    if ended.returncode:
        raise StudyFailedError("\n".join(ended.stderr.splitlines()[-5:]))
    return folder
