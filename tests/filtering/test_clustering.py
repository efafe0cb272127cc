"""TF-IDF and clusters by hand; S-BERT where it is available, and where it is not."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from socratic_utils.filtering.clustering import (
    TF_IDF,
    clusters,
    sentence_encoder,
    tf_idf,
)


def test_tf_idf_by_hand():
    # n = 2: idf(a) = ln(3/3) + 1 = 1; idf(b) = idf(c) = ln(3/2) + 1 = 1.405465.
    # Row "A b": (1, 1.405465, 0) / sqrt(1 + 1.975332) = (0.579739, 0.814802, 0).
    table = tf_idf(["A b", "a, c!"])
    assert table == pytest.approx(
        np.array([[0.579739, 0.814802, 0], [0.579739, 0, 0.814802]]), abs=1e-6
    )
    # "a a b": (2, 1.405465) / sqrt(4 + 1.975332)
    assert tf_idf(["a a b", "a c"])[0, 0] == pytest.approx(0.818181, abs=1e-6)


def test_tf_idf_of_texts_without_words():
    table = tf_idf(["", "a"])
    assert table.tolist() == [[0], [1]]
    assert tf_idf(["", "..."]).shape == (2, 0)
    assert len(clusters(tf_idf(["", "...", "?"]), 2)) == 2


def plane(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_average_linkage_on_cosine_distance_by_hand():
    # 0-10 join first (0.015).  To 50 degrees: from 0 0.357, from 10 0.234, mean 0.296;
    # 50-98 are 1 - cos 48 = 0.331 apart.  So 50 joins the first two, and 98 is left.
    # (By the farthest chain, 0.357 > 0.331, 50 would join 98.)
    vectors = plane(0, 10, 50, 98)
    assert clusters(vectors, 3) == [[0, 1], [2], [3]]
    assert clusters(vectors, 2) == [[0, 1, 2], [3]]
    assert clusters(vectors, 1) == [[0, 1, 2, 3]]
    # The distance knows directions only.
    assert clusters(vectors * [[1], [9], [0.1], [4]], 2) == [[0, 1, 2], [3]]


@pytest.mark.parametrize("k", range(1, 7))
def test_ties_still_give_k_clusters(k):
    groups = clusters(plane(0, 0, 0, 90, 90, 180), k)
    assert len(groups) == k and all(groups)
    assert sorted(row for group in groups for row in group) == list(range(6))
    if k == 3:
        assert groups == [[0, 1, 2], [3, 4], [5]]


def test_without_sentence_transformers(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    assert sentence_encoder() is TF_IDF and TF_IDF.name == "tf-idf"


def test_without_the_model(monkeypatch):
    def unreachable(name):
        raise OSError("no route to the hub\nand more")

    stub = SimpleNamespace(SentenceTransformer=unreachable)
    monkeypatch.setitem(sys.modules, "sentence_transformers", stub)
    with pytest.warns(UserWarning, match=r"\(no route to the hub\): TF-IDF"):
        assert sentence_encoder("some/model") is TF_IDF


def test_with_the_model(monkeypatch):
    class Model:
        def __init__(self, name):
            assert name == "some/model"

        def encode(self, texts, show_progress_bar):
            return [[float(len(text)), 1.0] for text in texts]

    stub = SimpleNamespace(SentenceTransformer=Model)
    monkeypatch.setitem(sys.modules, "sentence_transformers", stub)
    encoder = sentence_encoder("some/model")
    assert encoder.name == "model"
    assert encoder.encode(("ab", "c")).tolist() == [[2, 1], [1, 1]]
