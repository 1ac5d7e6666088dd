"""What does torch save, and what is read of it?"""

import collections

import numpy as np
import torch

from pipeline.sources import discover, open_checkpoint, open_reader


def opened(path):
    (source,) = discover(str(path))
    return open_checkpoint(source)


def saved(path, content, **options):
    torch.save(content, path, **options)
    return opened(path)


def names(checkpoint):
    return [tensor.name for tensor in checkpoint.tensors]


def reasons(checkpoint):
    return {tensor.name: tensor.skip_reason for tensor in checkpoint.tensors}


def read(checkpoint, block=None):
    """Bytes of every tensor that can be read, whole or in blocks."""
    found = {}
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            if not tensor.skip_reason:
                out = np.full(tensor.n_bytes, 0xA5, np.uint8)
                step = block or max(tensor.n_bytes, 1)
                for start in range(0, tensor.n_bytes, step):
                    reader.read_into(tensor, start, out[start : start + step])
                found[tensor.name] = out.tobytes()
    return found


def raw(tensor):
    flat = tensor.detach().resolve_conj().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


W = torch.arange(12.0).reshape(3, 4)
STATE = collections.OrderedDict(a=W, b=W.to(torch.bfloat16), c=torch.tensor(3))
OPTIMIZER = {"state": {0: {"exp_avg": torch.ones(4)}}, "param_groups": [{"lr": 0.1}]}
