"""GSM8K (Cobbe et al. 2021): MIT licence; the main benchmark of Socratic CoT.

    How many eggs does Janet sell? ** Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs a day.
    #### 18

`steps` are those of the Socratic edition, without the `<<...>>` calculator notes; the
main edition's solution is in `extra["solution"]`.  There is no validation split.
"""

import re

from socratic_utils.answers import extract_answer
from socratic_utils.problems import Problem, Step

from .loading import hub_rows, local_file, read_lines

SIZES = {"train": 7_473, "test": 1_319}  # counted
HUB = ("openai/gsm8k", "60b4b82b84c2dac2b54f7d7f3056eae01514f12e")
_NOTE = re.compile(r"<<[^<>]*>>")


def load(split: str) -> list[Problem]:
    editions = {"main": f"{split}.jsonl", "socratic": f"{split}_socratic.jsonl"}
    main, socratic = (
        read_lines(path, texts=("question", "answer"))
        if (path := local_file("gsm8k", file)) else hub_rows(*HUB, split, name=edition)
        for edition, file in editions.items())  # fmt: skip
    if [row["question"] for row in main] != [row["question"] for row in socratic]:
        raise ValueError(f"gsm8k {split}: the main and Socratic files do not match")
    pairs = enumerate(zip(socratic, main, strict=True))
    return [to_problem(f"gsm8k-{split}-{i:04d}", split, row, other["answer"])
            for i, (row, other) in pairs]  # fmt: skip


def to_problem(id: str, split: str, row: dict, main_solution: str) -> Problem:
    """One Socratic row as a Problem; ValueError if it has no "#### <answer>"."""
    body, mark, final = row["answer"].rpartition("####")
    if not mark or (answer := extract_answer(final)) is None:
        fault = "no final answer after '####' in its Socratic solution"
        raise ValueError(f"{id}: {fault}: correct it, or take the published file")
    steps = tuple(to_step(line) for line in body.split("\n") if line.strip())
    text, extra = row["question"].strip(), {"solution": main_solution}
    return Problem(id, "gsm8k", split, text, answer, steps=steps, extra=extra)


def to_step(line: str) -> Step:
    """`question ** solution` as a Step; its answer is the last calculator note's."""
    question, _, solution = line.partition(" ** ")
    if not solution:
        question, solution = "", line
    notes = _NOTE.findall(solution)
    result = notes[-1].strip("<>").rpartition("=")[2] if notes else solution
    text = _NOTE.sub("", solution).strip()
    return Step(question.strip(), text, extract_answer(result) or "")
