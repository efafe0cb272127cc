"""CoS-E 1.11 (Rajani et al. 2019): people's explanations of CommonsenseQA, BSD-3.

One open-ended explanation per question by a crowd worker who saw the gold answer, the
human counterpart of SCoTD's machine-written rationales:

    People keep small things such as keys in drawers.

The text does not name its answer, so a chain carries the gold one that it explains.
The filter therefore keeps nearly all, which says nothing about quality: one sentence on
rivers stands under some 500 questions, most of them about something else.

Files: `SOCRATIC_DATA_DIR/cos_e/cose_{train,dev}_v1.11.jsonl`.
Not covered: the selected spans, version 1.0.
"""

from __future__ import annotations

from dataclasses import replace

from socratic_utils.answers import sentence_lines
from socratic_utils.benchmarks import load_problems
from socratic_utils.benchmarks.loading import read_lines
from socratic_utils.problems import Chain, Problem

from .reading import by_id, corpus_file, read_chain

TEACHER = "cos-e"
CHAINS = {("commonsense_qa", "cot"): ("train", "validation")}
FILES = ("cose_train_v1.11.jsonl", "cose_dev_v1.11.jsonl")


def load(dataset: str, style: str) -> list[Chain]:
    """Every explanation; the arguments are as in the other corpora."""
    paths = [corpus_file("cos_e", name) for name in FILES]
    splits = CHAINS[dataset, style]
    problems = {p.id: p for split in splits for p in load_problems(dataset, split)}
    return [
        chain_of(
            by_id(problems, f"{dataset}-{row['id']}", path),
            row["explanation"]["open-ended"],
        )
        for path in paths
        for row in read_lines(path, "id", "explanation")
    ]


def chain_of(problem: Problem, text: str) -> Chain:
    """One explanation as a Chain with the answer it was written for."""
    chain = read_chain(problem, "cot", TEACHER, text, sentence_lines(text))
    return replace(chain, answer=problem.answer)
