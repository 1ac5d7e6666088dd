"""Is the step read from a name, and only where there is one?"""

import pytest

from pipeline.errors import UsageError
from pipeline.sources.steps import (
    PrefixedStep,
    compile_pattern,
    parse_prefixed_step,
    parse_step,
)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-500", 500),
        ("checkpoint_8610", 8610),
        ("step1000", 1000),
        ("step-000100", 100),
        ("Step_7", 7),
        ("global_step143000", 143000),
        ("globalstep12", 12),
        ("iter_0001000", 1000),
        ("iteration-3", 3),
        ("ckpt-0", 0),
        ("step1000-tokens4B", 1000),
        ("stage1-step500-tokens2B", 500),
        ("epoch=3-step=1200", 1200),
        ("checkpoint", None),
        ("resnet-50", None),
        ("epoch-3", None),
        ("llama-step2-sft", None),
        ("my-step2", None),
        ("step", None),
        ("2000", None),
        ("step-9999999999999999999999", None),
        ("step٣", None),
    ],
)
def test_known_names(name, step):
    assert parse_step(name) == step


def test_a_prefix_is_told_from_its_step():
    assert parse_prefixed_step("model-step500") == PrefixedStep("model-", 500)
    assert parse_prefixed_step("run.7_iter_20") == PrefixedStep("run.7_", 20)
    assert parse_prefixed_step("step500") is None


def test_a_stated_pattern_replaces_the_known_ones():
    pattern = compile_pattern(r"epoch-(\d+)")
    assert parse_step("run3-epoch-012-best", pattern) == 12
    assert parse_step("checkpoint-500", pattern) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("step-(", "no regular expression"),
        (r"step-\d+", "has 0 groups, not one"),
        ("", "has 0 groups, not one"),
        (r"(step)-(\d+)", "has 2 groups, not one"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, message):
    with pytest.raises(UsageError, match=message):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["step-(.*)", "step-(x)?"])
def test_a_pattern_that_finds_no_number_is_refused(pattern):
    with pytest.raises(UsageError, match="no whole number"):
        parse_step("step-final", compile_pattern(pattern))
