"""The explorer: seconds and bytes of large shapes, and how soon a key is answered.

Times of the command are of a process of its own, start-up included. A keystroke's runs
from the input event until the browser has painted what it found, in headless Chromium.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import print_row

from pipeline.explorer import Exhibit, collect, render
from pipeline.layout import Location
from pipeline.structure.grow import grow
from pipeline.structure.tree import Structure, Tensor

WEIGHTLAKE = Path(sys.executable).with_name("weightlake")
ROUNDS = 5
SHAPES = (("Llama 7 B", "llama"), ("Mixtral 8 × 7 B", "mixtral"))
N_TENSORS = 10_000
QUERIES = ("expert layer:17", "shape:4096 down", "w1.weight", "zzz")

_TYPE = """async ([query]) => {
  const input = document.getElementById("query");
  const times = [];
  for (let end = 0; end <= query.length; end += 1) {
    const begin = performance.now();
    input.value = query.slice(0, end);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - begin);
  }
  return times;
}"""


def explore(config: Path, page: Path) -> tuple[float, float]:
    """Wall and processor seconds of `weightlake explore` on a config."""
    command = [str(WEIGHTLAKE), "explore", str(config), "-o", str(page)]
    begin, used = time.perf_counter(), children_seconds()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin, children_seconds() - used


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure_shapes(folder: Path) -> None:
    """A page of each shape, from a config alone."""
    for title, model_type in SHAPES:
        config, page = folder / f"{model_type}.json", folder / f"{model_type}.html"
        config.write_text(json.dumps({"model_type": model_type}))
        runs = [explore(config, page) for _ in range(ROUNDS)]
        wall, used = (statistics.median(each) for each in zip(*runs, strict=True))
        size = page.stat().st_size / 1e6
        print_row(
            f"explorer of {title}, from its config",
            f"{wall:.1f} s ({used:.1f} s of processor), {size:.2f} MB",
            "5 s, 2 MB",
        )


def many_tensors() -> Structure:
    """A mixture of experts, each of them apart: 10,000 tensors of usual names."""
    tensors = []
    n_layers, parts = 40, (("w1", "gate"), ("w2", "down"), ("w3", "up"))
    for index in range(N_TENSORS):
        layer, place = index % n_layers, index // n_layers
        expert, (name, component) = place // 3, parts[place % 3]
        tensors.append(
            Tensor(
                f"model.layers.{layer}.mlp.experts.{expert}.{name}.weight",
                "BF16",
                (4096, 1408),
                Location("decoder", layer, component, "weight", expert),
                2 * 4096 * 1408,
            )
        )
    return Structure("many", "moe", grow(tensors), sizes={"n_layers": n_layers})


def measure_keystrokes(folder: Path) -> None:
    """Typing into the search of a page of 10,000 tensors."""
    from playwright.sync_api import sync_playwright

    page = folder / "many.html"
    page.write_text(render(collect([Exhibit(many_tensors())])), encoding="utf-8")
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        tab = browser.new_page()
        begin = time.perf_counter()
        tab.goto(page.as_uri())
        tab.locator("#tree .row").first.wait_for()
        opened = time.perf_counter() - begin
        times = [t for query in QUERIES for t in tab.evaluate(_TYPE, [query])]
        browser.close()
    size = page.stat().st_size / 1e6
    median, worst = statistics.median(times), max(times)
    print_row(
        "explorer of 10,000 tensors: opened", f"{opened:.1f} s, {size:.2f} MB", ""
    )
    print_row(
        "explorer of 10,000 tensors: a keystroke",
        f"{median:.0f} ms, at most {worst:.0f} ms of {len(times)}",
        "100 ms",
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        measure_shapes(Path(name))
        measure_keystrokes(Path(name))
