"""Does each token count once, with the context that it should have?"""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SourceError, UsageError
from pipeline.probes.probe_set import (
    cut_windows,
    make_batches,
    token_numbers,
    tokenise,
)
from pipeline.probes.texts import ProbeSet, read_probe_set

pytest.importorskip("torch", reason="needs the extra `demo`: torch")


def as_bytes(probe_set, **options):
    given = {"vocabulary_size": 256, "max_positions": None} | options
    return tokenise(probe_set, None, **given)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 40, 41])
@pytest.mark.parametrize(("window", "stride"), [(8, 8), (8, 3), (8, 1), (1, 1)])
def test_windows_count_each_token_once_with_its_longest_context(n, window, stride):
    seen = []
    for one in cut_windows(0, n, window, stride):
        places = range(one.start + one.n_context, one.start + one.n_tokens)
        seen += places
        assert one.n_tokens <= window
        if one.start:  # all but the first window are as long as they may be, or end
            assert one.n_tokens == window or one.start + one.n_tokens == n
            assert one.n_context >= window - stride
    assert seen == list(range(n))


@pytest.mark.parametrize("side", ["left", "right"])
def test_batches_hold_every_token_once_on_either_side(side):
    texts = ["a" * 30, "some words", "x", "twelve chars", "yz" * 9]
    tokens = as_bytes(read_probe_set(texts, window=8, stride=5))
    seen, total = {}, 0
    for batch in make_batches(tokens, n_tokens=24, side=side):
        assert batch.tokens.numel() <= 24
        numbers = token_numbers(tokens, batch)
        values = batch.tokens.reshape(-1)[batch.flat].numpy()
        seen |= dict(zip(numbers.tolist(), values.tolist(), strict=True))
        total += len(numbers)
        assert bool((batch.counted <= batch.mask).all())
    assert total == len(seen) == tokens.n_tokens
    assert bytes(seen[k] for k in sorted(seen)) == "".join(texts).encode()


def test_a_batch_holds_windows_of_like_length_the_longest_first():
    tokens = as_bytes(read_probe_set(["ab", "a" * 9, "abc", "a" * 8]))
    widths = [batch.mask.shape for batch in make_batches(tokens, n_tokens=20)]
    assert widths == [(2, 9), (2, 3)]


def test_files_lists_and_tables_of_the_same_texts_have_one_digest(tmp_path):
    texts = ["first text", "zweiter Text: ä"]
    lines = [json.dumps({"text": text}) for text in texts]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(
        "\n".join(map(json.dumps, texts)), encoding="utf-8"
    )
    pq.write_table(pa.table({"text": texts}), tmp_path / "c.parquet")
    sets = [
        read_probe_set(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c.parquet")
    ]
    sets.append(read_probe_set(texts))
    assert len({one.digest for one in sets}) == 1
    assert read_probe_set(texts, window=7).digest != sets[0].digest
    assert len({as_bytes(one).digest for one in sets}) == 1


def test_a_text_file_is_one_document(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    assert read_probe_set(tmp_path / "a.txt").documents == ("one\ntwo\n",)


def test_numbers_of_tokens_are_taken_as_they_are(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"tokens": [3, 1, 2]}\n', encoding="utf-8")
    tokens = tokenise(
        read_probe_set(tmp_path / "a.jsonl"), None, vocabulary_size=4, max_positions=8
    )
    assert tokens.documents[0].tolist() == [3, 1, 2]
    with pytest.raises(SourceError, match="token 3 is beyond the model's vocabulary"):
        tokenise(
            read_probe_set(tmp_path / "a.jsonl"),
            None,
            vocabulary_size=3,
            max_positions=8,
        )


def test_drawn_tokens_repeat_or_follow_no_order():
    repeated = as_bytes(read_probe_set("repeated:12x200", seed=4))
    periods = [
        next(one for one in range(1, 200) if (document[one:] == document[:-one]).all())
        for document in repeated.documents
    ]
    assert min(periods) >= 50
    assert max(periods) <= 100
    assert len(set(periods)) > 6
    uniform = as_bytes(read_probe_set("uniform:200x50"))
    counts = np.bincount(np.concatenate(uniform.documents), minlength=256)
    assert counts.size == 256
    # χ² of 255 degrees of freedom lies within six of its deviations.
    chi = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert abs(chi - 255) < 6 * np.sqrt(2 * 255)
    again = as_bytes(read_probe_set("uniform:200x50", seed=1))
    assert again.digest != uniform.digest


def test_the_texts_that_travel_along_are_read_without_a_file():
    probe_set = read_probe_set("small_texts")
    assert len(probe_set.documents) > 10
    assert 2000 < as_bytes(probe_set).n_tokens < 50_000


def test_a_token_is_found_in_its_document():
    tokens = as_bytes(read_probe_set(["abcdef", "ghi"]))
    assert list(tokens.contexts([7, 0], 2)) == [
        ([ord("g")], ord("h"), [ord("i")]),
        ([], ord("a"), [ord("b"), ord("c")]),
    ]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.txt", "holds no text"),
        (b" \n ", "a.txt", "holds no text"),
        (b"caf\xe9", "a.txt", "is not UTF-8 .byte 3."),
        (b"{", "a.jsonl", "line 1: is not JSON"),
        (b'{"body": 1}', "a.jsonl", "holds neither 'text' nor 'tokens'"),
        (b"no parquet", "a.parquet", "cannot be read"),
    ],
)
def test_files_that_are_no_texts_are_refused_by_name(tmp_path, content, name, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read_probe_set(tmp_path / name)
    assert name in str(caught.value)
    assert caught.value.fix


def test_what_does_not_fit_the_model_is_refused():
    with pytest.raises(SourceError, match="no such file"):
        read_probe_set("missing.txt")
    with pytest.raises(SourceError, match="holds no text"):
        read_probe_set([""])
    with pytest.raises(UsageError, match="passes over tokens"):
        read_probe_set(["a"], window=4, stride=5)
    with pytest.raises(UsageError, match="no number of documents"):
        read_probe_set("uniform:many")
    with pytest.raises(SourceError, match="windows of 64 tokens, the model has 32"):
        as_bytes(ProbeSet("a", ("text",), window=64), max_positions=32)
    with pytest.raises(SourceError, match="no room for bytes"):
        as_bytes(read_probe_set(["text"]), vocabulary_size=48)


def test_a_text_longer_than_the_positions_is_cut():
    tokens = as_bytes(read_probe_set(["a" * 100]), max_positions=32)
    assert max(one.n_tokens for one in tokens.windows) == 32
    assert tokens.n_tokens == 100
