"""How the published corpora are read; `corpora.toml` says what each one offers.

A reader yields one `Row` per published chain; `load_chains` joins them with problems,
by id or text, and parses them.  A new corpus is a reader and an entry of both.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from socratic_utils.answers import format_number, sentence_lines
from socratic_utils.answers.arithmetic import value_of
from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.benchmarks.loading import read_array, read_lines


class Row(NamedTuple):
    problem: str  # its id or its text
    text: str  # as published
    prepared: str  # one step per line, as `parse_chain` reads it
    cut_off: bool = False  # whether the last line may be incomplete


class Corpus(NamedTuple):
    offered: dict[tuple[str, str], tuple[str, ...]]  # (dataset, style) -> splits
    read: Callable[[str, str], Iterator[Row]] | None
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
ENTRIES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CORPORA = {
    name: Corpus({(dataset, style): tuple(splits)
                  for dataset, styles in entry["offered"].items()
                  for style, splits in styles.items()},
                 READERS.get(name), entry.get("explains_gold", False))
    for name, entry in ENTRIES.items()
}  # fmt: skip
