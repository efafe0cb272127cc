"""How close a student's sub-questions are to the gold ones (Socratic CoT, Table 4)."""

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd
from sacrebleu import corpus_bleu

from socratic_utils.problems import Problem, sub_questions
from socratic_utils.students.transcript import PREFIXES

from .alike import alike
from .statistics import accuracy

COLUMNS = ("student", "n", "bleu", "bert_f1", "same_count", "ci_low", "ci_high")


def quality_table(rows: Sequence[dict], problems: Sequence[Problem]) -> pd.DataFrame:
    """One row per student that asks: corpus BLEU (0 to 100), BERTScore F1 and #Q.  #Q
    is the share of problems with as many sub-questions as gold, with its interval."""
    gold = {problem.id: sub_questions(problem) for problem in problems}
    asked: dict[str, list[tuple[list[str], list[str]]]] = defaultdict(list)
    for row in alike(rows, ["student"]):
        if gold.get(row["id"]):
            asked[row["student"]].append((questions(row), gold[row["id"]]))
    table = []
    for student, pairs in asked.items():
        if not any(found for found, _ in pairs):
            continue
        written, wanted = ([" ".join(own) for own in side]
                           for side in zip(*pairs, strict=True))  # fmt: skip
        same = [{"correct": len(found) == len(own)} for found, own in pairs]
        n, _, *shares = accuracy(same).values()
        bleu = round(corpus_bleu(written, [wanted]).score, 1)
        table.append([student, n, bleu, bert_f1(written, wanted), *shares])
    return pd.DataFrame(table, columns=COLUMNS)


def questions(row: dict) -> list[str]:
    asked = [line["text"] for line in row["lines"] if line["role"] == "question"]
    return [text.removeprefix(PREFIXES["question"]).strip() for text in asked]


def bert_f1(written: Sequence[str], wanted: Sequence[str]) -> float | None:
    """Mean BERTScore F1, or None without `pip install bert-score` or its model."""
    try:
        from bert_score import score

        *_, values = score(list(written), list(wanted), lang="en", verbose=False)
    except Exception:  # no package or hub; a network raises different ones
        return None
    return round(float(values.mean()), 4)
