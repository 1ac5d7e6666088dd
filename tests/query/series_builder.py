"""How is a training run of tiny checkpoints made, measured, and damaged?"""

import json
import shutil

import numpy as np
from safetensors.numpy import load_file, save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
from tests.extract.pico import CONFIG, gpt2_tensors

STEPS = (0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100)
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def save_steps(folder, steps=STEPS, seed=0, stride=0.002):
    """A random walk in two shards; one norm never trains, biases begin at zero."""
    rng = np.random.default_rng(seed)
    tensors = gpt2_tensors(seed)
    for step in steps:
        save_sharded(folder / f"step-{step:06d}", tensors)
        for name, values in tensors.items():
            if name != "h.0.ln_1.weight":
                moved = values + stride * rng.standard_normal(values.shape)
                tensors[name] = moved.astype(np.float32)
    return folder


def save_sharded(folder, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    names = list(tensors)
    halves = {FIRST: names[: len(names) // 2], SECOND: names[len(names) // 2 :]}
    for file, part in halves.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    index = {name: file for file, part in halves.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": index})
    )
    (folder / "config.json").write_text(json.dumps(CONFIG))


def change(folder, step, name, make):
    """Replace one tensor of one step by what `make` makes of it."""
    for file in (FIRST, SECOND):
        path = folder / f"step-{step:06d}" / file
        tensors = load_file(path)
        if name in tensors:
            tensors[name] = make(tensors[name])
            path.unlink()
            save_file(tensors, path)


def drop(folder, step, name):
    """Take one tensor of one step away, from its shard and the index."""
    checkpoint = folder / f"step-{step:06d}"
    path = checkpoint / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    file = checkpoint / index["weight_map"].pop(name)
    path.write_text(json.dumps(index))
    tensors = load_file(file)
    del tensors[name]
    file.unlink()
    save_file(tensors, file)


def copy_checkpoint(folder, source, target):
    shutil.rmtree(folder / f"step-{target:06d}")
    shutil.copytree(folder / f"step-{source:06d}", folder / f"step-{target:06d}")


def copy_shard(folder, source, target, file=FIRST):
    shutil.copy(
        folder / f"step-{source:06d}" / file, folder / f"step-{target:06d}" / file
    )


def measure(folder, root):
    """Extract entries and sketches of every step; returns the warehouse's folder."""
    warehouse = open_warehouse(root)
    settings = Settings(families=("entries", "sketches"), run="test")
    for source in discover(str(folder)):
        outcome = extract_checkpoint(source, warehouse, settings)
        assert outcome.status == "measured", outcome.error
    return root
