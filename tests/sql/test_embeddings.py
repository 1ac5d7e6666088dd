"""Queries `embedding_clusters` and `undertrained_tokens` on rows made by hand."""

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse


def warehouse(root):
    wte = {"tensor": "wte", "n_clusters": 2, "silhouette": 0.5, "null_p": 0.05}
    wte |= {
        "n_candidates": 2,
        "candidate_ids": [7, 3],
        "candidate_tokens": ["Ġx", "y"],
        "candidate_norm_z": [-9.0, -1.0],
        "candidate_centre_z": [None, -6.0],
        "candidate_unused_ratio": [None, 0.5],
    }
    head = {"tensor": "head", "status": "constant", "reason": "all rows are the same"}
    return tiny_warehouse(
        root,
        checkpoints=[{}],
        vocabularies=[wte, head],
        embeddings=[
            {"tensor": "wte", "cluster": 1, "n_tokens": 4, "nearest_tokens": ["b"]},
            {"tensor": "wte", "cluster": 0, "n_tokens": 6, "nearest_tokens": ["a"]},
        ],
    )


def test_clusters_and_the_lack_of_them(tmp_path):
    columns = "tensor status n_clusters cluster n_tokens nearest_tokens null_p"
    assert pick(warehouse(tmp_path), "embedding_clusters", columns) == [
        ("head", "constant", None, None, None, None, None),
        ("wte", "ok", 2, 0, 6, ["a"], 0.05),
        ("wte", "ok", 2, 1, 4, ["b"], 0.05),
    ]


def test_candidates_with_their_evidence(tmp_path):
    columns = "tensor token_id token norm_z centre_z unused_ratio n_candidates"
    root = warehouse(tmp_path)
    assert pick(root, "undertrained_tokens", columns, model="m") == [
        ("wte", 7, "Ġx", -9.0, None, None, 2),
        ("wte", 3, "y", -1.0, -6.0, 0.5, 2),
    ]
    assert len(pick(root, "undertrained_tokens", columns, limit=1)) == 1
