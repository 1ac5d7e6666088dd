"""The second pass: heads, circuits and adapters as they reach the warehouse."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import locate_sql, run_query, run_sql
from pipeline.sources import discover
from pipeline.tables import ADAPTERS, CIRCUITS, EXTRACTIONS, HEADS, SPECTRA
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import everything, rows_of
from tests.tiny_models import make_tiny_model

ADAPTER = {
    "peft_type": "LORA",
    "r": 4,
    "lora_alpha": 16,
    "base_model_name_or_path": "b",
}
ROOT = "base_model.model.roberta.encoder.layer.0.attention.self."


@pytest.fixture
def warehouse(tmp_path):
    return open_warehouse(tmp_path / "warehouse")


def extract(path, warehouse, *families, **more):
    settings = Settings(
        threads=2, **({"families": families} if families else {}), **more
    )
    (source,) = discover(str(path))
    return extract_checkpoint(source, warehouse, settings)


def save_tiny(folder, name):
    """A pico model of transformers as a folder; its state as float64 arrays."""
    model = make_tiny_model(name)
    arrays = {key: model.array(key).copy() for key in model.state}
    save_model(folder, arrays, model.config)
    return model, {key: array.astype(np.float64) for key, array in arrays.items()}


def save_adapter(folder, tensors, **config):
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER | config))
    return folder


def factors(rank=4, n_in=16, n_out=24, *, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return {
        ROOT + "query.lora_A.weight": rng.standard_normal((rank, n_in)).astype(dtype),
        ROOT + "query.lora_B.weight": rng.standard_normal((n_out, rank)).astype(dtype),
    }


def sigma(matrix, count):
    return np.linalg.svd(matrix, compute_uv=False)[:count]


def circuits_of(warehouse, layer, kind):
    rows = [
        row
        for row in rows_of(warehouse, CIRCUITS)
        if row["kind"] == kind and f".{layer}." in row["tensor"]
    ]
    return sorted(rows, key=lambda row: row["head"])


def test_circuits_of_a_gqa_model_are_those_of_the_explicit_products(
    tmp_path, warehouse
):
    _, state = save_tiny(tmp_path / "llama", "llama")
    assert extract(tmp_path / "llama", warehouse, "heads").status == "measured"
    for layer in range(2):
        names = f"model.layers.{layer}.self_attn.{{}}_proj.weight"
        q, k, v, o = (state[names.format(part)] for part in "qkvo")
        qk = circuits_of(warehouse, layer, "qk")
        ov = circuits_of(warehouse, layer, "ov")
        assert [row["kv_head"] for row in qk] == [0, 0, 1, 1]
        for head in range(4):
            mine = slice(8 * head, 8 * head + 8)
            shared = slice(8 * (head // 2), 8 * (head // 2) + 8)
            np.testing.assert_allclose(
                qk[head]["singular_values"], sigma(q[mine].T @ k[shared], 8), rtol=1e-9
            )
            np.testing.assert_allclose(
                ov[head]["singular_values"], sigma(o[:, mine] @ v[shared], 8), rtol=1e-9
            )
    assert (qk[0]["partner"], qk[0]["n_rows"], qk[0]["head_dim"]) == (
        names.format("k"),
        16,
        8,
    )
    heads = [
        row
        for row in rows_of(warehouse, HEADS)
        if row["tensor"].endswith("q_proj.weight")
    ]
    np.testing.assert_allclose(
        heads[1]["singular_values"],
        sigma(state["model.layers.0.self_attn.q_proj.weight"][8:16], 8),
        rtol=1e-9,
    )
    assert (heads[1]["n_rows"], heads[1]["n_cols"]) == (8, 16)


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "bloom", "falcon_new", "bert"])
def test_the_projections_that_transformers_computes_are_of_these_matrices(
    tmp_path, warehouse, name
):
    """Queries, keys and outputs of the module itself, whatever way it stores them."""
    torch = pytest.importorskip("torch")
    model, _ = save_tiny(tmp_path / name, name)
    assert extract(tmp_path / name, warehouse, "heads").status == "measured"
    qk, ov = explicit_circuits(torch, model, name)
    for kind, products in (("qk", qk), ("ov", ov)):
        found = circuits_of(warehouse, 0, kind)
        assert len(found) == len(products) == 4
        for row, product in zip(found, products, strict=True):
            expected = sigma(product, row["head_dim"])
            np.testing.assert_allclose(
                row["singular_values"], expected, rtol=1e-4, atol=1e-7
            )


def explicit_circuits(torch, model, name):
    """W_Qᵀ·W_K and W_O·W_V of layer 0's heads, probed through the modules' forward."""
    modules = dict(model.module.named_modules())
    fused, out, cut = {
        "gpt2": ("transformer.h.0.attn.c_attn", "transformer.h.0.attn.c_proj", "equal"),
        "gpt_neox": (
            "gpt_neox.layers.0.attention.query_key_value",
            "gpt_neox.layers.0.attention.dense",
            "per head",
        ),
        "bloom": (
            "transformer.h.0.self_attention.query_key_value",
            "transformer.h.0.self_attention.dense",
            "per head",
        ),
        "falcon_new": (
            "transformer.h.0.self_attention.query_key_value",
            "transformer.h.0.self_attention.dense",
            "grouped",
        ),
        "bert": (
            "bert.encoder.layer.0.attention.self",
            "bert.encoder.layer.0.attention.output.dense",
            "apart",
        ),
    }[name]

    def linear(module):
        """The module's matrix, (inputs, outputs): what it makes of each unit vector."""
        with torch.no_grad():
            unit, zero = torch.eye(16), torch.zeros(1, 16)
            return (module(unit) - module(zero)).double().numpy()

    if cut == "apart":
        q, k, v = (
            linear(getattr(modules[fused], part)).reshape(16, 4, 4)
            for part in ("query", "key", "value")
        )
    else:
        made = linear(modules[fused])
        if cut == "equal":
            q, k, v = (made.reshape(16, 3, 4, 4)[:, part] for part in range(3))
        elif cut == "per head":
            q, k, v = (made.reshape(16, 4, 3, 4)[:, :, part] for part in range(3))
        else:
            groups = made.reshape(16, 2, 4, 4)  # key head: two queries, key, value
            q = groups[:, :, :2].reshape(16, 4, 4)
            k, v = (np.repeat(groups[:, :, part], 2, axis=1) for part in (2, 3))
    o = linear(modules[out]).reshape(4, 4, 16)
    qk = [q[:, head] @ k[:, head].T for head in range(4)]
    ov = [(v[:, head] @ o[head]).T for head in range(4)]
    return qk, ov


