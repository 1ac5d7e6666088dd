"""Words of a command line become typed values, or say what is allowed."""

import pytest

from pipeline.errors import QueryError
from pipeline.query.header import Parameter
from pipeline.query.parameters import bind_parameters, enumerate_words, near_miss

PARAMETERS = (
    Parameter("model", "text", None, "the model"),
    Parameter("bins", "integer", "40", "how many bins"),
    Parameter("share", "real", "null", "least share"),
    Parameter("every", "boolean", "false", "also the aliases"),
)


def bind(given):
    return bind_parameters(PARAMETERS, given, query="histogram")


def test_words_are_typed_and_defaults_filled():
    assert bind({"model": "7", "share": "0.5"}) == {
        "model": "7",
        "bins": 40,
        "share": 0.5,
        "every": False,
    }
    assert bind({"model": "null", "every": "Yes"})["every"] is True
    assert bind({"model": "null"})["model"] == "null", "a given word is never null"


def test_python_values_pass():
    assert bind({"model": "a", "bins": 3, "share": None})["bins"] == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "histogram: the parameter model must be given. Its parameters are model"),
        ({"modle": "a"}, r"no parameter 'modle'; did you mean model\?"),
        ({"model": "a", "bins": "3.5"}, "parameter bins: '3.5' is no integer"),
        ({"model": "a", "share": "half"}, "'half' is no real. It is: least share"),
        ({"model": "a", "every": "2"}, "'2' is no boolean"),
    ],
)
def test_wrong_words_say_what_is_allowed(given, message):
    with pytest.raises(QueryError, match=message):
        bind(given)


def test_no_parameters_says_so():
    with pytest.raises(QueryError, match="The query takes no parameters"):
        bind_parameters((), {"x": "1"}, query="status")


def test_near_miss_and_enumeration():
    assert near_miss("gtp2", {"gpt2", "bert"}) == "; did you mean gpt2?"
    assert near_miss("rank", {"stable_rank_of_all_layers"}) == (
        "; did you mean stable_rank_of_all_layers?"
    )
    assert near_miss("zzz", {"gpt2"}) == ""
    words = [f"w{i:02d}" for i in range(14)]
    assert enumerate_words(words).endswith("w11 and 2 more")
    assert enumerate_words(["b", "a"]) == "a, b"


@pytest.mark.parametrize(
    ("kind", "default", "allowed", "given", "message"),
    [
        ("integer", "60", "1..500", "0", r"'0' is not in 1\.\.500\. It is: bins"),
        ("real", "0.1", "0..0.5", 0.7, r"0\.7 is not in 0\.\.0\.5"),
        ("integer", "2", "1..", "-3", r"'-3' is not in 1\.\."),
        ("text", "a", "a|b", "c", r"'c' is not in a\|b"),
    ],
)
def test_a_value_out_of_its_range_is_refused(kind, default, allowed, given, message):
    parameter = Parameter("p", kind, default, "bins", "", allowed)
    with pytest.raises(QueryError, match=message):
        bind_parameters((parameter,), {"p": given}, query="x")
    assert str(bind_parameters((parameter,), {}, query="x")["p"]) == default
