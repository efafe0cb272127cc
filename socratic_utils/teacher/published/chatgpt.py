"""GSM8K-AI-SubQ: sub-questions and answers by ChatGPT, Apache-2.0.

As Socratic CoT lets GPT-3 write sub-questions (section 3.1), but by a later model on
GSM8K.  Published as one string of questions and one of answers, which are interleaved:

    Q1: How many pens does Ann give away?     A1: She gives away 2*2 = 4 pens.
    Q2: How many pens are left?               A2: 9-4 = 5 pens are left.
                                              Final answer: 5

Where the numbers of questions and answers differ (26 of 1,319 rows), the chain keeps
its answer but has no steps.  All problems are GSM8K test problems (joined by text): to
be parsed and scored, never to be trained on.

File: `SOCRATIC_DATA_DIR/gsm8k_ai_subq/qg_test_data_raw.jsonl`.
Not covered: the training part, answers of other models.
"""

from __future__ import annotations

import re

from socratic_utils.benchmarks import load_problems
from socratic_utils.benchmarks.loading import read_lines
from socratic_utils.problems import Chain, Problem

from .reading import TextIndex, corpus_file, read_chain

TEACHER = "chatgpt"
CHAINS = {("gsm8k", "socratic"): ("test",)}
FINAL = "Final answer:"
_LABEL = re.compile(r"^[QA](\d+):", re.M)
_NOTE = re.compile(r"<<[^<>]*>>")  # GSM8K's calculator notes, which ChatGPT imitates


def load(dataset: str, style: str) -> list[Chain]:
    """Every chain; the arguments are as in the other corpora."""
    path = corpus_file("gsm8k_ai_subq", "qg_test_data_raw.jsonl")
    rows = read_lines(path, "problem", "questions", "answers")
    problems = load_problems("gsm8k", "test") + load_problems("gsm8k", "train")
    index = TextIndex(problems, path)
    chains = []
    for row in rows:
        texts = ("\n".join(row[name]) for name in ("questions", "answers"))
        chains.append(chain_of(index.take(row["problem"]), *texts))
    return chains


def chain_of(problem: Problem, questions: str, answers: str) -> Chain:
    """Questions and answers of one problem as a Chain."""
    solutions, mark, final = answers.rpartition(FINAL)
    if not mark:
        solutions, final = answers, ""
    asked, answered = labelled(questions), labelled(solutions)
    turns = []
    if [number for number, _ in asked] == [number for number, _ in answered]:
        pairs = zip(asked, answered, strict=True)
        turns = [f"Q{n}: {question}\nA{n}: {a}" for (n, question), (_, a) in pairs]
    # The blank line keeps a final answer in words out of the last solution.
    prepared = "\n".join([*turns, "", mark + final])
    text = f"{questions}\n{answers}"
    return read_chain(problem, "socratic", TEACHER, text, _NOTE.sub("", prepared))


def labelled(text: str) -> list[tuple[str, str]]:
    """(number, text on one line) of each "Q1: ..." or "A1: ..."."""
    _, *parts = _LABEL.split(text)
    bodies = [" ".join(body.split()) for body in parts[1::2]]
    return list(zip(parts[0::2], bodies, strict=True))
