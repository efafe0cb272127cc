"""StrategyQA (Geva et al. 2021): yes/no questions, MIT licence.

Socratic CoT (section 4.1) splits the labelled questions 80/10/10 without shuffling.  We
split the authors' `train.json` followed by their `dev.json` in the same way, so that
the test split is exactly that `dev.json`.

    Could a snail win a race against a tortoise on land?  ->  "no"
    fact          A tortoise walks about 300 metres an hour.
    sub-question  How fast does a tortoise walk?

Human facts and sub-questions are not aligned (section 4.1), so they are kept apart: the
facts are the `steps`, without questions (the paper's "GT Facts"), and both are in
`extra["facts"]` and `extra["sub_questions"]` ("#2": the second answer).

Read from `SOCRATIC_DATA_DIR/strategyqa/` or the authors' repository: the hub's copies
have other splits.  Not covered: the evidence paragraphs.
"""

from socratic_utils.problems import Problem, Step

from .loading import downloaded_file, local_file, read_array

SIZES = {"train": 1_832, "validation": 229, "test": 229}  # counted
FILES = ("train.json", "dev.json")
FIELDS = ("qid", "question", "answer", "facts", "decomposition")
ADDRESS = (
    "https://raw.githubusercontent.com/eladsegal/strategyqa/"
    "1ba1e97452e189569357876f2854b01357ffbe37/data/strategyqa"
)


def load(split: str) -> list[Problem]:
    """All problems of a split in file order, ids `strategyqa-<qid>`."""
    rows: list[dict] = []
    for name in FILES:
        path = local_file("strategyqa", name) or downloaded_file(f"{ADDRESS}/{name}")
        rows += read_array(path, *FIELDS, texts=("question",))
    cuts = [0, len(rows) * 8 // 10, len(rows) * 9 // 10, len(rows)]
    index = list(SIZES).index(split)
    return [_to_problem(split, row) for row in rows[cuts[index] : cuts[index + 1]]]


def _to_problem(split: str, row: dict) -> Problem:
    id = f"strategyqa-{row['qid']}"
    if not isinstance(row["answer"], bool):
        fault = f"{row['answer']!r} is not true or false"
        raise ValueError(f"{id}: no gold answer, {fault}")
    return Problem(
        id, "strategyqa", split, row["question"].strip(),
        "yes" if row["answer"] else "no", kind="yes_no",
        steps=tuple(Step("", fact.strip(), "") for fact in row["facts"]),
        extra={"facts": list(row["facts"]),
               "sub_questions": list(row["decomposition"]),
               "term": row.get("term", ""), "description": row.get("description", "")},
    )  # fmt: skip
