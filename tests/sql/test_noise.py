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
