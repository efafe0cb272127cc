"""StrategyQA (Geva et al. 2021): yes/no questions, MIT licence.

Socratic CoT (section 4.1) splits the questions 80/10/10 without shuffling.  So do we:
the authors' `dev.json`, which follows their `train.json`, is exactly the test split.
Human facts and sub-questions are not aligned: the facts are the `steps`, without
questions (the paper's "GT Facts"), the others in `extra`.  The hub has other splits.
"""

from socratic_utils.problems import Problem, Step

from .loading import GITHUB, downloaded_file, local_file, read_array

SIZES = {"train": 1_832, "validation": 229, "test": 229}  # counted
FILES = ("train.json", "dev.json")
FIELDS = ("qid", "question", "answer", "facts", "decomposition")
COMMIT = "1ba1e97452e189569357876f2854b01357ffbe37"
ADDRESS = f"{GITHUB}/eladsegal/strategyqa/{COMMIT}/data/strategyqa"


def load(split: str) -> list[Problem]:
    rows = []
    for name in FILES:
        path = local_file("strategyqa", name) or downloaded_file(f"{ADDRESS}/{name}")
        rows += read_array(path, *FIELDS, texts=("question",))
    cuts = [0, len(rows) * 8 // 10, len(rows) * 9 // 10, len(rows)]
    index = list(SIZES).index(split)
    return [_to_problem(split, row) for row in rows[cuts[index] : cuts[index + 1]]]


def _to_problem(split: str, row: dict) -> Problem:
    id = f"strategyqa-{row['qid']}"
    if not isinstance(answer := row["answer"], bool):
        raise ValueError(f"{id}: no gold answer, {answer!r} is not true or false")
    for name in ("facts", "decomposition"):
        if not isinstance(row[name], list) or {*map(type, row[name])} - {str}:
            raise ValueError(f"{id}: its {name!r} is no list of texts")
    steps = tuple(Step("", fact.strip(), "") for fact in row["facts"])
    extra = {"sub_questions": list(row["decomposition"])}
    gold, text = "yes" if answer else "no", row["question"].strip()
    return Problem(id, "strategyqa", split, text, gold, "yes_no", steps, extra=extra)
