"""Are the hub's models fetched by commit, sparingly, and its refusals explained?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.sources import (
    discover,
    hub_size,
    list_files,
    open_checkpoint,
    read_hub_headers,
)
from tests.hub_stand_in import serve

constants = pytest.importorskip("huggingface_hub.constants")

WEIGHTS = safetensors.torch.save({"w": torch.arange(4.0)})
CONFIG = b'{"model_type": "llama"}'


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with serve() as stand_in:
        template = stand_in.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", stand_in.endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        monkeypatch.setattr("pipeline.sources.hub_calls.PAUSES", (0.0, 0.0))
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield stand_in


def source(reference="org/net@main"):
    return CheckpointSource(ModelRef.parse(reference), reference, "hub")


def fetched(hub):
    """Names of the files whose content was asked for."""
    paths = (line.split(" ")[1] for line in hub.seen if line.startswith("GET"))
    return sorted({path.split("/")[-1] for path in paths if "/resolve/" in path})


def test_a_model_comes_with_its_commit_and_no_more_than_needed(hub):
    commit = hub.add(
        "org/net",
        model__safetensors=WEIGHTS,
        pytorch_model__bin=b"PK",
        config__json=CONFIG,
        readme__md=b"hello",
        modeling_net__py=b"raise SystemExit",
    )
    found = open_checkpoint(source())
    assert found.commit == commit
    assert [tensor.name for tensor in found.tensors] == ["w"]
    assert found.config == {"model_type": "llama"}
    assert fetched(hub) == ["config.json", "model.safetensors"]
    assert found.notes == (
        "also holds pytorch_model.bin: not read, taken for the same weights",
    )


def test_headers_are_read_where_they_are(hub):
    vast = safetensors.torch.save({"b": torch.zeros(400_000), "a": torch.ones(2, 3)})
    commit = hub.add("org/net", model__safetensors=vast, config__json=CONFIG)
    found = read_hub_headers(source())
    assert found.commit == commit
    assert found.config == {"model_type": "llama"}
    whole = open_checkpoint(source())
    assert [(t.name, t.dtype, t.shape, t.n_bytes) for t in found.tensors] == [
        (t.name, t.dtype, t.shape, t.n_bytes) for t in whole.tensors
    ]


def test_headers_alone_leave_no_weights_in_the_cache(hub, tmp_path):
    hub.add("org/net", model__safetensors=WEIGHTS, config__json=b"no json")
    assert read_hub_headers(source()).config == {}
    names = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert "model.safetensors" not in names


def test_what_has_no_header_says_so(hub):
    hub.add("org/net", pytorch_model__bin=b"PK")
    with pytest.raises(SourceError, match="only safetensors list their tensors"):
        read_hub_headers(source())


def test_torch_weights_come_when_there_are_no_others(hub, tmp_path):
    torch.save({"w": torch.ones(3)}, tmp_path / "m.bin")
    hub.add("org/net", pytorch_model__bin=(tmp_path / "m.bin").read_bytes())
    assert open_checkpoint(source()).format == "torch"


def test_shards_come_with_their_index(hub):
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = json.dumps({"weight_map": dict(zip("ab", names, strict=True))}).encode()
    shards = {
        name.replace(".", "__"): safetensors.torch.save({key: torch.ones(2)})
        for key, name in zip("ab", names, strict=True)
    }
    hub.add("org/net", model__safetensors__index__json=index, **shards)
    found = open_checkpoint(source())
    assert [tensor.name for tensor in found.tensors] == ["a", "b"]
    assert len(fetched(hub)) == 3


def test_shards_with_odd_names_are_found_through_their_index(hub):
    index = json.dumps({"weight_map": {"w": "left.safetensors"}}).encode()
    hub.add("org/net", model__safetensors__index__json=index, left__safetensors=WEIGHTS)
    assert [tensor.file for tensor in open_checkpoint(source()).tensors] == [
        "left.safetensors"
    ]


def test_an_unchanged_model_costs_one_request_and_a_moved_branch_shows(hub):
    hub.add("org/net", model__safetensors=WEIGHTS)
    found = open_checkpoint(source())
    hub.seen.clear()
    assert list_files(source()) == found.files
    assert hub.seen == ["GET /api/models/org/net/revision/main"]
    hub.add("org/net", model__safetensors=WEIGHTS, config__json=CONFIG)
    assert list_files(source()) != found.files


def test_the_size_is_known_without_fetching(hub):
    hub.add(
        "org/net", model__safetensors=WEIGHTS, config__json=CONFIG, big__md=b"x" * 99
    )
    assert hub_size(source()) == len(WEIGHTS) + len(CONFIG)
    assert fetched(hub) == []


class TestCache:
    def test_what_is_there_needs_no_network(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS, config__json=CONFIG)
        found = open_checkpoint(source())
        hub.seen.clear()
        assert open_checkpoint(source(), local_files_only=True) == found
        assert list_files(source(), local_files_only=True) == found.files
        assert hub.seen == []

    def test_a_commit_may_be_named(self, hub):
        commit = hub.add("org/net", model__safetensors=WEIGHTS)
        open_checkpoint(source())
        found = open_checkpoint(source(f"org/net@{commit}"), local_files_only=True)
        assert found.commit == commit

    def test_what_is_not_there_is_refused(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        with pytest.raises(
            SourceError, match=r"org/net@main: not in the hub's cache at"
        ):
            open_checkpoint(source(), local_files_only=True)

    def test_a_second_opening_fetches_nothing(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        open_checkpoint(source())
        hub.seen.clear()
        open_checkpoint(source())
        assert fetched(hub) == []


class TestSeries:
    def test_branches_are_steps(self, hub):
        for step in (1000, 20, 3):
            hub.add("org/net", f"step{step}", model__safetensors=WEIGHTS)
        hub.add("org/net", model__safetensors=WEIGHTS)
        found = discover("org/net@step*")
        assert [(s.ref.revision, s.step, s.series) for s in found] == [
            ("step3", 3, "org/net"),
            ("step20", 20, "org/net"),
            ("step1000", 1000, "org/net"),
        ]

    def test_they_are_found_in_the_cache_too(self, hub):
        for step in (1, 2):
            hub.add("org/net", f"step{step}", model__safetensors=WEIGHTS)
            open_checkpoint(source(f"org/net@step{step}"))
        hub.seen.clear()
        found = discover("org/net@step*", local_files_only=True)
        assert [one.step for one in found] == [1, 2]
        assert hub.seen == []

    def test_a_pattern_without_match_is_refused(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        with pytest.raises(SourceError, match=r"no branch or tag matches.*main"):
            discover("org/net@step*")


class TestFailures:
    def test_a_stumble_is_tried_again(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        hub.failures += [503, 429]
        assert open_checkpoint(source()).tensors

    def test_but_not_for_ever(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        hub.failures += [503] * 9
        with pytest.raises(SourceError, match="answered with status 503") as caught:
            list_files(source())
        assert caught.value.may_pass
        assert len(hub.seen) == 3

    def test_a_refusal_is_not_tried_again(self, hub):
        with pytest.raises(
            SourceError, match="org/gone@main: neither a path here nor a model"
        ) as caught:
            open_checkpoint(source("org/gone@main"))
        assert not caught.value.may_pass
        assert len(hub.seen) == 1

    def test_a_gated_model(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        hub.gated.add("org/net")
        with pytest.raises(SourceError, match=r"gated.*/org/net, then set HF_TOKEN"):
            open_checkpoint(source())

    def test_a_revision_that_is_not_there(self, hub):
        hub.add("org/net", model__safetensors=WEIGHTS)
        with pytest.raises(
            SourceError, match="org/net@v9: the model has no such revis"
        ):
            open_checkpoint(source("org/net@v9"))

    @pytest.mark.usefixtures("hub")
    def test_a_hub_that_cannot_be_reached(self, monkeypatch):
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(
            SourceError, match=r"the hub at http://127\.0\.0\.1:9 cannot"
        ):
            open_checkpoint(source())

    def test_a_repository_without_weights(self, hub):
        hub.add("org/net", readme__md=b"soon")
        with pytest.raises(SourceError, match="holds no weights that can be read"):
            open_checkpoint(source())

    def test_weights_in_folders_only(self, hub):
        hub.add("org/net", **{"unet/model.safetensors": WEIGHTS})
        with pytest.raises(SourceError, match="weights only in folders: unet"):
            open_checkpoint(source())

    def test_several_sets(self, hub):
        hub.add("org/net", a__safetensors=WEIGHTS, b__safetensors=WEIGHTS)
        with pytest.raises(
            SourceError, match=r"several sets.*a\.safetensors, b\.safet"
        ):
            open_checkpoint(source())

    def test_a_missing_shard(self, hub):
        hub.add("org/net", **{"model-00001-of-00002__safetensors": WEIGHTS})
        with pytest.raises(SourceError, match=r"model-00002-of-00002.* missing, of 2"):
            open_checkpoint(source())

    @pytest.mark.usefixtures("hub")
    def test_a_name_that_cannot_be(self):
        with pytest.raises(SourceError, match="not a name that the hub allows"):
            open_checkpoint(source("org/n--et@main"))

    def test_without_the_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        with pytest.raises(SourceError, match=r"weightlake\[hub\]"):
            open_checkpoint(source())


def test_the_environment_is_honoured(hub, tmp_path):
    hub.add("org/net", model__safetensors=WEIGHTS)
    program = (
        "from pipeline.sources import discover, open_checkpoint;"
        "print(open_checkpoint(discover('org/net')[0]).folder)"
    )
    environment = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(str(tmp_path / "home/hub/models--org--net"))
