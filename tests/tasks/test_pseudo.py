"""Does an encoder's pseudo-log-likelihood keep to its definition, and choose?"""

import json

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch")
pytest.importorskip("transformers", reason="needs the extra `demo`")

import torch
import transformers

from pipeline.probes.load import load_model
from pipeline.sources import discover
from pipeline.tasks.evaluate import EvaluateParameters, evaluate
from pipeline.tasks.sets import read_task

WORDS = ["red", "blue", "green", "one", "two", "three", "four", "sun", "moon", "star"]
# What follows what: each word is followed by the next of its own triple or four.
RINGS = (WORDS[:3], WORDS[3:7], WORDS[7:])


def tokenizer():
    import tokenizers
    from tokenizers.processors import TemplateProcessing

    marks = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"]
    vocabulary = {word: k for k, word in enumerate([*marks, *WORDS])}
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel(vocabulary, unk_token=marks[4])
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=marks[0], mask_token=marks[3]
    )


def ring_text(ring, start, n):
    return " ".join(ring[(start + k) % len(ring)] for k in range(n))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A BERT of two layers, trained to fill gaps in the three rings."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=15,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=24,
        initializer_range=0.2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = transformers.BertForMaskedLM(config).train()
    coder = tokenizer()
    texts = [ring_text(ring, k, 7) for ring in RINGS for k in range(len(ring))]
    ids = coder(texts, return_tensors="pt")["input_ids"]
    steps = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(400):
        hidden = torch.rand(ids.shape) < 0.3
        hidden &= ids > 3
        loss = torch.nn.functional.cross_entropy(
            model(ids.masked_fill(hidden, 3)).logits[hidden], ids[hidden]
        )
        steps.zero_grad()
        loss.backward()
        steps.step()
    folder = tmp_path_factory.mktemp("bert")
    model.eval().save_pretrained(folder)
    coder.save_pretrained(folder)
    return folder


def test_it_chooses_and_follows_its_definition(trained, tmp_path):
    records = [
        {
            "question": ring_text(ring, k, 6),
            "choices": [ring[(k + 6 + j) % len(ring)] for j in range(3)],
            "gold": 0,
        }
        for ring in RINGS
        for k in range(len(ring))
    ]
    file = tmp_path / "rings.jsonl"
    file.write_text("\n".join(map(json.dumps, records)))
    loaded = load_model(discover(str(trained))[0])
    done = evaluate(loaded, read_task(str(file)), EvaluateParameters(batch=4))
    assert done.scoring == "pseudo_loglikelihood"
    right = [row["choice"] == 0 for row in done.items]
    assert sum(right) >= len(right) - 1
    # By the definition, one sequence at a time: mask the last word, look it up.
    coder = tokenizer()
    for record, row in zip(records[:3], done.items, strict=False):
        for choice, found in zip(record["choices"], row["loglikelihoods"], strict=True):
            ids = coder(f"{record['question']} {choice}", return_tensors="pt")
            ids = ids["input_ids"]
            place = ids.shape[1] - 2
            wanted = int(ids[0, place])
            ids[0, place] = 3
            with torch.no_grad():
                scores = loaded.model(ids).logits[0, place].log_softmax(-1)
            assert found == pytest.approx(float(scores[wanted]), abs=1e-4)


def test_words_of_several_tokens_are_summed(trained, tmp_path):
    file = tmp_path / "two.jsonl"
    file.write_text(json.dumps({"prompt": "red blue", "target": "green red"}))
    loaded = load_model(discover(str(trained))[0])
    (row,) = evaluate(loaded, read_task(str(file)), EvaluateParameters()).items
    ids = tokenizer()("red blue green red", return_tensors="pt")["input_ids"]
    total = 0.0
    for place in (3, 4):
        masked = ids.clone()
        masked[0, place] = 3
        with torch.no_grad():
            scores = loaded.model(masked).logits[0, place].log_softmax(-1)
        total += float(scores[ids[0, place]])
    assert row["loglikelihoods"] == [pytest.approx(total, abs=1e-4)]
    assert row["n_tokens"] == [2]
