"""Near-duplicates in a corpus, and training texts in a test set, by lower-case words.

>>> near_duplicates({"a": "Tim eats 2 figs", "b": "tim eats 2 figs!"})
[{'id': 'b', 'duplicate_of': 'a', 'similarity': 1.0}]
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from socratic_utils.problems import Chain, Problem, problem_text

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


def words(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return _WORD.findall(text.casefold())


def ngrams(tokens: list[str], n: int) -> set[tuple[str, ...]]:
    """The distinct n-grams; a shorter text is a single one, an empty text has none."""
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    count = max(1, len(tokens) - n + 1) if tokens else 0
    return {tuple(tokens[i : i + n]) for i in range(count)}


def chain_text(chain: Chain) -> str:
    """The chain's steps without the final answer, or its raw text without steps."""
    parts = [part for step in chain.steps for part in (step.question, step.solution)]
    return " ".join(filter(None, parts)) or chain.text


def texts_of(items: Iterable[Problem | Chain]) -> dict[str, str]:
    """Texts by unique id; a chain's id is "problem/source/style/sample"."""
    texts = {}
    for item in items:
        if isinstance(item, Problem):
            name, text = item.id, problem_text(item)
        else:
            key = (item.problem_id, item.source, item.style, item.sample)
            name, text = "/".join(map(str, key)), chain_text(item)
        if name in texts:
            raise ValueError(f"two texts have the id {name!r}")
        texts[name] = text
    return texts


def near_duplicates(
    texts: Mapping[str, str], n: int = 3, threshold: float = 0.8
) -> list[dict]:
    """Texts that repeat an earlier one, by Jaccard index of n-grams (Broder 1997)."""
    _check(threshold)
    kept: list[tuple[str, int]] = []  # the name and the number of n-grams
    index: dict[tuple, list[int]] = defaultdict(list)  # n-gram -> places in `kept`
    rows = []
    for name, text in texts.items():
        own = ngrams(words(text), n)
        shared = Counter(place for gram in own for place in index[gram])
        alike = [(count / (len(own) + kept[place][1] - count), -place)
                 for place, count in shared.items()]  # fmt: skip
        best, first = max(alike, default=(0.0, 0))  # of equals, the earliest text
        if best >= threshold:
            rows.append(dict(id=name, duplicate_of=kept[-first][0], similarity=best))
            continue
        for gram in own:
            index[gram].append(len(kept))
        kept.append((name, len(own)))
    return rows


def contamination(
    train: Mapping[str, str], evaluation: Mapping[str, str], n: int = 8,
    threshold: float = 0.7,
) -> list[dict]:  # fmt: skip
    """The share of each evaluation text that occurs in training, highest first.
    `overlap` is the share of its word n-grams in the nearest training text, `covered`
    the share in all of them, `contaminated` whether overlap >= threshold.  The defaults
    are PaLM's (Chowdhery et al. 2022, section 8), but for a single training text."""
    _check(threshold)
    grams = {name: ngrams(words(text), n) for name, text in evaluation.items()}
    # n-gram of the evaluation -> places of the training texts that have it
    index: dict[tuple, list[int]] = {gram: [] for own in grams.values() for gram in own}
    sizes = {len(gram) for gram in index}  # n, or less of texts with fewer words
    for place, tokens in enumerate(map(words, train.values())):
        own = set().union(*(ngrams(tokens, size) for size in sizes))
        for gram in own & index.keys():
            index[gram].append(place)
    rows, names = [], [*train, None]  # the last is of a text that shares nothing
    for name, own in grams.items():
        shared = Counter(place for gram in own for place in index[gram])
        nearest = max(shared, key=lambda place: (shared[place], -place), default=-1)
        seen = sum(bool(index[gram]) for gram in own)
        overlap, covered = (k / max(1, len(own)) for k in (shared[nearest], seen))
        near = dict(id=name, train_id=names[nearest], overlap=overlap, covered=covered)
        rows.append(near | {"contaminated": overlap >= threshold})
    return sorted(rows, key=lambda row: -row["overlap"])


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
