"""Does joining keep each module's scope, its imports and their order?"""

import shutil
import subprocess
from graphlib import CycleError

import pytest

from pipeline.explorer.modules import join_modules, module_names

NODE = shutil.which("node")

MODULES = {
    "main": 'import { area } from "./square.js";\n'
    'import { show, unit } from "./text.js";\n'
    "const hidden = 1;\nshow(area(3) + unit + hidden);\n",
    "square": 'import { unit } from "./text.js";\nconst hidden = 0;\n'
    "export function area(side) {\n  return `${side * side + hidden} ${unit}`;\n}\n",
    "text": 'export const unit = "m";\n'
    "export function show(text) {\n  console.log(text);\n}\n",
}


@pytest.mark.skipif(NODE is None, reason="no node to run JavaScript with")
def test_joined_modules_run_as_they_would_apart(tmp_path):
    script = tmp_path / "joined.js"
    script.write_text(join_modules("main", MODULES.__getitem__))
    ended = subprocess.run([NODE, script], check=True, capture_output=True, text=True)
    # Two modules name something `hidden`: neither sees the other's.
    assert ended.stdout == "9 mm1\n"


def test_every_module_that_is_needed_is_found_once():
    assert module_names("main", MODULES.__getitem__) == ("main", "square", "text")
    joined = join_modules("main", MODULES.__getitem__)
    assert joined.count("const module_text =") == 1
    assert joined.index("module_text") < joined.index("module_square")


def test_modules_in_a_circle_are_refused():
    circle = {
        "a": 'import { b } from "./b.js";\nexport const a = b;\n',
        "b": 'import { a } from "./a.js";\nexport const b = a;\n',
    }
    with pytest.raises(CycleError):
        join_modules("a", circle.__getitem__)


def test_nothing_of_a_module_is_left_that_an_inline_script_refuses():
    joined = join_modules("main", MODULES.__getitem__)
    assert not [x for x in joined.splitlines() if x.startswith(("import", "export"))]
