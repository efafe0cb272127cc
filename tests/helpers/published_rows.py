"""Handwritten rows in the formats of the published files, for two test modules."""

import json
import os
from collections import Counter

import pytest

from socratic_utils.filtering.right_answers import judge

REAL_DATA = os.environ.get("SOCRATIC_DATA_DIR")
needs_real_data = pytest.mark.skipif(
    not REAL_DATA, reason="SOCRATIC_DATA_DIR is not set"
)

PALM = ("teacher_chains", "distilling_step_by_step")
FAITHFUL = ("teacher_chains", "faithful_cot")


def reasons(chains, problems):
    """How many chains the filter keeps or drops, by reason."""
    by_id = {problem.id: problem for problem in problems}
    return Counter(judge(by_id[chain.problem_id], chain) for chain in chains)


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_array(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=4))


# --- benchmarks -------------------------------------------------------------------


def cqa_row(id, key, stem, choices):
    lettered = zip("ABCDE", choices, strict=True)
    question = {
        "question_concept": "key",
        "choices": [{"label": label, "text": text} for label, text in lettered],
        "stem": stem,
    }
    return {"answerKey": key, "id": id, "question": question}


def strategyqa_row(number, question, answer=True):
    return {
        "qid": f"q{number}",
        "term": "Snail",
        "description": "slow animal",
        "question": question,
        "answer": answer,
        "facts": ["A snail does 1 metre an hour. ", "A tortoise does 300."],
        "decomposition": ["How fast is a snail?", "Is #1 more than 300?"],
        "evidence": [[[["Snail-1"]], "operation"]],
    }


def write_strategyqa(folder, questions):
    """One row a question in file order, the last in dev.json; every second is true."""
    rows = [strategyqa_row(n, text, n % 2 == 0) for n, text in enumerate(questions)]
    write_array(folder / "strategyqa" / "train.json", rows[:-1])
    write_array(folder / "strategyqa" / "dev.json", rows[-1:])


def svamp_row(number, answer=5.0):
    return {
        "ID": f"chal-{number}",
        "Body": f"Ann had {number} pens. If she got {number} more pens ",
        "Question": "How many pens does she have?",
        "Equation": f"( {number}.0 + {number}.0 )",
        "Answer": answer,
        "Type": "Addition",
    }


def write_svamp(folder, numbers=range(1, 11)):
    rows = [svamp_row(number, 2.0 * number) for number in numbers]
    write_array(folder / "svamp" / "SVAMP.json", rows)
    return rows


def write_gsm8k(folder, questions, split="test"):
    rows = [{"question": q, "answer": "It is 5.\n#### 5"} for q in questions]
    for name in (f"{split}.jsonl", f"{split}_socratic.jsonl"):
        write_lines(folder / "gsm8k" / name, rows)


# --- corpora ----------------------------------------------------------------------


def write_commonsense_qa(folder):
    """Three training questions k0 to k2 and a validation question v0."""
    choices = ("pond", "drawer", "baker", "lake", "song")
    train = [
        cqa_row("k0", "B", "Where is a spare key kept?", choices),
        cqa_row("k1", "A", "Where do carp live?", choices),
        cqa_row("k2", "C", "Who bakes?", choices),
    ]
    write_lines(folder / "commonsense_qa" / "train_rand_split.jsonl", train)
    dev = [cqa_row("v0", "B", "Where are pens?", choices)]
    write_lines(folder / "commonsense_qa" / "dev_rand_split.jsonl", dev)


def write_cos_e(folder, texts=("", "", ""), order=("k2", "k0", "k1")):
    rows = [
        {"id": id, "explanation": {"open-ended": text, "selected": ""}}
        for id, text in zip(order, texts, strict=True)
    ]
    write_lines(folder / "cos_e" / "cose_train_v1.11.jsonl", rows)
    row = {"id": "v0", "explanation": {"open-ended": "Pens lie in drawers."}}
    write_lines(folder / "cos_e" / "cose_dev_v1.11.jsonl", [row])


def write_palm_cqa(folder, texts):
    """The ten files: two chains in the first, the others in the last."""
    for part in range(10):
        own = texts[:2] if part == 0 else texts[2:] if part == 9 else ()
        path = folder.joinpath(*PALM, "cqa", "llm", f"train_CoT_{part}.json")
        write_array(path, list(own))


def write_faithful(folder, run, texts):
    path = folder.joinpath(*FAITHFUL, "output_dir", *run.split("/"))
    rows = [
        {"id": number, "answer": "5", "completion": text, "completions": [text]}
        for number, text in enumerate(texts)
    ]
    write_lines(path / "predictions.jsonl", rows)


def write_faithful_strategyqa(folder, questions):
    rows = [{"id": n, "question": f" {q} "} for n, q in enumerate(questions)]
    write_lines(folder.joinpath(*FAITHFUL, "data", "StrategyQA", "test.jsonl"), rows)
    texts = [f" About {q.rstrip('?')}. So the answer is yes.\n\n" for q in questions]
    write_faithful(folder, "StrategyQA/test/code002_COT", texts)


def write_subq(folder, *rows):
    """GSM8K-AI-SubQ rows from (problem, questions, answers)."""
    published = [
        {"problem": p, "questions": [q], "answers": [a], "answer": "#### 5"}
        for p, q, a in rows
    ]
    write_lines(folder / "gsm8k_ai_subq" / "qg_test_data_raw.jsonl", published)
