"""Problems of mean length, to plan a run without the benchmark's data."""

from pathlib import Path

from socratic_utils.files import read_json
from socratic_utils.problems import Problem, Step

from . import known_size

# Kind of answer and mean characters of a problem; mean number of gold steps, characters
# of their questions and solutions; number of sub-questions apart from the steps.
# Counted in the published training splits; from QuaRel on they are estimates.
TYPICAL = read_json(Path(__file__).with_suffix(".json"))


def placeholders(name: str, split: str) -> list[Problem]:
    """A different problem for each published one, with an equation in each step."""
    kind, length, steps, asked, solved, apart = TYPICAL[name]
    answer = {"number": "2", "yes_no": "yes", "choice": "a"}[kind]
    question = "How many?".ljust(asked, "x") if asked else ""
    step = Step(question, "1 + 1 = 2".ljust(solved, "x"), "2")
    extra = {"placeholder": True}
    if apart:
        extra["sub_questions"] = ["How many?".ljust(length, "x")] * apart
    return [Problem(f"{name}-{split}-{i:05d}", name, split, f"{i} ".ljust(length, "x"),
                    answer, kind, (step,) * (int((i + 1) * steps) - int(i * steps)),
                    extra=extra) for i in range(known_size(name, split))]  # fmt: skip
