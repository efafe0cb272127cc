"""Vectors for texts, and hierarchical clusters of them, for the diversity filter.

P2 (section 4) embeds chains with S-BERT; which model is not in the text we have, and
neither are linkage and distance.  Ours: all-MiniLM-L6-v2 from the hub (80 MB), and
without it TF-IDF, which knows words, not meanings, and is named as such; average
linkage on the cosine distance, which is what S-BERT models are trained for.

    >>> vectors = tf_idf(["4 + 2 = 6 pens", "2 + 4 = 6 pens", "Tim has twice three"])
    >>> clusters(vectors, 2)
    [[0, 1], [2]]
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform

from .duplicates import words

SENTENCE_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


class Encoder(NamedTuple):
    """A way to turn texts into one vector each, and the name tables give it."""

    name: str
    encode: Callable[[Sequence[str]], np.ndarray]


def tf_idf(texts: Sequence[str]) -> np.ndarray:
    """TF-IDF with smoothed idf, ln((1 + n) / (1 + df)) + 1, rows of length 1.

    The formula is scikit-learn's default; frequencies are those of `texts` alone, so
    the vectors of one problem's chains do not depend on the other problems.
    """
    counts = [Counter(words(text)) for text in texts]
    vocabulary = sorted(set().union(*counts))
    table = np.array([[c[word] for word in vocabulary] for c in counts], dtype=float)
    idf = np.log((1 + len(texts)) / (1 + (table > 0).sum(axis=0))) + 1
    return _unit_rows(table * idf)


TF_IDF = Encoder("tf-idf", tf_idf)


def sentence_encoder(model: str = SENTENCE_MODEL) -> Encoder:
    """S-BERT where sentence-transformers and the model can be had, else TF-IDF."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        return TF_IDF
    try:
        network = SentenceTransformer(model)
    # Hub, network and file formats each have their own errors; the reader sees which.
    except Exception as error:
        reason = str(error).split("\n")[0]
        warnings.warn(f"{model} cannot be had ({reason}): TF-IDF instead", stacklevel=2)
        return TF_IDF
    return Encoder(
        model.rpartition("/")[2],
        lambda texts: np.asarray(network.encode(list(texts), show_progress_bar=False)),
    )


def clusters(vectors: np.ndarray, k: int) -> list[list[int]]:
    """Exactly k groups of row numbers (all rows apart when there are fewer than k).

    Ties between distances go to the earlier rows, so equal rows can be parted when
    there are fewer than k different ones.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if len(vectors) <= k:
        return [[row] for row in range(len(vectors))]
    unit = _unit_rows(np.asarray(vectors, dtype=float))
    # Rounded, so that ties stay ties whichever way a processor adds.
    distance = np.round(np.clip(1 - unit @ unit.T, 0, 2), 6)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    # Not fcluster: where heights tie it returns fewer than k clusters.
    labels = cut_tree(tree, n_clusters=k)[:, 0]
    return [np.flatnonzero(labels == label).tolist() for label in range(k)]


def _unit_rows(table: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(table, axis=1, keepdims=True)
    return table / np.where(length == 0, 1, length)
