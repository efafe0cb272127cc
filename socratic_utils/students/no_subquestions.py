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
    found = []
    for problem, chain in pairs:
        steps = [replace(step, question="") for step in chain.steps]
        for count, last in enumerate(chain.steps[:-1], 1):
            if last.answer:
                asked = (replace(steps[0], question=last.question), *steps[1:count])
                found.append((problem, replace(chain, steps=asked, answer=last.answer)))
        if steps:
            found.append((problem, replace(chain, steps=tuple(steps))))
    return found


def as_long(training: Training, pairs: int, sub_pairs: int) -> Training:
    """As many optimizer steps as the question answerer's, on more transcripts."""
    wanted = ceil(ceil(pairs / training.batch_size) * training.epochs)
    return training.for_steps(wanted, sub_pairs)
