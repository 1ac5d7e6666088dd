"""Do layers run 0, 1, 2, … 10 where a file sorts its names as texts?"""

import pytest

from tests.sql.small_zoo import at, entries, pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse

LAYERS = list(range(12))
REQUIRED = {"series": {"metric": "std"}, "layers": {"metric": "std"}}


@pytest.fixture(scope="module")
def sorted_file(tmp_path_factory):
    """Twelve layers whose positions are of a safetensors file: 0, 1, 10, 11, 2."""
    tensors = [place("embed", (2, 2), component="embedding", position=0)]
    tensors += [
        place(f"h.{layer}.q", (2, 2), layer=layer, n_layers=12, position=position)
        for position, layer in enumerate(sorted(LAYERS, key=str), start=1)
    ]
    tensors += [place("norm", (2, 2), component="final_norm", position=13)]
    names = [row["tensor"] for row in tensors]
    stats = [entries(name, [1, 2, 3, -4]) for name in names]
    spectra = [spectrum(name, [2, 1], (2, 2), rank_90=1) for name in names]
    return tiny_warehouse(
        tmp_path_factory.mktemp("sorted_file"),
        checkpoints=at([{"n_layers": 12, "series": "m", "step": 5}], "m"),
        tensors=at(tensors, "m", step=5),
        tensor_stats=at(stats, "m", step=5),
        spectra=at(spectra, "m", step=5),
    )


def test_the_view_of_layers_keeps_what_comes_before_and_after(sorted_file):
    places = [row[0] for row in pick(sorted_file, "layer_view", "place")]
    assert places == ["embedding", *map(str, LAYERS), "final_norm"]


@pytest.mark.parametrize("query", ["tensors", "series", "tensor_profiles", "structure"])
def test_tensors_are_listed_as_they_are_read(sorted_file, query):
    rows = pick(sorted_file, query, "tensor", **REQUIRED.get(query, {}))
    names = list(dict.fromkeys(row[0] for row in rows))
    assert names == ["embed", *(f"h.{layer}.q" for layer in LAYERS), "norm"]


@pytest.mark.parametrize("query", ["noise", "tails", "compressible", "spectral_shapes"])
def test_ties_are_in_the_order_of_layers(sorted_file, query):
    names = [row[0] for row in pick(sorted_file, query, "tensor")]
    blocks = [name for name in names if name.startswith("h.")]
    assert blocks == [f"h.{layer}.q" for layer in LAYERS]
