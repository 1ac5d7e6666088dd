"""Are scores those of torch.func and of dense computations, on tiny models?"""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch
from torch.func import functional_call, grad, hessian

from pipeline.errors import UsageError
from pipeline.perturb.losses import make_examples
from pipeline.perturb.measure import (
    BUILT_IN,
    How,
    Texts,
    check_metrics,
    score_weights,
)
from pipeline.perturb.weights import find_weights
from pipeline.probes.capture import make_forward
from tests.probes.test_run import tokens_of
from tests.tiny_models import make_tiny_model

# torch.func itself calls what torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")

FAMILIES = ("llama", "gpt2", "mixtral", "t5", "opt")
TOKENS = tokens_of(n_documents=4)


def made(name, tokens=TOKENS):
    module = make_tiny_model(name).module
    # torch multiplies experts together in single precision alone.
    forward = make_forward(module if name == "mixtral" else module.double())
    # Weights as they are initialised give gradients too small for a relative error.
    torch.manual_seed(1)
    with torch.no_grad():
        for one in forward.model.parameters():
            one.add_(torch.randn_like(one) * 0.1)

    def cut(n):
        return make_examples(forward, tokens, n_tokens=n)

    return forward, Texts(cut(96), cut(64), cut(1))


def close(found, expected):
    """Logits are float32: what is left of that in the gradients of a float64 model."""
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale + 1e-12)


def scores(forward, texts, *metrics, weights=None, **how):
    found = score_weights(
        forward, texts, weights or find_weights(forward), metrics, how=How(**how)
    )
    return {(one.weight.path, one.metric): one for one in found}


def plain_loss(forward, tokens, parameters):
    """Mean −ln p of each next token, the model called whole, window by window."""
    losses = []
    for one in tokens.windows:
        ids = torch.tensor(tokens.documents[one.document])
        ids = ids[one.start : one.start + one.n_tokens][None]
        given = {"input_ids": ids, "use_cache": False}
        first = max(one.n_context, 1)
        if forward.kind == "encoder-decoder":
            start = forward.model.config.pad_token_id or 0
            shifted = torch.cat([torch.tensor([[start]]), ids[:, :-1]], 1)
            given["decoder_input_ids"] = shifted
        logits = functional_call(forward.model, parameters, (), given).logits[0]
        if forward.kind == "encoder-decoder":
            logits, wanted = logits[one.n_context :], ids[0, one.n_context :]
        else:
            logits, wanted = logits[first - 1 : -1], ids[0, first:]
        losses.append(
            torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
        )
    return losses


def own_parameters(forward):
    return {k: v.detach() for k, v in forward.model.named_parameters()}


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_times_weights_equal_torch_func(name):
    forward, texts = made(name)
    values = own_parameters(forward)
    expected = grad(lambda p: torch.cat(plain_loss(forward, TOKENS, p)).mean())(values)
    found = scores(forward, texts, "grad_x_weight", "abs_grad_x_weight")
    for path, value in values.items():
        wanted = (expected[path] * value).numpy()
        one = found[path, "grad_x_weight"]
        close(one.values, wanted)
        both = found[path, "abs_grad_x_weight"].values
        close(both, abs(wanted))


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_fisher_is_the_mean_of_each_windows_squared_gradient(name):
    forward, texts = made(name)
    values = own_parameters(forward)
    parts = []
    for window in TOKENS.windows:
        one = replace(TOKENS, windows=(window,))
        parts.append(
            grad(lambda p, one=one: plain_loss(forward, one, p)[0].mean())(values)
        )
    found = scores(forward, texts, "fisher")
    for path in values:
        each = torch.stack([part[path] ** 2 for part in parts])
        one = found[path, "fisher"]
        close(one.values, each.mean(0).numpy())
        sums = each.flatten(1).sum(1).numpy()
        stderr = np.std(sums, ddof=1) / len(parts) ** 0.5
        assert one.sum_stderr == pytest.approx(stderr, rel=1e-5)
        assert one.n_samples == len(TOKENS.windows)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_the_exact_diagonal_is_that_of_the_dense_hessian(name):
    forward, texts = made(name)
    values = own_parameters(forward)
    small = [path for path, value in values.items() if value.numel() <= 40]
    found = scores(forward, texts, "hessian_diag", exact_limit=40)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        for path in small[:3]:

            def loss(p, path=path):
                return torch.cat(plain_loss(forward, TOKENS, values | {path: p})).mean()

            dense = hessian(loss)(values[path]).diagonal()
            one = found[path, "hessian_diag"].values
            close(one, dense.numpy())
    large = next(path for path, value in values.items() if value.numel() > 40)
    assert found[large, "hessian_diag"].status == "too_large"


