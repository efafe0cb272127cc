"""StrategyQA: yes/no questions, whose facts are the steps (see `catalogue.toml`)."""

from socratic_utils.problems import Problem, Step

from .catalogue import BENCHMARKS, rows_of


def load(name: str, split: str) -> list[Problem]:
    """One of three parts of the questions; ValueError for a row without an answer."""
    rows = [row for file in ("train", "dev") for row in rows_of(name, file)]
    cuts = [0, len(rows) * 8 // 10, len(rows) * 9 // 10, len(rows)]
    index, problems = list(BENCHMARKS[name]["sizes"]).index(split), []
    for row in rows[cuts[index] : cuts[index + 1]]:
        id = f"{name}-{row['qid']}"
        if not isinstance(answer := row["answer"], bool):
            raise ValueError(f"{id}: no gold answer, {answer!r} is not true or false")
        problems.append(Problem(
            id, name, split, row["question"].strip(), "yes" if answer else "no",
            kind="yes_no",
            steps=tuple(Step("", fact.strip(), "") for fact in row["facts"]),
            extra={"facts": list(row["facts"]),
                   "sub_questions": list(row["decomposition"]),
                   "term": row.get("term", ""),
                   "description": row.get("description", "")},
        ))  # fmt: skip
    return problems
