"""Benchmarks whose answers are not chosen from a list: word problems, and yes or no.

>>> to_step("How many eggs? ** She has 2 + 3 = <<2+3=5>>5 eggs.")
Step(question='How many eggs?', solution='She has 2 + 3 = 5 eggs.', answer='5')
"""

import re
from collections.abc import Iterator
from pathlib import Path

from socratic_utils.answers import extract_answer, format_number
from socratic_utils.problems import Problem, Step, load_jsonl

from .catalogue import BENCHMARKS, rows_of

GRADESCHOOL = Path(__file__).parent / "gradeschool_data"  # our own, which ships here
SVAMP_SEED = 0  # of the permutation that gives exactly the published 800/200 split
OPERATIONS = 2  # of the multi-step set, at least
_NOTE = re.compile(r"<<[^<>]*>>")
_SLOT = re.compile(r"number(\d+)")


def gradeschool(name: str, split: str) -> Iterator[Problem]:
    yield from load_jsonl(GRADESCHOOL / f"{split}.jsonl", Problem)


def gsm8k(name: str, split: str) -> Iterator[Problem]:
    """GSM8K; ValueError where the editions differ or a row has no "#### <answer>"."""
    main, socratic = (rows_of(name, split, of) for of in ("main", "socratic"))
    if [row["question"] for row in main] != [row["question"] for row in socratic]:
        raise ValueError(f"{name} {split}: the main and Socratic files do not match")
    for index, (row, other) in enumerate(zip(socratic, main, strict=True)):
        id = f"{name}-{split}-{index:04d}"
        body, mark, final = row["answer"].rpartition("####")
        if not mark or (answer := extract_answer(final)) is None:
            fault = "no final answer after '####' in its Socratic solution"
            raise ValueError(f"{id}: {fault}: correct it, or take the published file")
        steps = tuple(to_step(line) for line in body.split("\n") if line.strip())
        text, extra = row["question"].strip(), {"solution": other["answer"]}
        yield Problem(id, name, split, text, answer, steps=steps, extra=extra)


def to_step(line: str) -> Step:
    """`question ** solution` as a Step; its answer is the last calculator note's."""
    question, _, solution = line.partition(" ** ")
    if not solution:
        question, solution = "", line
    notes = _NOTE.findall(solution)
    result = notes[-1].strip("<>").rpartition("=")[2] if notes else solution
    text = _NOTE.sub("", solution).strip()
    return Step(question.strip(), text, extract_answer(result) or "")


def svamp(name: str, split: str) -> Iterator[Problem]:
    """SVAMP; ValueError if rows are missing, or one has no answer."""
    import numpy as np  # here, because `paper --dry-run` does not need it

    rows = rows_of(name, split)
    by_id = {row["ID"]: row for row in rows}
    ids = [f"chal-{number}" for number in range(1, len(rows) + 1)]
    size = len(rows)  # another one would give another split and leak test problems
    if set(by_id) != set(ids):
        raise ValueError(f"svamp: the IDs of {size} rows are not chal-1 to chal-{size}")
    order = np.random.RandomState(SVAMP_SEED).permutation(size)
    train, test = np.split(order, [size * 8 // 10])
    for row in (by_id[ids[place]] for place in (train if split == "train" else test)):
        id = f"{name}-{row['ID']}"
        try:
            answer = format_number(row["Answer"])
        except (TypeError, ValueError):
            raise ValueError(f"{id}: no gold answer in {row['Answer']!r}") from None
        text = f"{row['Body'].strip()} {row['Question'].strip()}"
        extra = {"equation": row["Equation"], "type": row["Type"]}
        yield Problem(id, name, split, text, answer, extra=extra)


def multistep(name: str, split: str) -> Iterator[Problem]:
    """Problems with at least OPERATIONS; ValueError names a row it cannot read."""
    for number, row in enumerate(rows_of(name, split)):
        if sum(sign in "+-*/" for sign in row["Equation"].split()) < OPERATIONS:
            continue
        id, slots = f"{name}-{split}-{number:04d}", " ".join(row["Question"].split())
        try:
            numbers = [format_number(value) for value in str(row["Numbers"]).split()]
            text = _SLOT.sub(lambda slot, known=numbers: known[int(slot[1])], slots)
            answer = format_number(row["Answer"])
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(f"{id}: not as published ({error})") from None
        extra = {"slots": slots, "equation": row["Equation"], "numbers": numbers}
        yield Problem(id, name, split, text, answer, extra=extra)


def strategyqa(name: str, split: str) -> Iterator[Problem]:
    """One of three parts of the questions; ValueError for a row without an answer."""
    rows = [row for file in ("train", "dev") for row in rows_of(name, file)]
    cuts = [0, len(rows) * 8 // 10, len(rows) * 9 // 10, len(rows)]
    index = list(BENCHMARKS[name]["sizes"]).index(split)
    for row in rows[cuts[index] : cuts[index + 1]]:
        id = f"{name}-{row['qid']}"
        if not isinstance(answer := row["answer"], bool):
            raise ValueError(f"{id}: no gold answer, {answer!r} is not true or false")
        text, answer = row["question"].strip(), "yes" if answer else "no"
        steps = tuple(Step("", fact.strip(), "") for fact in row["facts"])
        extra = {"facts": row["facts"], "sub_questions": row["decomposition"]}
        extra |= {field: row.get(field, "") for field in ("term", "description")}
        yield Problem(id, name, split, text, answer, "yes_no", steps, extra=extra)
