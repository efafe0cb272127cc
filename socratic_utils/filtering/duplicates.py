"""Near-duplicates in a corpus, and training texts in a test set, by lower-case words.

>>> near_duplicates({"a": "Tim eats 2 figs", "b": "tim eats 2 figs!"})
[{'id': 'b', 'duplicate_of': 'a', 'similarity': 1.0}]
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import ceil

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
    grams = {name: ngrams(words(text), n) for name, text in texts.items()}
    frequency = Counter(gram for own in grams.values() for gram in own)
    by_rarity = sorted(frequency, key=lambda gram: (frequency[gram], gram))
    rank = {gram: place for place, gram in enumerate(by_rarity)}
    names = list(texts)
    kept: dict[int, set[int]] = {}
    index: dict[int, list[int]] = defaultdict(list)  # n-gram -> places of kept texts
    rows = []
    for place, name in enumerate(names):
        own = {rank[gram] for gram in grams[name]}
        # Similar sets share at least ceil(threshold * size) n-grams, so they share one
        # of the (size - that number + 1) rarest: only these are indexed.
        must_share = ceil(threshold * len(own) - 1e-9)  # 0.7 * 10 is above 7 in floats
        rarest = sorted(own)[: len(own) - must_share + 1]
        alike = [(0.0, 0)]
        for other in {other for gram in rarest for other in index[gram]}:
            shared = len(own & kept[other])
            jaccard = shared / (len(own) + len(kept[other]) - shared)
            alike.append((jaccard, -other))
        best, first = max(alike)  # of equals, the earliest text
        if best >= threshold:
            rows.append(dict(id=name, duplicate_of=names[-first], similarity=best))
            continue
        kept[place] = own
        for gram in rarest:
            index[gram].append(place)
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
    index: dict[tuple[str, ...], list[str]] = defaultdict(list)
    grams = {name: ngrams(words(t), n) for name, t in evaluation.items()}
    for name, own in grams.items():
        for gram in own:
            index[gram].append(name)
    sizes = {len(gram) for gram in index}  # n, or less of texts with fewer words
    best: dict[str, tuple[int, str | None]] = dict.fromkeys(evaluation, (0, None))
    seen: set[tuple[str, ...]] = set()
    # The index holds the evaluation split only; training texts are streamed.
    for train_id, text in train.items():
        own_tokens = words(text)
        own = set().union(*(ngrams(own_tokens, size) for size in sizes)) & index.keys()
        seen |= own
        shared = Counter(name for gram in own for name in index[gram])
        for name, count in shared.items():
            if count > best[name][0]:
                best[name] = (count, train_id)
    rows = []
    for name, own in grams.items():
        count, train_id = best[name]
        overlap, covered = (k / max(1, len(own)) for k in (count, len(own & seen)))
        rows.append(dict(id=name, train_id=train_id, overlap=overlap, covered=covered,
                         contaminated=overlap >= threshold))  # fmt: skip
    return sorted(rows, key=lambda row: -row["overlap"])


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
