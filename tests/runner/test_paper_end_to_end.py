"""`./run_all.sh paper` for one tiny GPT-2: from the hub and a teacher to Table 2.

What `run_all.sh` starts does it, with kernels that need no seconds to import torch.
The hub (parquet rows of GSM8K, a random GPT-2) and the teacher are servers of ours on
loopback; everything between them is the real thing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from socratic_utils.benchmarks import gsm8k
from socratic_utils.files import project_root, read_rows
from tests.helpers.hub_content import dataset, gpt2
from tests.helpers.hub_server import CACHED, HubServer
from tests.helpers.teacher_server import TeacherServer, asked

pytestmark = pytest.mark.slow
STUDENT, TRAIN, TEST = "openai-community/gpt2", 8, 4
GOODS = ("eggs", "pens", "rolls", "cups", "coins", "stamps")


def row(number):
    """A problem of two steps in both editions of GSM8K: (main, Socratic)."""
    per_day, days, sold = number % 7 + 3, number % 5 + 2, number % 4 + 1
    made, goods = per_day * days, GOODS[number % len(GOODS)]
    question = (f"Ann gets {per_day} {goods} a day for {days} days, and sells {sold}. "
                f"How many {goods} does Ann have in box {number}?")  # fmt: skip
    left = made - sold
    steps = [("How many does she get?", f"She gets {per_day} * {days} = "
              f"<<{per_day}*{days}={made}>>{made} {goods}."),
             ("How many are left?", f"She has {made} - {sold} = "
              f"<<{made}-{sold}={left}>>{left} {goods} left.")]  # fmt: skip
    last = f"#### {left}"
    main = "\n".join([*(solution for _, solution in steps), last])
    socratic = "\n".join([*(f"{q} ** {solution}" for q, solution in steps), last])
    return {"question": question, "answer": main}, {"question": question,
                                                    "answer": socratic}  # fmt: skip


ROWS = {"train": [row(n) for n in range(12)], "test": [row(n) for n in range(50, 58)]}


class Solver(TeacherServer):
    """A teacher that solves every problem but those of box 3."""

    def choice(self, request, index, behaviour):
        text = asked(request)
        main, socratic = next(pair for rows in ROWS.values() for pair in rows
                              if pair[0]["question"] in text)  # fmt: skip
        body, _, answer = socratic["answer"].rpartition("\n#### ")
        lines = []
        for number, line in enumerate(body.split("\n"), 1):
            question, _, solution = line.partition(" ** ")
            solution = re.sub(r"<<.*?>>", "", solution)
            lines += [f"Q{number}: {question}", f"A{number}: {solution}"]
        answer = "1" if "box 3?" in text else answer
        self.reply = "\n".join([*lines, f"The answer is {answer}."])
        return super().choice(request, index, behaviour)


class Paper:
    """The servers, and what `./run_all.sh paper` does with them."""

    forked = (sys.executable, "-m", "tests.helpers.forked_kernels")
    script = (project_root() / "run_all.sh",)

    def __init__(self, folder, hub, teacher):
        self.folder, self.hub, self.teacher = folder, hub, teacher

    def run_all(self, command, *more, **variables):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = self.hub.environment(
            self.folder / "home", PATH=path, OPENAI_API_KEY="of-the-test",
            SOCRATIC_OUTPUTS=str(self.folder / "outputs"), OMP_NUM_THREADS="1",
            PYTHONPATH=str(project_root()),
        )  # fmt: skip
        words = ["paper", "--student", STUDENT, "--dataset", "gsm8k",
                 "--train-limit", str(TRAIN), "--test-limit", str(TEST),
                 "--teacher", "toy", "--teacher-url", self.teacher.url]  # fmt: skip
        done = subprocess.run(
            [*command, *words, *more], cwd=project_root(),
            env=environment | variables, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    @property
    def made(self):
        return self.folder / "outputs" / f"paper-from-toy-train{TRAIN}"


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    editions = {name: {split: [pair[place] for pair in rows]
                       for split, rows in ROWS.items()}
                for place, name in enumerate(("main", "socratic"))}  # fmt: skip
    with HubServer() as hub, Solver() as teacher:
        hub.add("datasets/openai/gsm8k", dataset(**editions), gsm8k.HUB[1])
        hub.add(STUDENT, gpt2(folder / "gpt2"))
        paper = Paper(folder, hub, teacher)
        paper.said = paper.run_all(paper.forked)
        yield paper


def test_the_row_of_table_2_stands_beside_the_papers(paper):
    table = pd.read_csv(paper.made / "tables" / "socratic_cot_table2.csv")
    place = list(table["student_model"]).index("GPT-2 Small")
    theirs, own = table.iloc[place], table.iloc[place + 1]
    assert own["dataset"] == "GSM8K" and f"ours (n = {TEST}" in own["student_model"]
    assert float(theirs["CoT"]) == 4.7
    filled = own.drop("GT Facts")  # StrategyQA's alone
    assert "–" not in set(filled)
    assert "socratic_iterative" in paper.said and "report.html" in paper.said
    page = (paper.made / "report.html").read_text("utf-8")
    assert "GPT-2 Small" in page


def test_the_chains_are_the_teachers_and_the_wrong_one_is_dropped(paper):
    kept = [chain for _, chain in read_rows(paper.made / "chains" / "cot-kept.jsonl")]
    boxes = [int(chain["problem_id"][-4:]) for chain in kept]
    assert boxes == [n for n in range(TRAIN) if n != 3]
    tried = list(read_rows(paper.made / "chains" / "cot-attempts.jsonl"))
    assert len(tried) == TRAIN + 3  # the problem of box 3 was sampled four times


def test_the_ablations_are_there(paper):
    table = pd.read_csv(paper.made / "tables" / "ablations.csv")
    for arm in ("cot, calculator", "iterative, questions of the teacher",
                "iterative, predicted equations", "no sub-question module",
                "iterative, teacher asks about gold steps"):  # fmt: skip
        assert arm in set(table["setting"])


def test_every_file_came_once_and_at_one_commit(paper):
    sent = [path for method, path, status, _ in paper.hub.requests
            if (method, status) == ("GET", 200) and CACHED.fullmatch(path)]  # fmt: skip
    assert paper.hub.unknown == [] and len(sent) == len(set(sent))
    names = sorted(Path(path).name for path in sent if "gpt2" in path)
    assert names == ["config.json", "generation_config.json", "merges.txt",
                     "model.safetensors", "tokenizer_config.json",
                     "vocab.json"]  # fmt: skip
    parquet = [path for path in sent if path.endswith(".parquet")]
    assert len(parquet) == 4 and all(gsm8k.HUB[1] in path for path in parquet)


def test_offline_nothing_is_asked_or_trained_again(paper):
    before = {p: p.stat().st_mtime_ns for p in paper.made.rglob("training.json")}
    asked, requests = len(paper.teacher.requests), len(paper.hub.requests)
    assert before and asked
    said = paper.run_all(paper.script, "--only", "03", HF_HUB_OFFLINE="1")
    assert "predictions on disk" in said and " correct (" not in said
    after = {p: p.stat().st_mtime_ns for p in paper.made.rglob("training.json")}
    assert after == before
    assert (len(paper.teacher.requests), len(paper.hub.requests)) == (asked, requests)
