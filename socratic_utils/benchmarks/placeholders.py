"""Problems of mean length, to plan a run without the benchmark's data.

>>> problem, *others = placeholders("gsm8k", "test")
>>> len(others), len(problem.text), len(problem.steps)
(1318, 235, 3)
"""

from socratic_utils.problems import Problem, Step

from .catalogue import BENCHMARKS


def placeholders(name: str, split: str) -> list[Problem]:
    """A different problem for each published one, with an equation in each step."""
    mean = {"steps": 0, "asked": 0, "solved": 0, **BENCHMARKS[name]["typical"]}
    answer = {"number": "2", "yes_no": "yes", "choice": "a"}[mean["kind"]]
    question = "How many?".ljust(mean["asked"], "x") if mean["asked"] else ""
    step = Step(question, "1 + 1 = 2".ljust(mean["solved"], "x"), "2")
    extra = {"placeholder": True}
    if "apart" in mean:
        asked = "How many?".ljust(mean["text"], "x")
        extra["sub_questions"] = [asked] * mean["apart"]
    problems = []
    for i in range(BENCHMARKS[name]["sizes"][split]):
        count = int((i + 1) * mean["steps"]) - int(i * mean["steps"])
        text = f"{i} ".ljust(mean["text"], "x")
        id, steps = f"{name}-{split}-{i:05d}", (step,) * count
        found = Problem(id, name, split, text, answer, mean["kind"], steps, extra=extra)
        problems.append(found)
    return problems
