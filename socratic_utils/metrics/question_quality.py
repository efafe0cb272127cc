"""How close a student's sub-questions are to the gold ones (Socratic CoT, Table 4).

BLEU (sacreBLEU, corpus level; the sub-questions of a problem are one sentence), #Q (the
share of problems with as many sub-questions as the gold ones) and BERTScore F1.

    >>> quality(rows, problems)[0]["bleu"]
    71.3

Not covered: whether a question other than the gold one is equally good.
"""

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
from sacrebleu import corpus_bleu

from socratic_utils.problems import Problem, sub_questions
from socratic_utils.students.transcript import PREFIXES

from .statistics import wilson_interval

COLUMNS = ("student", "n", "bleu", "bert_f1", "same_count", "ci_low", "ci_high")


def quality(rows: Sequence[dict], problems: Sequence[Problem]) -> list[dict]:
    """One row per student that asks: BLEU (0 to 100), BERTScore F1 and #Q (0 to 1).

    Problems without gold sub-questions are skipped; `bert_f1` is None where BERTScore
    is not available.  `n` is the number of problems; the interval is that of #Q.
    """
    gold = {p.id: sub_questions(p) for p in problems}
    asked: dict[str, list[tuple[list[str], list[str]]]] = defaultdict(list)
    for row in rows:
        if gold.get(row["id"]):
            asked[row["student"]].append((questions(row), gold[row["id"]]))
    asking = {s: pairs for s, pairs in asked.items() if any(q for q, _ in pairs)}
    return [_line(student, pairs) for student, pairs in asking.items()]


def quality_table(rows: Sequence[dict], problems: Sequence[Problem]) -> pd.DataFrame:
    """`quality` as a table, with its columns even if no student asks."""
    return pd.DataFrame(quality(rows, problems), columns=COLUMNS)


def questions(row: dict) -> list[str]:
    """The sub-questions of a prediction row, without their prefix."""
    asked = [line["text"] for line in row["lines"] if line["role"] == "question"]
    return [text.removeprefix(PREFIXES["question"]).strip() for text in asked]


def _line(student: str, pairs: Sequence[tuple[list[str], list[str]]]) -> dict:
    written = [" ".join(found) for found, _ in pairs]
    wanted = [" ".join(gold) for _, gold in pairs]
    same = sum(len(found) == len(gold) for found, gold in pairs)
    low, high = wilson_interval(same, len(pairs))
    bleu = round(corpus_bleu(written, [wanted]).score, 1)
    shares = (round(value, 4) for value in (same / len(pairs), low, high))
    values = (student, len(pairs), bleu, bert_f1(written, wanted), *shares)
    return dict(zip(COLUMNS, values, strict=True))


def bert_f1(written: Sequence[str], wanted: Sequence[str]) -> float | None:
    """Mean BERTScore F1, or None without `pip install bert-score` or its model."""
    try:
        from bert_score import score

        *_, values = score(list(written), list(wanted), lang="en", verbose=False)
    except (ImportError, OSError, ValueError):  # no package, or no hub
        return None
    return round(float(values.mean()), 4)
