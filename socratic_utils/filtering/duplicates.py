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
    index, kept, rows = defaultdict(list), {}, []  # n-gram -> kept texts; their sizes
    for name, text in texts.items():
        own = ngrams(words(text), n)
        shared = Counter(other for gram in own for other in index[gram])
        alike = {o: k / (len(own) + kept[o] - k) for o, k in shared.items()}
        best = max(alike.values(), default=0.0)
        if best >= threshold:  # of equals, the earliest text
            first = next(other for other in kept if alike.get(other) == best)
            rows.append(dict(id=name, duplicate_of=first, similarity=best))
            continue
        kept[name] = len(own)
        for gram in own:
            index[gram].append(name)
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
    for train_id, text in train.items():
        own = set().union(*(ngrams(words(text), k) for k in sizes)) & index.keys()
        seen |= own
        for name, count in Counter(x for gram in own for x in index[gram]).items():
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
