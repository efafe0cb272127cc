"""Chains that others have published, with their source as the teacher.

Both papers distil from closed models (Socratic CoT section 3.1, SCoTD section 3) whose
chains are not published; `corpora.toml` describes the nearest that are.  The files are
read from the folder that SOCRATIC_DATA_DIR names and never downloaded.  No student may
be trained on chains of test questions: training data goes through `training_chains`.
A reader yields one `Row` per published chain; `load_chains` joins them with problems,
by id or text, and parses them.  A new corpus is a reader and an entry in the file.
"""

import os
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from socratic_utils.answers import format_number, parse_chain, sentence_lines
from socratic_utils.answers.arithmetic import value_of
from socratic_utils.benchmarks import DATA_VARIABLE, load_problems, splits_of
from socratic_utils.benchmarks.loading import read_array, read_lines
from socratic_utils.problems import Chain, Problem, problem_text

from ..cost import Estimate


class Row(NamedTuple):
    problem: str  # its id or its text
    text: str  # as published
    prepared: str  # one step per line, as `parse_chain` reads it
    cut_off: bool = False  # whether the last line may be incomplete


class Corpus(NamedTuple):
    offered: dict[tuple[str, str], list[str]]  # (dataset, style) -> splits
    explains_gold: bool  # a chain has the gold answer, which its author saw


def corpus_file(name: str) -> Path:
    """A file under SOCRATIC_DATA_DIR, never downloaded; FileNotFoundError if none."""
    path = Path(folder := os.environ.get(DATA_VARIABLE, ""), name)
    if not folder or not path.is_file():
        advice = f"set {DATA_VARIABLE} to the folder that holds {name}"
        fault = f"{path} does not exist, and published chains are read from disk only"
        raise FileNotFoundError(f"{fault}: {advice}")
    return path


def same_length(what: str, chains: int, questions: int) -> None:
    """ValueError unless there is one chain for each question."""
    if chains != questions:
        counts = f"{chains} chains for {questions} questions"
        raise ValueError(f"{what}: {counts}, so the files do not belong together")


COS_E = "cos_e/cose_{}_v1.11.jsonl"


def read_cos_e(dataset: str, style: str) -> Iterator[Row]:
    """The explanation of each question, which does not name its answer."""
    for part in ("train", "dev"):
        for row in read_lines(corpus_file(COS_E.format(part)), "id", "explanation"):
            text = row["explanation"]["open-ended"]
            yield Row(f"{dataset}-{row['id']}", text, sentence_lines(text))


PALM = "teacher_chains/distilling_step_by_step"
_NEXT_QUESTION = "\n\nQ"  # "\n\nQ: ..." may itself be cut off
_TWO_ANSWERS = re.compile(r"\bSo the answer is [^()]*\(\w\)[^()]*\(\w\).*$", re.S)
_FORMULA = re.compile(r"\bThe answer is (?P<formula>.*?)\.?\s*$", re.S)


def read_palm(dataset: str, style: str) -> Iterator[Row]:
    """Completions, cut where the model goes on with a question of its own."""
    is_cqa = dataset == "commonsense_qa"
    field, folder = ("id", "cqa") if is_cqa else ("input", "svamp")
    for part, count in ({"train": 10} if is_cqa else {"train": 2, "test": 1}).items():
        names = [f"{PALM}/{folder}/llm/{part}_CoT_{n}.json" for n in range(count)]
        texts = [text for name in names for text in read_array(corpus_file(name))]
        order = COS_E.format(part) if is_cqa else f"{PALM}/svamp/svamp_{part}.json"
        asked = read_lines(path := corpus_file(order), field)
        same_length(f"palm-540b on {path}", len(texts), len(asked))
        for row, text in zip(asked, texts, strict=True):
            own, next_question, _ = text.partition(_NEXT_QUESTION)
            own, name = _TWO_ANSWERS.sub("", own), row[field]
            if is_cqa:
                name = f"{dataset}-{name}"
            else:
                own = _FORMULA.sub(_value, own)
            yield Row(name, text, sentence_lines(own), not next_question)


