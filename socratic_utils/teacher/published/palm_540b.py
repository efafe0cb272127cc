"""PaLM-540B rationales of "Distilling step-by-step" (Hsieh et al. 2023), Apache-2.0.

One few-shot chain per question, on 9,741 CommonsenseQA training questions (SCoTD's
largest dataset) and on all 1,000 SVAMP problems.  A completion runs on into a question
of its own and is cut there:

    A key is kept in a drawer. So the answer is (b) drawer.\\n\\nQ: Where do fish ...
    He has 9 - 4 = 5 pens. The answer is (9 - 4).\\n\\nQ: There are ...

- The chains come in the order of CoS-E's questions (CommonsenseQA) and of the split's
  own questions (SVAMP); both are joined by id or text, never by position alone.
- On SVAMP the answer is a formula, of which the value is taken; "(some - 4)" has none.
- "(a) lake or (e) pond" is two answers, hence no final answer.

Files: `SOCRATIC_DATA_DIR/teacher_chains/distilling_step_by_step/` and `cos_e/`.
Not covered: e-SNLI, ANLI, the chains on CommonsenseQA's validation questions.
"""

from __future__ import annotations

import re

from socratic_utils.answers import calculate, format_number, sentence_lines
from socratic_utils.benchmarks import load_problems
from socratic_utils.benchmarks.loading import read_array, read_lines
from socratic_utils.problems import Chain, Problem

from .reading import TextIndex, by_id, corpus_file, read_chain, same_length

TEACHER = "palm-540b"
CHAINS = {
    ("commonsense_qa", "cot"): ("train",),
    ("svamp", "cot"): ("train", "test"),
}
FOLDER = ("teacher_chains", "distilling_step_by_step")
CQA_FILES = tuple(f"train_CoT_{part}.json" for part in range(10))
SVAMP_FILES = {
    "svamp_train.json": ("train_CoT_0.json", "train_CoT_1.json"),
    "svamp_test.json": ("test_CoT_0.json",),
}
_NEXT_QUESTION = "\n\nQ"  # "\n\nQ: ..." may itself be cut off
_TWO_ANSWERS = re.compile(r"\bSo the answer is [^()]*\(\w\)[^()]*\(\w\).*$", re.S)
_FORMULA = re.compile(r"\bThe answer is (?P<formula>.*?)\.?\s*$", re.S)


def load(dataset: str, style: str) -> list[Chain]:
    """Every chain on a data set; `style` is "cot", the only one there is."""
    return _commonsense_qa() if dataset == "commonsense_qa" else _svamp()


def _commonsense_qa() -> list[Chain]:
    texts = _texts("cqa", CQA_FILES)
    path = corpus_file("cos_e", "cose_train_v1.11.jsonl")
    order = read_lines(path, "id")
    same_length("palm-540b on commonsense_qa", texts, order)
    problems = {p.id: p for p in load_problems("commonsense_qa", "train")}
    return [
        chain_of(by_id(problems, f"commonsense_qa-{row['id']}", path), text)
        for row, text in zip(order, texts, strict=True)
    ]


def _svamp() -> list[Chain]:
    paths = {name: corpus_file(*FOLDER, "svamp", name) for name in SVAMP_FILES}
    problems = load_problems("svamp", "train") + load_problems("svamp", "test")
    chains = []
    for name, files in SVAMP_FILES.items():
        path = paths[name]
        questions, texts = read_lines(path, "input"), _texts("svamp", files)
        same_length(f"palm-540b on {name}", texts, questions)
        index = TextIndex(problems, path)
        for row, text in zip(questions, texts, strict=True):
            chains.append(chain_of(index.take(row["input"]), text))
    return chains


def _texts(folder: str, files: tuple[str, ...]) -> list[str]:
    paths = [corpus_file(*FOLDER, folder, "llm", name) for name in files]
    return [text for path in paths for text in read_array(path)]


def chain_of(problem: Problem, text: str) -> Chain:
    """One completion as a Chain; if no next question follows, it was cut off."""
    own, next_question, _ = text.partition(_NEXT_QUESTION)
    own = _TWO_ANSWERS.sub("", own)
    if problem.kind == "number":
        own = _FORMULA.sub(_value, own)
    lines = sentence_lines(own)
    return read_chain(problem, "cot", TEACHER, text, lines, not next_question)


def _value(match: re.Match) -> str:
    """The answer as a number; empty where the formula is not plain arithmetic."""
    try:
        return f"The answer is {format_number(calculate(match['formula']))}."
    except ValueError:
        return ""
