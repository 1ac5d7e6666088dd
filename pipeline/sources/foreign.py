"""Which files hold weights in a form that is not read, and what could be done?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LOG_DEPTH = 3  # run/wandb/run-…/
_ASK = "save its weights with safetensors where it was made"
_HALF = "wait for it to end, or download it again"
_PICKLED = (
    r"(.*[._-])?(model|weights?|ckpt|checkpoint|params|state|net|final)([._-].*)?"
)
_PARTIAL = r"(incomplete|part|partial|tmp|temp|crdownload|aria2|download)"
_TENSORFLOW = (
    "load it with tf.train.load_checkpoint and save its arrays with numpy.savez"
)
_JAX = "restore it with orbax.checkpoint and save its arrays with numpy.savez"
_CONVERT = (
    "convert it with llama.cpp's convert_llama_ggml_to_gguf.py, or take the .gguf"
)
_EXPORT = "export it as metrics.csv, with a column step and one for each metric"
_LOG = r"(log|logs|metrics|history|training_log|log_history|progress)"
_LOGS = (
    (r"events\.out\.tfevents\..*", "a TensorBoard log", _EXPORT),
    (r"run-\w+\.wandb", "a log of Weights & Biases", _EXPORT),
    (
        rf"(.*[._-])?{_LOG}\.(jsonl|ndjson|json|csv|tsv)",
        "a log that is not taken",
        _EXPORT,
    ),
)
_TAKEN = ("metrics.csv", "trainer_state.json")
_FORMS = (
    (r".*\.nemo", "a NeMo archive", "untar it and name the weights in it"),
    (r".*\.(pdparams|pdiparams)", "Paddle's weights", _ASK),
    (_PICKLED + r"\.(pkl|pickle)", "a pickle, which may run code", _ASK),
    (r".*\.index", "a TensorFlow checkpoint", _TENSORFLOW),
    (r"manifest\.ocdbt", "an Orbax checkpoint of JAX", _JAX),
    (r"saved_model\.pb", "a TensorFlow graph", "save its variables as .weights.h5"),
    (r".*\.(tflite|mlmodel|engine|plan|trt|pte)", "compiled for a device", _ASK),
    (r".*\.(mar|t7|caffemodel|ot|params|pdmodel)", "another framework's model", _ASK),
    (_PICKLED + r"\.(joblib|mat|rds|pkl\.\w+)", "another library's file", _ASK),
    (_PICKLED + r"\.(zip|tar|tar\.\w+|tgz|7z|rar)", "an archive", "unpack it"),
    (
        r".*\.(safetensors|bin|pt|pth|ckpt|gguf|h5|onnx)\.(zst|gz|bz2|xz|lz4)",
        "compressed",
        "unpack it",
    ),
    (r".*\.(ggml|ggjt|llamafile)", "a form before GGUF, or a program", _CONVERT),
    (
        rf".*\.(safetensors|bin|pt|pth|ckpt|gguf|h5|onnx)\.{_PARTIAL}",
        "half written or downloaded",
        _HALF,
    ),
)
_KNOWN_LOGS = tuple(
    (re.compile(form, re.IGNORECASE), what, do) for form, what, do in _LOGS
)
_KNOWN = tuple((re.compile(form, re.IGNORECASE), what, do) for form, what, do in _FORMS)


@dataclass(frozen=True)
class Foreign:
    """A file, what it is, and what can be done about it."""

    path: Path
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} is {self.what}: {self.remedy}"


def find_foreign(folder: Path, names: list[str]) -> Iterator[Foreign]:
    """The files of a folder that hold weights in a form that is not read."""
    for name in names:
        for form, what, remedy in _KNOWN:
            if form.fullmatch(name):
                yield Foreign(folder / name, what, remedy)
                break


def find_logs(folder: Path) -> Iterator[Foreign]:
    """The logs in a folder of steps that are not read, one of each kind.

    They may lie in a folder of logs below it, as TensorBoard's do.
    """
    seen = set()
    for name, folders, files in os.walk(folder):
        deep = len(Path(name).parts) - len(folder.parts) >= _LOG_DEPTH
        folders[:] = [] if deep else sorted(folders)
        for file in sorted(files):
            for form, what, remedy in _KNOWN_LOGS:
                if file not in _TAKEN and what not in seen and form.fullmatch(file):
                    seen.add(what)
                    yield Foreign(Path(name) / file, what, remedy)


def walk_foreign(root: Path, max_depth: int) -> Iterator[Foreign]:
    """As `find_foreign`, for a folder and all folders below it."""
    for name, folders, files in os.walk(root):
        folder = Path(name)
        deep = len(folder.parts) - len(root.parts) >= max_depth
        folders[:] = [] if deep else sorted(f for f in folders if not f.startswith("."))
        yield from find_foreign(folder, sorted(files))