def _value(match: re.Match) -> str:
    value = value_of(match["formula"])
    return "" if value is None else f"The answer is {format_number(value)}."


FAITHFUL = "teacher_chains/faithful_cot"
_LAST_QUESTION = re.compile(r"^Final Answer:", re.M)
_END = "\n\n"  # a completion that stopped by itself ends so


def read_code_davinci(dataset: str, style: str) -> Iterator[Row]:
    """Chains of thought, or least-to-most chains (our "socratic")."""
    folder = {"gsm8k": "GSM8K", "strategyqa": "StrategyQA", "svamp": "SVAMP"}[dataset]
    run = "code002_COT" if style == "cot" else "code002_LtM"
    path = corpus_file(f"{FAITHFUL}/output_dir/{folder}/test/{run}/predictions.jsonl")
    published = read_lines(path, "id", "completion")
    if dataset == "strategyqa":
        path = corpus_file(f"{FAITHFUL}/data/StrategyQA/test.jsonl")
        asked = read_lines(path, "id", "question")
        names = {row["id"]: row["question"] for row in asked}
    else:  # SVAMP's chal-1 is row 0 of the published file
        name = "gsm8k-test-{0:04d}" if dataset == "gsm8k" else "svamp-chal-{1}"
        names = {n: name.format(n, n + 1) for n in range(len(published))}
    for row in published:
        name, text = names.get(row["id"], f"row {row['id']}"), row["completion"]
        socratic = _LAST_QUESTION.sub("Q:", text)
        lines = socratic if style == "socratic" else sentence_lines(text)
        yield Row(name, text, lines, not text.endswith(_END))


_LABEL = re.compile(r"^[QA](\d+):", re.M)
_NOTE = re.compile(r"<<[^<>]*>>")  # GSM8K's calculator notes, which ChatGPT imitates


def read_chatgpt(dataset: str, style: str) -> Iterator[Row]:
    """Sub-questions and answers, interleaved; no steps if they do not match."""
    path = corpus_file("gsm8k_ai_subq/qg_test_data_raw.jsonl")
    for row in read_lines(path, "problem", "questions", "answers"):
        questions, answers = ("\n".join(row[name]) for name in ("questions", "answers"))
        solutions, mark, final = answers.partition("Final answer:")
        (numbers, asked), (others, answered) = map(_labelled, (questions, solutions))
        turns = []
        if numbers == others:
            triples = zip(numbers, asked, answered, strict=True)
            turns = [f"Q{n}: {question}\nA{n}: {a}" for n, question, a in triples]
        # The blank line keeps a final answer in words out of the last solution.
        prepared = _NOTE.sub("", "\n".join([*turns, "", mark + final]))
        yield Row(row["problem"], f"{questions}\n{answers}", prepared)


def _labelled(text: str) -> tuple[list[str], list[str]]:
    """The numbers, and the texts on one line each, of all "Q1: ..." or "A1: ..."."""
    _, *parts = _LABEL.split(text)
    return parts[0::2], [" ".join(body.split()) for body in parts[1::2]]


READERS = {"cos-e": read_cos_e, "palm-540b": read_palm, "chatgpt": read_chatgpt,
           "code-davinci-002": read_code_davinci}  # fmt: skip
ENTRIES = tomllib.loads(Path(__file__).with_name("corpora.toml").read_text("utf-8"))
CORPORA = {
    name: Corpus({tuple(key.split(".")): s for key, s in own["offered"].items()},
                 own.get("explains_gold", False)) for name, own in ENTRIES.items()
}  # fmt: skip