def test_hutchinsons_interval_holds_the_exact_diagonal_as_often_as_it_says():
    """|mean − h| ≤ t·se at 95 %, over all weights of a norm and many seeds."""
    from scipy.stats import t as student

    forward, texts = made("llama", tokens_of(n_documents=1))
    chosen = [one for one in find_weights(forward) if one.n_elements <= 64][:3]
    exact = scores(forward, texts, "hessian_diag", weights=chosen, exact_limit=64)
    probes, held = 64, []
    for seed in range(8):
        found = scores(
            forward, texts, "hutchinson_diag", weights=chosen, probes=probes, seed=seed
        )
        for one in chosen:
            guess = found[one.path, "hutchinson_diag"]
            off = abs(guess.values - exact[one.path, "hessian_diag"].values)
            held.append(off <= student.ppf(0.975, probes - 1) * guess.stderr)
    share = float(np.mean(np.concatenate([one.reshape(-1) for one in held])))
    assert abs(share - 0.95) <= 0.02


def test_obd_is_half_the_curvature_times_the_square():
    forward, texts = made("gpt2")
    found = scores(forward, texts, "hutchinson_diag", "obd", probes=3)
    for one in find_weights(forward):
        h = found[one.path, "hutchinson_diag"]
        w = one.parameter.detach().numpy()
        obd = found[one.path, "obd"]
        np.testing.assert_allclose(obd.values, h.values * w**2 / 2, rtol=1e-5)
        np.testing.assert_allclose(obd.stderr, h.stderr * w**2 / 2, rtol=1e-5)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_wanda_and_obs_equal_a_dense_computation(name):
    forward, texts = made(name)
    inputs = {}

    def keep(path):
        def hook(_module, given):
            inputs.setdefault(path, []).append(
                given[0].detach().reshape(-1, given[0].shape[-1])
            )

        return hook

    handles = [
        module.register_forward_pre_hook(keep(path))
        for path, module in forward.model.named_modules()
        if type(module).__name__ in {"Linear", "Conv1D"}
    ]
    for one in TOKENS.windows:
        ids = TOKENS.documents[one.document][one.start : one.start + one.n_tokens]
        forward.model(torch.tensor(ids)[None], use_cache=False)
        for path, seen in inputs.items():  # what earlier windows counted
            inputs[path] = [*seen[:-1], seen[-1][one.n_context :]]
    for handle in handles:
        handle.remove()
    found = scores(forward, texts, "wanda", "obs")
    checked = 0
    for (path, metric), one in found.items():
        if one.values is None:
            assert one.status == "no_input"
            continue
        x = torch.cat(inputs[path.removesuffix(".weight")]).numpy()
        w = one.weight.parameter.detach().numpy()
        w = w.T if name == "gpt2" else w
        h = x.T @ x / len(x)
        h += 0.01 * np.trace(h) / len(h) * np.eye(len(h))
        by = {
            "wanda": abs(w) * np.linalg.norm(x, axis=0),
            "obs": w**2 / np.diag(np.linalg.inv(h)),
        }[metric]
        values = one.values.T if name == "gpt2" else one.values
        np.testing.assert_allclose(values, by, rtol=2e-4)
        checked += 1
    assert checked == {"llama": 28, "gpt2": 16}[name]


def test_a_small_budget_changes_passes_and_no_score():
    forward, texts = made("llama")
    metrics = ("grad_x_weight", "fisher", "wanda")
    once = scores(forward, texts, *metrics)
    often = scores(forward, texts, *metrics, memory_bytes=20_000)
    for key, one in once.items():
        assert one.status == often[key].status
        if one.values is not None:
            close(one.values, often[key].values)


def test_frozen_unused_and_tied_weights_and_a_loss_that_is_not_finite():
    forward, texts = made("gpt2")
    paths = [one.path for one in find_weights(forward)]
    assert "transformer.wte.weight" in paths
    assert "lm_head.weight" not in paths  # tied: counted once
    forward.model.transformer.h[0].mlp.c_fc.weight.requires_grad_(False)
    found = scores(forward, texts, "fisher", "magnitude")
    frozen = "transformer.h.0.mlp.c_fc.weight"
    assert found[frozen, "fisher"].status == "frozen"
    assert found[frozen, "magnitude"].status == "ok"
    assert not forward.model.get_parameter(frozen).requires_grad
    with torch.no_grad():
        forward.model.transformer.ln_f.weight.fill_(float("inf"))
    found = scores(
        forward, texts, "fisher", "obd", "snip", "hessian_diag", exact_limit=8
    )
    statuses = {one.status for one in found.values()}
    assert statuses <= {"non_finite_loss", "frozen", "too_large"}


def test_a_model_without_a_head_has_no_loss():
    forward, _ = made("gpt2")
    texts = Texts((), (), (), "no_head")
    found = scores(forward, texts, "obd", "random")
    assert {one.status for key, one in found.items() if key[1] == "obd"} == {"no_head"}
    assert {one.status for key, one in found.items() if key[1] != "obd"} == {"ok"}


def test_an_unknown_metric_is_refused_with_those_that_there_are():
    check_metrics(BUILT_IN)
    with pytest.raises(UsageError, match="no sensitivity metric is called 'gradx'"):
        check_metrics(["gradx"])
    with pytest.raises(UsageError, match="is not there"):
        check_metrics(["none.py:f"])
