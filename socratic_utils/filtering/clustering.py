"""Text vectors and their hierarchical clusters, for the diversity filter.

SCoTD (section 4) embeds chains with S-BERT and reports no model, linkage or distance;
we use all-MiniLM-L6-v2 (else TF-IDF) and average linkage on the cosine distance.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import pdist

from .duplicates import words

SENTENCE_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


class Encoder(NamedTuple):
    name: str  # in tables
    encode: Callable[[Sequence[str]], np.ndarray]  # one vector per text


def tf_idf(texts: Sequence[str]) -> np.ndarray:
    """scikit-learn's default TF-IDF, idf = ln((1 + n) / (1 + df)) + 1, unit rows."""
    counts = [Counter(words(text)) for text in texts]
    vocabulary = sorted(set().union(*counts))
    table = np.array([[c[word] for word in vocabulary] for c in counts], dtype=float)
    table *= np.log((1 + len(texts)) / (1 + (table > 0).sum(axis=0))) + 1
    length = np.linalg.norm(table, axis=1, keepdims=True)
    return table / np.where(length == 0, 1, length)


TF_IDF = Encoder("tf-idf", tf_idf)


def sentence_encoder(model: str = SENTENCE_MODEL) -> Encoder:
    """S-BERT if sentence-transformers and the model are available, else TF-IDF."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        return TF_IDF
    try:
        network = SentenceTransformer(model)
    except Exception as error:  # hub, network and file formats raise different ones
        reason = str(error).split("\n")[0]
        warnings.warn(f"{model} is unavailable ({reason}): TF-IDF used", stacklevel=2)
        return TF_IDF

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.asarray(network.encode(list(texts), show_progress_bar=False))

    return Encoder(model.rpartition("/")[2], encode)


def clusters(vectors: np.ndarray, k: int) -> list[list[int]]:
    """Exactly k groups of row numbers, of at least k rows."""
    # NaN: of a text without words.  Rounded, so that ties are ties on every processor.
    distance = np.nan_to_num(pdist(vectors, "cosine"), nan=1.0)
    tree = linkage(np.round(distance, 6), method="average")
    # fcluster would return fewer than k clusters if heights tie.
    labels = cut_tree(tree, n_clusters=k)[:, 0]
    return [np.flatnonzero(labels == label).tolist() for label in range(k)]
