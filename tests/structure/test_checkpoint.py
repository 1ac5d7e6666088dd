"""Is a checkpoint's tree told by its headers alone, and the same as after measuring?"""

from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover, open_checkpoint
from pipeline.structure import count, describe_checkpoint, walk_tensors
from pipeline.structure.classes import with_classes
from pipeline.structure.warehouse import read_structures
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model, save_series


def describe(folder):
    (source,) = discover(str(folder))
    return describe_checkpoint(open_checkpoint(source))


def test_headers_tell_the_tree(tmp_path):
    structure = describe(save_model(tmp_path / "pico"))
    expected = sum(array.size for array in gpt2_tensors().values())
    assert count(structure).n_parameters == expected
    assert structure.sizes["n_heads"] == 2
    assert (structure.name, structure.family) == ("pico", "gpt2")


def test_a_saved_unembedding_is_tied_where_the_config_says_so(tmp_path):
    tensors = gpt2_tensors()
    tensors["lm_head.weight"] = tensors["wte.weight"].copy()
    tied = describe(save_model(tmp_path / "a", tensors, {"tie_word_embeddings": True}))
    apart = describe(
        save_model(tmp_path / "b", tensors, {"tie_word_embeddings": False})
    )
    n = tensors["wte.weight"].size
    assert count(apart).n_parameters == count(tied).n_parameters + n
    copies = [t for t in walk_tensors(tied) if t.is_tied]
    assert len(copies) == 1


def test_classes_are_found_for_names_without_the_outer_model(tmp_path):
    structure = with_classes(describe(save_model(tmp_path / "pico")))
    by_name = {t.name: t for t in walk_tensors(structure)}
    chain = [n.rpartition(".")[2] for n in by_name["h.1.mlp.c_fc.weight"].classes]
    assert chain == ["Conv1D", "GPT2MLP", "GPT2Block", "GPT2Model", "GPT2LMHeadModel"]


def test_a_config_that_makes_no_classes_leaves_a_note(tmp_path):
    folder = save_model(tmp_path / "pico", config={"n_head": "many"})
    structure = describe(folder)
    noted = with_classes(structure)
    assert noted.stacks == structure.stacks
    assert "classes are not shown" in noted.notes[-1]


def test_the_warehouse_tells_the_same_tree(tmp_path):
    folder = save_series(tmp_path / "run", n_steps=2)
    lake = open_warehouse(tmp_path / "lake")
    for source in discover(str(folder)):
        extract_checkpoint(source, lake, Settings(families=("entries",)))
    (stored,) = read_structures(tmp_path / "lake")
    direct = describe(folder / "step-000100")
    assert (stored.name, stored.revision) == ("run", "step-000100")
    assert [t.name for t in walk_tensors(stored)] == [
        t.name for t in walk_tensors(direct)
    ]
    assert count(stored) == count(direct)
    assert stored.config == direct.config
