"""Training pairs of the ablation without a sub-question module.

Socratic CoT (section 5, Table 5) trains a student to write, for the question q(j), the
whole chain s(1) ... s(j) instead of s(j) alone, and finds a large drop.  Here a chain
of k steps gives k transcripts; the last one has no question but the problem's own:

    >>> [chain.answer for _, chain in sub_problems([(problem, chain)])]
    ['12', '10']

Not covered: the paper's own rendering and training length, which it does not report.
"""

from dataclasses import replace
from math import ceil

from socratic_utils.config import Training
from socratic_utils.problems import Chain, Problem

from .transcript import Pairs


def sub_problems(pairs: Pairs) -> list[tuple[Problem, Chain]]:
    """The sub-problems of every pair, shortest first; steps without answer add none."""
    return [
        (problem, until(chain, count))
        for problem, chain in pairs
        for count in range(1, len(chain.steps) + 1)
        if count == len(chain.steps) or chain.steps[count - 1].answer
    ]


def until(chain: Chain, count: int) -> Chain:
    """The chain of steps 1 to `count`, with only the question of the last."""
    last = chain.steps[count - 1]
    question, answer = last.question, last.answer
    if count == len(chain.steps):
        question, answer = "", chain.answer
    steps = [replace(step, question="") for step in chain.steps[:count]]
    steps[0] = replace(steps[0], question=question)
    return replace(chain, steps=tuple(steps), answer=answer)


def as_long(training: Training, pairs: int, sub_pairs: int) -> Training:
    """As many optimizer steps as the question answerer's, on more transcripts."""
    wanted = ceil(ceil(pairs / training.batch_size) * training.epochs)
    return training.for_steps(wanted, sub_pairs)
