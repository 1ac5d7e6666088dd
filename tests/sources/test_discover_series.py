"""Does a folder stand for the steps of the training run that its user means?"""

import pytest

from pipeline.errors import UsageError
from pipeline.sources.discover import discover
from tests.sources.trees import one, refs, touch


class TestSeries:
    def test_steps_are_ordered_by_number(self, tmp_path):
        steps = [1000, 500, 20]
        touch(tmp_path, *(f"run/checkpoint-{s}/model.safetensors" for s in steps))
        found = discover(str(tmp_path / "run"))
        assert [source.step for source in found] == [20, 500, 1000]
        assert {source.series for source in found} == {"run"}
        assert refs(tmp_path / "run")[0] == "run@checkpoint-20"

    def test_one_step_alone_belongs_to_its_run_too(self, tmp_path):
        touch(tmp_path, "run/step-7/model.safetensors")
        source = one(tmp_path / "run/step-7")
        assert (str(source.ref), source.series, source.step) == ("run@step-7", "run", 7)
        assert one(tmp_path / "run") == source
        assert one(tmp_path / "run/step-7/model.safetensors").ref == source.ref

    def test_folders_between_run_and_step_do_not_name_it(self, tmp_path):
        touch(tmp_path, "run/checkpoints/iter_0010/hf/model.safetensors")
        assert refs(tmp_path) == ["run@iter_0010"]
        assert refs(tmp_path / "run/checkpoints/iter_0010/hf") == ["run@iter_0010"]

    def test_the_final_model_keeps_the_name_of_the_run(self, tmp_path):
        touch(tmp_path, "run/model.safetensors", "run/checkpoint-5/model.safetensors")
        found = discover(str(tmp_path))
        assert [(str(s.ref), s.step) for s in found] == [
            ("run@checkpoint-5", 5),
            ("run@main", None),
        ]

    def test_two_runs_are_two_models(self, tmp_path):
        touch(tmp_path, "a/step1/model.safetensors", "b/step1/model.safetensors")
        assert refs(tmp_path) == ["a@step1", "b@step1"]

    def test_files_may_be_steps(self, tmp_path):
        touch(tmp_path, "run/step-1.pt", "run/step-2.pt")
        assert refs(tmp_path / "run") == ["run@step-1", "run@step-2"]

    def test_parts_inside_a_step_are_models_of_that_step(self, tmp_path):
        touch(tmp_path, "sd/step-1/unet/model.safetensors")
        touch(tmp_path, "sd/step-1/vae/model.safetensors")
        assert refs(tmp_path / "sd") == ["sd/unet@step-1", "sd/vae@step-1"]

    def test_ranks_of_a_step_are_parts_of_it(self, tmp_path):
        for rank in ("mp_rank_00", "mp_rank_01"):
            touch(tmp_path, f"meg/iter_0000010/{rank}/model_optim_rng.pt")
        assert refs(tmp_path / "meg") == ["meg@iter_0000010"]

    def test_a_prefix_before_the_step_needs_a_fellow(self, tmp_path):
        touch(tmp_path, "run/net-step1.pt", "lone/net-step1.pt")
        touch(tmp_path, "run/net-step2.pt")
        assert refs(tmp_path / "run") == ["run@net-step1", "run@net-step2"]
        assert refs(tmp_path / "lone/net-step1.pt") == ["net-step1@main"]

    def test_two_prefixes_are_two_models_not_one_series(self, tmp_path):
        touch(tmp_path, *(f"z/{n}-step{i}.pt" for n in ("a", "b") for i in (1, 2)))
        assert all(source.step is None for source in discover(str(tmp_path)))

    def test_names_above_the_reference_are_no_steps(self, tmp_path):
        touch(tmp_path, "step-1/models/bert/model.safetensors")
        assert refs(tmp_path / "step-1/models/bert") == ["bert@main"]

    def test_a_stated_series_names_model_and_steps(self, tmp_path):
        touch(tmp_path, *(f"out/x-step{i}/model.safetensors" for i in (10, 9)))
        touch(tmp_path, "out/last/model.safetensors")
        found = discover(str(tmp_path / "out"), series="pythia")
        assert [(str(s.ref), s.series, s.step) for s in found] == [
            ("pythia@x-step9", "pythia", 9),
            ("pythia@x-step10", "pythia", 10),
            ("pythia@last", "pythia", None),
        ]

    def test_model_and_series_may_have_names_of_their_own(self, tmp_path):
        touch(tmp_path, "out/step-1/model.safetensors")
        source = one(tmp_path / "out", model="org/net", series="seed-3")
        assert (str(source.ref), source.series) == ("org/net@step-1", "seed-3")

    def test_a_label_names_the_run(self, tmp_path):
        touch(tmp_path, "out/step-1/model.safetensors", "out/step-2/model.safetensors")
        found = discover(str(tmp_path / "out"), model="net")
        assert {(s.ref.model, s.series) for s in found} == {("net", "net")}

    def test_a_stated_pattern_finds_the_steps(self, tmp_path):
        touch(tmp_path, *(f"run/e{i}-best/model.safetensors" for i in (2, 10)))
        found = discover(str(tmp_path / "run"), step_pattern=r"e(\d+)-")
        assert [(str(s.ref), s.step) for s in found] == [
            ("run@e2-best", 2),
            ("run@e10-best", 10),
        ]

    def test_a_series_without_steps_is_refused(self, tmp_path):
        touch(tmp_path, "run/alpha/model.safetensors", "run/beta/model.safetensors")
        with pytest.raises(UsageError, match=r"no step .* 'r': alpha, beta.*pattern"):
            discover(str(tmp_path / "run"), series="r")
