"""How does a user's own sensitivity metric or perturbation get in? By name or by file.

A package names a function under an entry-point group; on the command line it may be
`FILE.py:FUNCTION`. That is the user's own code, run because its path was typed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError, UsageError
from pipeline.perturb.losses import Example
from pipeline.perturb.scored import Scored, scored, to_numpy
from pipeline.perturb.weights import Weight
from pipeline.probes.capture import Forward

SENSITIVITIES = "weightlake.sensitivities"
PERTURBATIONS = "weightlake.perturbations"
_IGNORED = -100


@cache  # a package that is installed meanwhile is seen by the next program
def _installed(group: str) -> Mapping[str, Any]:
    return {one.name: one for one in entry_points(group=group)}


def own_names(group: str = SENSITIVITIES) -> tuple[str, ...]:
    """Names that installed packages have given, sorted."""
    return tuple(sorted(_installed(group)))


def find_own(name: str, group: str = SENSITIVITIES) -> Callable[..., Any]:
    """The function of that name, or of `FILE.py:FUNCTION`.

    Raises UsageError where there is none, or it cannot be called.
    """
    path, colon, attribute = name.rpartition(":")
    if colon:
        found = getattr(_load(Path(path)), attribute, None)
    else:
        entry = _installed(group).get(name)
        found = None if entry is None else entry.load()
    if not callable(found):
        known = ", ".join(own_names(group)) or "none"
        raise UsageError(
            f"{name!r} is no function of the group {group}",
            fix=f"Installed are: {known}. A file's is named FILE.py:FUNCTION",
        )
    function: Callable[..., Any] = found
    return function


def find_perturbation(name: str) -> Callable[[Any, Mapping[str, Any]], object]:
    """The user's `apply_perturbation(model, sensitivity)`, bare or as a method.

    Raises UsageError where there is none.
    """
    found = find_own(name, PERTURBATIONS)
    if isinstance(found, type):
        found = found()
    function: Callable[..., object] = getattr(found, "apply_perturbation", found)
    return function


def own_scores(
    forward: Forward,
    examples: Sequence[Example],
    weights: Sequence[Weight],
    metric: str,
) -> Iterator[Scored]:
    """Scores of `f(model, inputs)`: per parameter, averaged over batches by tokens.

    `inputs` are `input_ids`, `attention_mask` and `labels` of one batch, -100 where
    nothing is predicted. It answers with a mapping from parameters' names to scores of
    their shapes; a parameter that it leaves out has no gradient for us.
    """
    function = find_own(metric)
    sums: dict[str, Any] = {}
    n = 0
    for example in examples:
        inputs = _inputs(example)
        n_here = int((inputs["labels"] != _IGNORED).sum())
        found = function(forward.model, inputs)
        n += n_here
        for name, scores in found.items():
            part = to_numpy(scores) * n_here
            sums[name] = sums[name] + part if name in sums else part
    for parameter in forward.model.parameters():
        parameter.grad = None
    unknown = sorted(set(sums) - {one.path for one in weights})
    if unknown:
        raise SourceError(
            f"the metric {metric} scores {unknown[0]!r}, which is no parameter",
            fix="Use the names of model.named_parameters()",
        )
    label = metric.rpartition(":")[2]
    for one in weights:
        if one.path not in sums:
            yield Scored(one, label, None, "no_gradient")
            continue
        values = sums[one.path] / max(n, 1)
        if values.shape != tuple(one.parameter.shape):
            raise SourceError(
                f"the metric {metric} scores {one.path} with shape {values.shape}",
                fix=f"The parameter has {tuple(one.parameter.shape)}",
            )
        yield scored(one, label, values, n_samples=n)


def _inputs(example: Example) -> dict[str, Any]:
    batch = example.batch
    labels = example.ids.masked_fill(~batch.counted, _IGNORED)
    mask = batch.mask.to(batch.tokens.dtype)
    return {"input_ids": batch.tokens, "attention_mask": mask, "labels": labels}


def _load(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(
            f"{path} is not there", fix="Name a Python file: FILE.py:FUNCTION"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file", fix="Name a .py file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
