"""Is every real checkpoint told whole by its headers, and drawn as what it is?"""

import os
from pathlib import Path

import pytest

from pipeline.explorer import collect, find_exhibits
from pipeline.structure import count, trace_flow, walk_tensors

REPO = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WEIGHTLAKE_SHARED_DATA", REPO.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real checkpoints are not here"
)


def find(tmp_path, *parts):
    return find_exhibits([str(DATA.joinpath(*parts))], tmp_path / "none")


def test_llama_of_260_thousand(tmp_path):
    (one,) = find(tmp_path, "models", "stories260K", "hf")
    # Its authors' count; the unembedding is the embedding again.
    assert count(one.structure).n_parameters == 260_032
    (flow,) = trace_flow(one.structure)
    assert flow.ties_output
    assert flow.blocks[0].layers == (0, 1, 2, 3, 4)
    assert flow.blocks[0].sublayers[0].facts == {
        "n_heads": 8,
        "n_kv_heads": 4,
        "head_dim": 8,
    }
    chains = {t.classes[0] for t in walk_tensors(one.structure) if "q_proj" in t.name}
    assert chains == {"torch.nn.modules.linear.Linear"}


def test_resnets_by_their_published_sizes(tmp_path):
    # He et al. 2015, table 6: 0.27, 0.46, 0.66 and 0.85 million parameters.
    found = find(tmp_path, "models", "resnet_cifar10")
    millions = [round(count(one.structure).n_parameters / 1e6, 2) for one in found]
    assert millions == [0.27, 0.46, 0.66, 0.85]


def test_an_adapter_and_its_classes(tmp_path):
    (one,) = find(tmp_path, "series", "lora_roberta_pt")
    assert one.structure.kind == "adapter"
    # Rank 8 at q and v of twelve blocks of width 768, and a head that is trained whole.
    lora = [
        t
        for t in walk_tensors(one.structure)
        if t.location.parameter.startswith("lora")
    ]
    assert sum(t.n_parameters for t in lora) == 12 * 2 * 2 * 8 * 768


def test_a_net_that_no_family_knows_is_a_tree_of_names(tmp_path):
    found = find(tmp_path, "models", "silero_vad")
    data = collect(found)
    assert [flow["is_known"] for flow in data["models"][0]["flow"]] == [False]
    assert len(data["models"][0]["tensors"]) == 15