def test_attention_logits_are_those_of_the_circuits(tmp_path, warehouse):
    """softmax(x·W_Qᵀ·W_K·xᵀ / √d) is the attention that GPT-2 gives; so are its σ."""
    torch = pytest.importorskip("torch")
    model, _ = save_tiny(tmp_path / "gpt2", "gpt2")
    extract(tmp_path / "gpt2", warehouse, "heads")
    qk, _ = explicit_circuits(torch, model, "gpt2")
    net = model.module
    net.set_attn_implementation("eager")
    with torch.no_grad():
        given = net(
            torch.arange(6)[None], output_attentions=True, output_hidden_states=True
        )
        x = net.transformer.h[0].ln_1(given.hidden_states[0])[0].double().numpy()
    for head, row in enumerate(circuits_of(warehouse, 0, "qk")):
        logits = x @ qk[head] @ x.T / 2
        logits[np.triu_indices(6, 1)] = -np.inf
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares, given.attentions[0][0, head], atol=1e-6)
        np.testing.assert_allclose(
            row["singular_values"], sigma(qk[head], 4), rtol=1e-4, atol=1e-7
        )


def test_conv1d_heads_are_cut_along_the_outputs(tmp_path, warehouse):
    tensors = gpt2_tensors()
    extract(save_model(tmp_path / "pico", tensors), warehouse, "heads")
    fused = tensors["h.1.attn.c_attn.weight"].astype(np.float64)  # (in, q k v)
    out = tensors["h.1.attn.c_proj.weight"].astype(np.float64)  # (in, out)
    qk, ov = (circuits_of(warehouse, 1, kind) for kind in ("qk", "ov"))
    for head in range(2):
        q, k, v = (fused[:, s + 8 * head : s + 8 * head + 8] for s in (0, 16, 32))
        o = out[8 * head : 8 * head + 8]
        np.testing.assert_allclose(
            qk[head]["singular_values"], sigma(q @ k.T, 8), rtol=1e-9
        )
        np.testing.assert_allclose(
            ov[head]["singular_values"], sigma(v @ o, 8), rtol=1e-9
        )
    rows = [r for r in rows_of(warehouse, HEADS) if r["tensor"].startswith("h.1.")]
    assert [(r["view"], r["part"], r["head"]) for r in rows] == [
        (view, part, head)
        for view, part in (("k", "k"), ("q", "q"), ("v", "v"), ("whole", "o"))
        for head in (0, 1)
    ]


