"""The verdict of noise, on p-values chosen by hand."""

import pytest

from tests.sql.small_zoo import pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse

P = {
    "strong": (0.004, "gaussian"),
    "heavy": (None, "gaussian_misfit"),
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
            noise_p=p,
            numerical_rank=2,
        )
        for name, (p, kind) in P.items()
    ]
    spectra.append(spectrum("tiny", [1.0], (9, 1)))
    return tiny_warehouse(tmp_path, checkpoints=[{}], tensors=tensors, spectra=spectra)


def test_q_is_over_those_that_have_a_p(lake):
    assert pick(lake, "noise", "tensor verdict p_value q_value") == [
        ("weak", "noise", 0.5, 0.5),
        ("heavy", "not_normal", None, None),
        ("tiny", "untested", None, None),
        ("strong", "structured", 0.004, pytest.approx(0.008)),
    ]


def test_what_was_computed_and_never_drawn_has_no_verdict(tmp_path):
    told = {"null_kind": "gaussian", "noise_p": 1e-9, "numerical_rank": 2}
    tensors = [
        place("trained", (9, 9), position=0),
        place("mask", (9, 9), position=1, is_buffer=True),
        place("decay", (9, 9), position=2, component="ssm_a_log"),
        place("alike", (9, 9), position=3),
        place("orthogonal", (9, 9), position=4),
    ]
    more = {"alike": {"numerical_rank": 1}, "orthogonal": {"fit_status": "constant"}}
    spectra = [
        spectrum(t["tensor"], [2.0, 1.0], (9, 9), **told | more.get(t["tensor"], {}))
        for t in tensors
    ]
    lake = tiny_warehouse(tmp_path, checkpoints=[{}], tensors=tensors, spectra=spectra)
    assert dict(pick(lake, "noise", "tensor verdict")) == {
        "trained": "structured",
        "mask": "untested",
        "decay": "untested",
        "alike": "untested",
        "orthogonal": "constant",
    }


def shuffled(tensor, p, **more):
    """A row of `randomised` whose smallest p is `p`."""
    names = "stable_rank", "effective_rank", "participation_ratio", "mp_softrank"
    shares = {f"{name}_shuffle_p": 1.0 for name in names} | {"stable_rank_shuffle_p": p}
    return {"tensor": tensor, "random_distance": 0.2, "n_traps": 0, **shares, **more}


@pytest.fixture
def mixed(tmp_path):
    """Two matrices of heavy entries, and one of normal ones; all were shuffled."""
    names = ["heavy", "hollow", "normal"]
    kinds = ["gaussian_misfit", "gaussian_misfit", "gaussian"]
    known = {"heavy": {}, "hollow": {}, "normal": {"noise_p": 0.004, "n_spikes": 1}}
    return tiny_warehouse(
        tmp_path,
        checkpoints=[{}],
        tensors=[place(n, (9, 9), position=i) for i, n in enumerate(names)],
        spectra=[
            spectrum(
                name,
                [2.0, 1.0],
                (9, 9),
                null_kind=kind,
                numerical_rank=2,
                **known[name],
            )
            for name, kind in zip(names, kinds, strict=True)
        ],
        randomised=[
            shuffled("heavy", 0.002, n_beyond_shuffles=3),
            shuffled("hollow", 0.9, n_traps=1, n_beyond_shuffles=0),
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
        ("hollow", 0.2, 0, 1, "noise"),
        ("normal", 0.1, 1, 0, "structured"),
        ("heavy", 0.2, 3, 0, "structured"),
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
    nulls = {"null_kind": "gaussian", "numerical_rank": 2}
    spectra = [
        spectrum(name, [2.0, 1.0], (9, 9), alpha=3.0, **nulls | fit)
        | {"noise_p": 1.0 if name == "noise" else 1e-6}
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
