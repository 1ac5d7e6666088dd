"""How do the page's modules become one inline script? Each keeps its own scope.

A file imports by lines of the form `import { a, b } from "./name.js";` and exports by
the word `export` before a declaration. An inline script cannot import a file, so each
module becomes a function that returns its exports, in the order of the imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from graphlib import TopologicalSorter

_IMPORT = re.compile(r'^import \{([\w,\s]+)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_DECLARED = r"(?:async )?(?:function|class|const) (\w+)"
_EXPORT = re.compile(rf"^export (?={_DECLARED})", re.MULTILINE)


def join_modules(entry: str, read: Callable[[str], str]) -> str:
    """One script of the module `entry` and all modules that it imports.

    `read` returns the text of a module by name. Raises graphlib.CycleError where
    modules import one another in a circle.
    """
    texts = _gather(entry, read)
    order = TopologicalSorter({name: _imports(text) for name, text in texts.items()})
    scopes = [_scope(name, texts[name]) for name in order.static_order()]
    return '"use strict";\n(() => {\n' + "".join(scopes) + "})();\n"


def module_names(entry: str, read: Callable[[str], str]) -> tuple[str, ...]:
    """The names of `entry` and of all modules that it needs, sorted."""
    return tuple(sorted(_gather(entry, read)))


def _gather(entry: str, read: Callable[[str], str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name] = read(name)
            waiting.extend(_imports(texts[name]))
    return texts


def _imports(text: str) -> list[str]:
    return [found.group(2) for found in _IMPORT.finditer(text)]


def _scope(name: str, text: str) -> str:
    exports = [found.group(1) for found in _EXPORT.finditer(text)]
    body = _EXPORT.sub("", _IMPORT.sub(_take, text))
    given = f"return {{ {', '.join(exports)} }};\n" if exports else ""
    return f"const {_variable(name)} = (() => {{\n{body}{given}}})();\n"


def _take(found: re.Match[str]) -> str:
    names = " ".join(found.group(1).split()).rstrip(",")
    return f"const {{ {names} }} = {_variable(found.group(2))};\n"


def _variable(module: str) -> str:
    return f"module_{module.replace('-', '_')}"
