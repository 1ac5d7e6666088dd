"""What does a study run? A TOML file or the flags of a command, each key checked."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.errors import UsageError
from pipeline.zoo.keys import load_document

Part = Literal["weights", "architecture", "stability", "perturbations", "tasks"]
PARTS: tuple[Part, ...] = get_args(Part)
Mode = Literal["global", "layerwise", "head_wise"]
MODES: tuple[Mode, ...] = get_args(Mode)

SHIPPED = ("basic", "architecture", "stability", "perturbation", "everything")

# What people call a metric or a perturbation, and what it is called here.
METRICS = {"grad_x_weight": "abs_grad_x_weight"}
OPERATIONS = {"magnitude_scale": "scale", "gaussian_noise": "gaussian"}
CONTROLS = {
    "random_k": "random_mean",
    "bottom_k": "bottom_delta",
    "all_k": "all_delta",
    "matched": "matched_mean",
}


@dataclass(frozen=True)
class Study:
    """The question, the models, and how each part is run; keys of a study's file.

    `texts` are probe sets; stability compares them, the other parts take the first.
    `samples` windows are drawn for each seed of the stability part, 0 for all.
    """

    name: str = "study"
    question: str = ""
    models: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ("weights",)
    texts: tuple[str, ...] = ("small_texts",)
    metric: str = "grad_x_weight"
    topk: int = 100
    mode: Mode = "global"
    perturbations: tuple[str, ...] = ("sign_flip",)
    scales: tuple[float, ...] = (1.0,)
    doses: tuple[int, ...] = (10, 100)
    draws: int = 200
    controls: tuple[str, ...] = tuple(CONTROLS)
    seeds: tuple[int, ...] = (0, 1, 2)
    samples: int = 8
    tasks: tuple[str, ...] = ("small_endings", "small_words")
    limit: int = 0
    plots: bool = True
    out_dir: str = ""

    @property
    def scored_by(self) -> str:
        """The metric by its name in the tables."""
        return METRICS.get(self.metric, self.metric)

    @property
    def operations(self) -> tuple[str, ...]:
        """The perturbations by their names in the tables."""
        return tuple(OPERATIONS.get(name, name) for name in self.perturbations)


def shipped_studies() -> dict[str, Path]:
    """The studies that come with the package, by name."""
    folder = files("pipeline.studies").joinpath("shipped")
    return {name: Path(str(folder.joinpath(f"{name}.toml"))) for name in SHIPPED}


def read_study(what: str, changes: Mapping[str, Any] | None = None) -> Study:
    """A study by its file or its shipped name, with `changes` of some keys.

    Raises UsageError for a name that is neither, a key that is not known, with the
    nearest one, and a value that means nothing.
    """
    shipped = shipped_studies()
    if what in shipped:
        path = shipped[what]
    elif Path(what).suffix == ".toml":
        path = Path(what)
    else:
        raise UsageError(
            f"no study is called {what!r}",
            fix=f"Name a .toml file, or one of {', '.join(shipped)}",
        )
    document = load_document(path) | dict(changes or {})
    return make_study({"name": path.stem, **document}, where=str(path))


def make_study(keys: Mapping[str, Any], *, where: str = "study") -> Study:
    """A study from its keys; raises UsageError as `read_study` does."""
    fields = {field.name: field for field in dataclasses.fields(Study)}
    values: dict[str, Any] = {}
    for key, value in keys.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise UsageError(
                f"the key {key!r} is not known in a study{'; ' + hint if hint else ''}",
                where=where,
                fix=f"The keys are {', '.join(fields)}",
            )
        values[key] = _typed(key, value, fields[key].default, where)
    study = Study(**values)
    _check_words(study, where)
    return study


def _typed(key: str, value: Any, default: Any, where: str) -> Any:
    """The value in the type of its field's default; a list of them as a tuple."""
    if isinstance(default, tuple):
        inner = type(default[0]) if default else str
        given = value if isinstance(value, list | tuple) else [value]
        if given and all(_is(each, inner) for each in given):
            return tuple(inner(each) for each in given)
        if not given and key == "controls":
            return ()
        wanted = f"a list of {_WORDS[inner]}s"
    else:
        if _is(value, type(default)):
            return value
        wanted = f"a {_WORDS[type(default)]}"
    raise UsageError(
        f"{key} = {value!r} is not {wanted}", where=where, fix=f"Give {key} {wanted}"
    )


_WORDS: dict[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}


def _is(value: Any, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is wanted


def _check_words(study: Study, where: str) -> None:
    closed: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
        ("parts", study.parts, PARTS),
        ("mode", (study.mode,), MODES),
        ("controls", study.controls, tuple(CONTROLS)),
    )
    for key, words, allowed in closed:
        for word in words:
            if word not in allowed:
                raise UsageError(
                    f"{key} holds {word!r}",
                    where=where,
                    fix=f"Use {', '.join(allowed)}",
                )
    least = (
        *(("topk", each, 1) for each in (study.topk,)),
        *(("draws", each, 1) for each in (study.draws,)),
        *(("doses", each, 1) for each in study.doses),
        *(("scales", each, 0) for each in study.scales),
        *(("samples", each, 0) for each in (study.samples,)),
        *(("limit", each, 0) for each in (study.limit,)),
    )
    for key, number, smallest in least:
        if not number >= smallest:  # a NaN is not
            raise UsageError(
                f"{key} is {number}", where=where, fix=f"Give {smallest} or more"
            )
