"""The verdict of noise, on p-values chosen by hand."""

import pytest

from tests.sql.small_zoo import pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse

P = {
    "strong": (0.001, "gaussian"),
    "heavy": (0.01, "gaussian_misfit"),
    "weak": (0.5, "gaussian"),
}


@pytest.fixture
def lake(tmp_path):
    names = [*P, "tiny"]
    tensors = [place(n, (9, 9), position=i) for i, n in enumerate(names)]
    spectra = [
        spectrum(
            name,
            [2.0, 1.0],
            (9, 9),
            null_kind=kind,
            stable_rank_null_p=p,
            effective_rank_null_p=1.0,
            participation_ratio_null_p=1.0,
        )
        for name, (p, kind) in P.items()
    ]
    spectra.append(spectrum("tiny", [1.0], (9, 1)))
    return tiny_warehouse(tmp_path, checkpoints=[{}], tensors=tensors, spectra=spectra)


def test_four_metrics_count_four_times_and_q_is_over_those_tested(lake):
    # p are 0.004, 0.04 and 1; of three, q are 0.004·3/1, 0.04·3/2 and 1.
    assert pick(lake, "noise", "tensor verdict p_value q_value") == [
        ("weak", "noise", 1.0, 1.0),
        ("heavy", "noise", 0.04, pytest.approx(0.06)),
        ("tiny", "untested", None, None),
        ("strong", "structured", 0.004, pytest.approx(0.012)),
    ]


def test_entries_far_from_normal_reject_without_a_verdict(lake):
    rows = pick(lake, "noise", "tensor verdict", level=0.1)
    assert ("heavy", "not_normal") in rows
    assert ("strong", "structured") in rows
    assert ("weak", "noise") in rows


def shuffled(tensor, p, **more):
    """A row of `randomised` whose smallest p is `p`."""
    names = "stable_rank", "effective_rank", "participation_ratio", "mp_softrank"
    shares = {f"{name}_shuffle_p": 1.0 for name in names} | {"stable_rank_shuffle_p": p}
    return {"tensor": tensor, "random_distance": 0.2, "n_traps": 0, **shares, **more}


@pytest.fixture
def mixed(tmp_path):
    """Two matrices of heavy entries, and one of normal ones; all were shuffled."""
    names = ["heavy", "hollow", "normal"]
    nulls = {f"{n}_null_p": 0.001 for n in ("stable_rank", "effective_rank")}
    nulls |= {f"{n}_null_p": 1.0 for n in ("participation_ratio", "mp_softrank")}
    kinds = ["gaussian_misfit", "gaussian_misfit", "gaussian"]
    return tiny_warehouse(
        tmp_path,
        checkpoints=[{}],
        tensors=[place(n, (9, 9), position=i) for i, n in enumerate(names)],
        spectra=[
            spectrum(name, [2.0, 1.0], (9, 9), null_kind=kind, n_spikes=1, **nulls)
            for name, kind in zip(names, kinds, strict=True)
        ],
        randomised=[
            shuffled("heavy", 0.002),
            shuffled("hollow", 0.9, n_traps=1),
            {"tensor": "normal", "random_distance": 0.1, "n_traps": 0},
        ],
    )


def test_entries_far_from_normal_are_judged_by_their_shuffles(mixed):
    # p are 0.004, 0.008 and 1; q 0.004·3/1, 0.008·3/2 and 1.
    assert pick(mixed, "noise", "tensor verdict null_kind p_value q_value") == [
        ("hollow", "noise", "shuffled", 1.0, 1.0),
        ("heavy", "structured", "shuffled", 0.008, pytest.approx(0.012)),
        ("normal", "structured", "gaussian", 0.004, pytest.approx(0.012)),
    ]


def test_shuffled_matrices_by_traps_then_distance(mixed):
    columns = "tensor random_distance n_spikes n_traps verdict"
    assert pick(mixed, "randomised", columns) == [
        ("hollow", 0.2, 1, 1, "noise"),
        ("normal", 0.1, 1, 0, "structured"),
        ("heavy", 0.2, 1, 0, "structured"),
    ]
    assert pick(mixed, "randomised", "tensor", component="o") == []


LAWS = {
    "law": ({"lognormal_p": 0.9, "exponential_lr": 3.0}, {"alpha_p": 0.5}),
    "far": ({"lognormal_p": 0.9, "exponential_lr": 3.0}, {"alpha_p": 0.02}),
    "lognormal": ({"lognormal_p": 0.001, "exponential_lr": 3.0}, {"alpha_p": 0.5}),
    "exponential": (
        {"lognormal_p": 0.9, "exponential_lr": -3.0, "exponential_p": 0.001},
        {"alpha_p": 0.5},
    ),
    "unjudged": ({"lognormal_p": 0.9, "exponential_lr": 3.0}, {}),
    "noise": ({"lognormal_p": 0.9, "exponential_lr": 3.0}, {"alpha_p": 0.9}),
}


def test_tails_have_a_verdict_only_where_noise_is_rejected(tmp_path):
    names = ("stable_rank", "effective_rank", "participation_ratio", "mp_softrank")
    nulls = {f"{name}_null_p": 1.0 for name in names} | {"null_kind": "gaussian"}
    spectra = [
        spectrum(name, [2.0, 1.0], (9, 9), alpha=3.0, **nulls | fit)
        | {"stable_rank_null_p": 1.0 if name == "noise" else 1e-6}
        for name, (fit, _) in LAWS.items()
    ]
    lake = tiny_warehouse(
        tmp_path,
        checkpoints=[{}],
        tensors=[place(n, (9, 9), position=i) for i, n in enumerate(LAWS)],
        spectra=spectra,
        tail_fits=[{"tensor": name, **fit} for name, (_, fit) in LAWS.items() if fit],
    )
    assert pick(lake, "tails", "tensor verdict") == [
        ("law", "power_law"),
        ("far", "other_law"),
        ("lognormal", "other_law"),
        ("exponential", "other_law"),
        ("unjudged", "unjudged"),
        ("noise", "noise"),
    ]
    assert pick(lake, "layers", "value", model="m", metric="alpha_p") == [
        (pytest.approx((0.5 + 0.02 + 0.5 + 0.5 + 0.9) / 5),)
    ]
