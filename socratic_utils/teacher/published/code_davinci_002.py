"""code-davinci-002 chains of "Faithful CoT" (Lyu et al. 2023), MIT licence.

The model that SCoTD names as its teacher, one few-shot completion per question: chains
of thought on GSM8K test, SVAMP and StrategyQA, and least-to-most chains on GSM8K test,
which ask and answer sub-questions (our "socratic"):

    Q1. How many pens does Ann have?
    Ann has 9 pens.
    Final Answer: How many pens are left?
    There are 9 - 4 = 5 pens left. The answer is 5.

Questions are joined by row number (GSM8K test, SVAMP) or by text (StrategyQA, where two
training questions share one text).

Files: `SOCRATIC_DATA_DIR/teacher_chains/faithful_cot/`, as in the authors' repository.
Not covered: other models, the 40-sample runs, what their programs answered.
"""

from __future__ import annotations

import re

from socratic_utils.answers import sentence_lines
from socratic_utils.benchmarks import load_problems, splits_of
from socratic_utils.benchmarks.loading import read_lines
from socratic_utils.problems import Chain, Problem

from .reading import TextIndex, by_id, corpus_file, read_chain, same_length

TEACHER = "code-davinci-002"
CHAINS = {
    ("gsm8k", "cot"): ("test",),
    ("gsm8k", "socratic"): ("test",),
    ("strategyqa", "cot"): ("train", "validation", "test"),
    ("svamp", "cot"): ("train", "test"),
}
FOLDER = ("teacher_chains", "faithful_cot")
RUNS = {
    ("gsm8k", "cot"): "GSM8K/test/code002_COT",
    ("gsm8k", "socratic"): "GSM8K/test/code002_LtM",
    ("strategyqa", "cot"): "StrategyQA/test/code002_COT",
    ("svamp", "cot"): "SVAMP/test/code002_COT",
}
_LAST_QUESTION = re.compile(r"^Final Answer:", re.M)
_END = "\n\n"  # a completion that stopped by itself ends so


def load(dataset: str, style: str) -> list[Chain]:
    """Every chain of a style on a data set."""
    run = RUNS[dataset, style].split("/")
    path = corpus_file(*FOLDER, "output_dir", *run, "predictions.jsonl")
    rows = read_lines(path, "id", "completion")
    problems = _problems(dataset)
    same_length(f"code-davinci-002 on {dataset}", rows, list(problems))
    return [
        chain_of(by_id(problems, row["id"], path), style, row["completion"])
        for row in rows
    ]


def _problems(dataset: str) -> dict[int, Problem]:
    """The problem of each id that the predictions use."""
    if dataset == "gsm8k":
        return dict(enumerate(load_problems("gsm8k", "test")))
    splits = splits_of(dataset)
    problems = [p for split in splits for p in load_problems(dataset, split)]
    if dataset == "svamp":  # chal-1 is row 0 of the published file
        return {int(p.id.rpartition("-")[2]) - 1: p for p in problems}
    path = corpus_file(*FOLDER, "data", "StrategyQA", "test.jsonl")
    index = TextIndex(problems, path)
    rows = read_lines(path, "id", "question")
    return {row["id"]: index.take(row["question"]) for row in rows}


def chain_of(problem: Problem, style: str, text: str) -> Chain:
    """One completion as a Chain."""
    if style == "socratic":
        lines = _LAST_QUESTION.sub("Q:", text)
    else:
        lines = sentence_lines(text)
    return read_chain(problem, style, TEACHER, text, lines, not text.endswith(_END))
