"""The right answers of notebook 02, computed from a run; docstrings are hints."""

from collections import Counter

from socratic_utils.answers import equation_is_right, find_equations
from socratic_utils.experiments import corpus, data
from socratic_utils.filtering import KEPT
from socratic_utils.problems import Chain, Step


def answer_1(settings):
    """The arguments of `keep_if_correct` are the problems, the teacher, the style and
    `max_resamples`; its result has the kept chains in `kept`."""
    kept = {}
    for style in corpus.styles(settings):
        attempts = corpus.filtered(settings, style).attempts
        first = [a.reason for a in attempts if a.chain.sample == 0]
        kept[style] = first.count(KEPT)
    return kept


def answer_2(settings):
    """`judge` returns the text "kept" for a chain that it keeps, which is not the same
    as true. `has_false_equation(chain)` must be false."""
    by_id = {problem.id: problem for problem in data.train_problems(settings)}
    tried = []
    for style in corpus.styles(settings):
        for attempt in corpus.filtered(settings, style).attempts:
            texts = [step.solution for step in attempt.chain.steps]
            equations = [e for text in texts for e in find_equations(text)]
            strict = attempt.reason == KEPT and all(map(equation_is_right, equations))
            tried.append((by_id[attempt.chain.problem_id], attempt.chain, strict))
    made = Step("", "It is 3 + 4 = 8.", "8")  # the right answer by a false equation
    problem = next(iter(by_id.values()))
    chain = Chain(problem.id, "cot", (made,), problem.answer, "toy")
    tried.append((problem, chain, False))
    return lambda keep: all(
        bool(keep(p, chain)) == strict for p, chain, strict in tried
    )


def answer_3(settings):
    """Count all training problems by `len(problem.steps)`, and those whose id is the
    `problem_id` of a chain in `last.kept`; then divide."""
    problems = data.train_problems(settings)
    result = corpus.filtered(settings, corpus.styles(settings)[-1])
    total = Counter(len(problem.steps) for problem in problems)
    kept = Counter(len(p.steps) for p, _ in corpus.paired(problems, result.kept))
    return {steps: kept[steps] / total[steps] for steps in total}