def test_heads_run_only_when_asked_and_only_once(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    assert rows_of(warehouse, HEADS) == []
    assert extract(folder, warehouse, "heads").status == "measured"
    before = everything(warehouse)
    assert len(before["circuits"]) == 8
    assert extract(folder, warehouse, "heads").status == "unchanged"
    assert extract(folder, warehouse).status == "unchanged"
    assert everything(warehouse) == before
    families = [row["family"] for row in rows_of(warehouse, EXTRACTIONS)]
    assert families.count("heads") == 1


def test_a_twin_has_heads_of_its_own_beside_reused_spectra(tmp_path, warehouse):
    for name in ("one", "two"):
        outcome = extract(save_model(tmp_path / name), warehouse, "spectra", "heads")
    assert outcome.n_reused > 0
    rows = rows_of(warehouse, HEADS)
    assert {row["model"]: row["status"] for row in rows} == {"one": "ok", "two": "ok"}
    numbers = {
        name: [r["singular_values"] for r in rows if r["model"] == name]
        for name in ("one", "two")
    }
    assert numbers["one"] == numbers["two"]


def test_nan_in_one_head_is_a_status_of_that_head(tmp_path, warehouse):
    tensors = gpt2_tensors()
    tensors["h.0.attn.c_attn.weight"][3, 17] = np.nan  # key 0
    extract(save_model(tmp_path / "pico", tensors), warehouse, "heads")
    assert [row["status"] for row in circuits_of(warehouse, 0, "qk")] == [
        "non_finite",
        "ok",
    ]
    assert {row["status"] for row in circuits_of(warehouse, 0, "ov")} == {"ok"}
    rows = [r for r in rows_of(warehouse, HEADS) if r["status"] != "ok"]
    assert [(r["part"], r["head"]) for r in rows] == [("k", 0)]
    assert "head 0 of h.0.attn.c_attn.weight holds NaN" in rows[0]["reason"]


def test_what_cannot_be_cut_or_paired_says_why(tmp_path, warehouse):
    tensors = gpt2_tensors()
    del tensors["h.0.attn.c_proj.weight"]
    extract(save_model(tmp_path / "pico", tensors, {"n_head": 3}), warehouse, "heads")
    rows = rows_of(warehouse, CIRCUITS)
    assert {(r["tensor"][:3], r["kind"], r["status"]) for r in rows} == {
        ("h.0", "qk", "no_heads"),
        ("h.0", "ov", "missing_partner"),
        ("h.1", "qk", "no_heads"),
        ("h.1", "ov", "no_heads"),
    }
    reasons = {row["reason"] for row in rows}
    assert reasons == {
        "16 dimensions are not 3 heads of one size",
        "the block has no o",
    }


def test_a_group_beyond_the_budget_is_a_row(tmp_path, warehouse):
    width = 256
    tensors = gpt2_tensors(width=width)
    folder = save_model(tmp_path / "pico", tensors, {"n_embd": width})
    need = 4 * width * 4 * width
    outcome = extract(folder, warehouse, "heads", memory_bytes=2 * need - 2)
    assert outcome.status == "measured"
    rows = rows_of(warehouse, CIRCUITS)
    assert {row["status"] for row in rows} == {"over_budget"}
    assert f"needs {need} bytes at once" in rows[0]["reason"]


def test_an_adapter_is_its_explicit_product(tmp_path, warehouse):
    tensors = factors()
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    A, B = (tensors[f"{ROOT}query.lora_{f}.weight"].astype(np.float64) for f in "AB")
    explicit = 16 / 4 * B @ A
    np.testing.assert_allclose(row["singular_values"], sigma(explicit, 4), rtol=1e-9)
    assert row["frobenius_norm"] == pytest.approx(np.linalg.norm(explicit))
    assert (row["n_rows"], row["n_cols"], row["rank"]) == (24, 16, 4)
    assert (row["status"], row["scale"], row["utilisation"]) == ("ok", 4.0, 1.0)
    assert len(rows_of(warehouse, SPECTRA)) == 2, "the factors' own spectra"


def test_a_changed_scale_is_measured_anew(tmp_path, warehouse):
    folder = save_adapter(tmp_path / "lora", factors())
    extract(folder, warehouse)
    (before,) = rows_of(warehouse, ADAPTERS)
    save_adapter(folder, factors(), lora_alpha=160.0)
    assert extract(folder, warehouse).status == "measured"
    (after,) = rows_of(warehouse, ADAPTERS)
    assert after["frobenius_norm"] == pytest.approx(10 * before["frobenius_norm"])
    assert after["stable_rank"] == pytest.approx(before["stable_rank"])


def test_utilisation_counts_directions(tmp_path, warehouse):
    tensors = factors()
    tensors[ROOT + "query.lora_A.weight"][3] = tensors[ROOT + "query.lora_A.weight"][0]
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    assert (row["numerical_rank"], row["utilisation"]) == (3, 0.75)


def spoil(what):
    tensors = factors()
    a, b = list(tensors)
    if what == "no B":
        del tensors[b]
    elif what == "rank 0":
        tensors[a], tensors[b] = (
            np.zeros((0, 16), np.float32),
            np.zeros((24, 0), np.float32),
        )
    elif what == "other ranks":
        tensors[b] = np.ones((24, 3), np.float32)
    elif what == "NaN":
        tensors[a][0, 0] = np.nan
    elif what == "fresh":
        tensors[b][:] = 0
    return tensors


@pytest.mark.parametrize(
    ("what", "config", "status", "reason"),
    [
        ("no B", {}, "missing_partner", "there is no lora_B of this module"),
        ("rank 0", {"r": 0}, "empty", "a factor has no element"),
        ("other ranks", {}, "shape_mismatch", "A has 4 rows and B 3 columns"),
        ("NaN", {}, "non_finite", "a factor holds NaN or Inf"),
        ("fresh", {}, "all_zero", "all entries are 0"),
        ("nothing", {"r": 8}, "no_scale", "the config says rank 8, the factors have 4"),
    ],
)
def test_a_broken_adapter_is_a_row_with_a_status(
    tmp_path, warehouse, what, config, status, reason
):
    folder = save_adapter(tmp_path / "lora", spoil(what), **config)
    assert extract(folder, warehouse).status == "measured"
    (row,) = rows_of(warehouse, ADAPTERS)
    assert (row["status"], row["reason"]) == (status, reason)
    if status == "no_scale":
        assert row["frobenius_norm"] is None
        assert row["stable_rank"] > 1


def test_half_precision_factors_are_exact_in_float64(tmp_path, warehouse):
    tensors = factors(dtype=np.float16)
    extract(save_adapter(tmp_path / "lora", tensors), warehouse)
    (row,) = rows_of(warehouse, ADAPTERS)
    A, B = (tensors[f"{ROOT}query.lora_{f}.weight"].astype(np.float64) for f in "AB")
    np.testing.assert_allclose(row["singular_values"], sigma(4 * B @ A, 4), rtol=1e-9)


def test_experts_of_a_mixture_differ_as_their_singular_values_do(tmp_path, warehouse):
    _, state = save_tiny(tmp_path / "mixtral", "mixtral")
    assert extract(tmp_path / "mixtral", warehouse, "spectra").status == "measured"
    asked = {"model": "mixtral", "metric": "spectral_norm", "component": "down"}
    rows = run_query(warehouse.root, "experts", asked).to_pylist()
    assert [row["layer"] for row in rows] == [0, 1]
    (name,) = (n for n in state if n.startswith("model.layers.1.") and "down" in n)
    norms = [np.linalg.norm(expert, 2) for expert in state[name]]
    assert (rows[1]["n_experts"], rows[1]["expert_max"]) == (4, np.argmax(norms))
    assert rows[1]["dispersion"] == pytest.approx(
        np.std(norms, ddof=1) / np.mean(norms)
    )


def test_what_a_group_makes_passes_the_checks_of_keys_and_bounds(tmp_path, warehouse):
    save_tiny(tmp_path / "llama", "llama")
    extract(tmp_path / "llama", warehouse, "heads")
    extract(save_adapter(tmp_path / "lora", factors()), warehouse, "adapters")
    for check in ("duplicated_keys", "orphans", "out_of_bounds"):
        text = (locate_sql() / "checks" / f"{check}.sql").read_text()
        assert run_sql(warehouse.root, text).num_rows == 0, check
    kinds = "select kind, count(*) as n from head_weights group by kind order by kind"
    found = {
        row["kind"]: row["n"] for row in run_sql(warehouse.root, kinds).to_pylist()
    }
    assert found == {"k": 4, "o": 8, "ov": 8, "q": 8, "qk": 8, "v": 4}