def load_chains(
    name: str, dataset: str, split: str = "train", style: str = "cot"
) -> list[Chain]:
    """The chains of a teacher on one split, in the order of the split's problems.
    Raises ValueError for a teacher, dataset, style or split without chains, and for
    files with another number of chains or other problems than the benchmark;
    FileNotFoundError when SOCRATIC_DATA_DIR does not hold them."""
    if name not in CORPORA:
        where = f"whose chains are read from the folder that {DATA_VARIABLE} names"
        known = f"choose from {sorted(CORPORA)}"
        raise ValueError(f"unknown teacher {name!r}: {known}, {where}")
    offered, explains_gold = CORPORA[name]
    splits = offered.get((dataset, style), ())
    if split not in splits:
        lacking = f"{style} chains on the {split!r} split of {dataset}"
        known = [" ".join((*key, own)) for key in offered for own in offered[key]]
        where = f"({DATA_VARIABLE} names the folder they are in)"
        raise ValueError(f"{name} has no {lacking}: choose from {known} {where}")
    rows = list(READERS[name](dataset, style))
    problems = [problem for own in splits for problem in load_problems(dataset, own)]
    left, found = defaultdict(list), {}  # problems by id and by text; chains by id
    for problem in problems:
        left[_key(problem.id)].append(problem)
        left[_key(problem.text)].append(problem)
    for row in rows:
        about = f"{name} on {dataset}: {row.problem[:60]!r}"
        if not (same := left[_key(row.problem)]):
            raise ValueError(f"{about} is no problem, or one too many")
        problem = same.pop(0)  # two StrategyQA questions share one text
        steps, answer = parse_chain(row.prepared, style, problem.kind, row.cut_off)
        answer = problem.answer if explains_gold else answer
        found[problem.id] = Chain(problem.id, style, steps, answer, name, text=row.text)
    same_length(f"{name} on {dataset}", len(rows), len(problems))
    return [found[problem.id] for problem in problems if problem.split == split]


def training_chains(chains: Sequence[Chain], dataset: str) -> list[Chain]:
    """The same chains, if a student may be trained on all of them.  Raises ValueError
    when a chain's problem is not one of the benchmark's training problems, or has the
    text of a problem of another split."""
    training = {problem.id: problem for problem in load_problems(dataset, "train")}
    others = [split for split in splits_of(dataset) if split != "train"]
    splits = {}  # of each id, and of each text with its choices
    for problem in [p for split in others for p in load_problems(dataset, split)]:
        where = f"{problem.dataset} {problem.split}"
        splits[problem.id] = splits[_key(problem_text(problem))] = where
    for chain in chains:
        problem = training.get(chain.problem_id)
        text = problem and _key(problem_text(problem))
        if where := splits.get(chain.problem_id) or splits.get(text):
            about = f"a problem of {where}, which is for evaluation only"
        elif problem is None:
            about = f"no training problem of {dataset}"
        else:
            continue
        which = f"the chain of {chain.source} on {chain.problem_id}"
        raise ValueError(f"{which} is about {about}: leave it out of training")
    return list(chains)


def _key(text: str) -> str:
    """What copies of a text or an id share: its words and signs in lower case."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))


@cache
def published(model: str, dataset: str, split: str, style: str) -> dict[str, Chain]:
    """Problem id -> chain, read once per process."""
    return {c.problem_id: c for c in load_chains(model, dataset, split, style)}


class PublishedTeacher:
    """Published chains behind the interface of `Teacher`, one per problem and style."""

    def __init__(self, model: str) -> None:
        self.model = model

    def sample(
        self, problems: Sequence[Problem], style: str = "cot", n: int = 1,
        temperature: float = 0.0, first_sample: int = 0,
    ) -> list[Chain]:  # fmt: skip
        """The published chain of each problem, in the problems' order.  A problem
        without one gets a chain without steps and answer, so that the filter counts it.
        ValueError for a dataset or style without chains, or beyond the first sample."""
        if not problems or n < 1:
            raise ValueError("give at least one problem and n of at least 1")
        if n > 1 or first_sample:
            raise ValueError(f"{self.model} has one published chain a problem")
        return [published(self.model, p.dataset, p.split, style).get(p.id)
                or Chain(p.id, style, (), None, self.model)
                for p in problems]  # fmt: skip

    def replies(self, problems: Sequence[Problem]) -> list[dict]:
        """Always empty: nothing was asked, so no tokens were counted."""
        return []

    def estimate(self, problems: Sequence[Problem], *args, **kwargs) -> Estimate:
        """Always zero: nothing is asked."""
        return Estimate(0, 0, 0, 0.0, 0.0, "published chains")
