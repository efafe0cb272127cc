"""`./run_all.sh paper` for one tiny GPT-2: from the hub and a teacher to Table 2.

The hub (parquet rows of GSM8K, a random GPT-2) and the teacher are servers of ours on
loopback; everything between them is the real thing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from socratic_utils.benchmarks import gsm8k
from socratic_utils.files import project_root
from tests.helpers.hub_content import dataset, gpt2
from tests.helpers.hub_server import HubServer
from tests.helpers.teacher_server import TeacherServer, asked

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


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(what was printed, the folder of the run, the hub's and the teacher's server)."""
    folder = tmp_path_factory.mktemp("paper")
    editions = {name: {split: [pair[place] for pair in rows]
                       for split, rows in ROWS.items()}
                for place, name in enumerate(("main", "socratic"))}  # fmt: skip
    with HubServer() as hub, Solver() as teacher:
        hub.add("datasets/openai/gsm8k", dataset(**editions), gsm8k.HUB[1])
        hub.add(STUDENT, gpt2(folder / "gpt2"))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = hub.environment(
            folder / "home", PATH=path, SOCRATIC_OUTPUTS=str(folder / "outputs"),
            OPENAI_API_KEY="of-the-test", OMP_NUM_THREADS="1",
        )  # fmt: skip
        words = ["paper", "--student", STUDENT, "--dataset", "gsm8k",
                 "--train-limit", str(TRAIN), "--test-limit", str(TEST),
                 "--teacher", "toy", "--teacher-url", teacher.url]  # fmt: skip
        done = subprocess.run([project_root() / "run_all.sh", *words], env=environment,
                              capture_output=True, text=True)  # fmt: skip
        (folder / "said").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        [made] = (folder / "outputs").glob("paper*")
        yield done.stdout, made, hub, teacher


def test_it(run):
    print(run)
