"""What is a head called on one text?"""

import pytest

from pipeline.analyze.patterns import leading_pattern, pattern_of


@pytest.mark.parametrize(
    ("head", "word"),
    [
        ({"previous_token_score": 0.8, "self_mass": 0.1}, "previous token"),
        ({"first_token_mass": 0.6, "sink_mass": 0.6}, "first token"),
        ({"induction_score": 0.5}, "induction"),
        ({"self_mass": 0.2, "normalised_entropy": 0.95}, "uniform"),
        ({"self_mass": 0.2, "normalised_entropy": 0.4}, "mixed"),
        ({"self_mass": None, "normalised_entropy": None}, "mixed"),
    ],
)
def test_the_largest_share_names_it(head, word):
    assert pattern_of(head) == word


def test_the_leading_pattern_has_its_share():
    assert leading_pattern({"self_mass": 0.3, "induction_score": 0.2}) == (
        "itself",
        0.3,
    )
