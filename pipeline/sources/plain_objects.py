"""Which objects beside weights are plain data, safe to be made from a file's word?

Each is a class or function of the standard library or numpy that does nothing but hold
what it is given. torch's own loader takes them by name; all else it refuses.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import io
import pathlib
import types
import uuid
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct, scalar

# A path of another system's kind would not open here, and need not.
_PATHS = ("PosixPath", "WindowsPath", "Path", "PurePath", "PureWindowsPath")
_PATH_MODULES = ("pathlib", "pathlib._local")
_NUMBERS = (np.bool_, *np.sctypeDict.values())

PLAIN_OBJECTS: tuple[Any, ...] = (
    argparse.Namespace,
    types.SimpleNamespace,
    io.BytesIO,
    collections.OrderedDict,
    collections.defaultdict,
    collections.Counter,
    collections.deque,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    dt.timezone,
    uuid.UUID,
    pathlib.PurePosixPath,
    *(
        (pathlib.PurePosixPath, f"{module}.{name}")
        for module in _PATH_MODULES
        for name in _PATHS
    ),
    np.ndarray,
    np.dtype,
    *sorted({type(np.dtype(kind)) for kind in _NUMBERS}, key=lambda one: one.__name__),
    # numpy 2 moved what numpy 1 wrote under another name.
    *(
        (_reconstruct, f"numpy.{core}.multiarray._reconstruct")
        for core in ("core", "_core")
    ),
    *((scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
)
