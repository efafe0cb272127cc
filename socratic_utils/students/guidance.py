"""Guidance: a plan that the question generator reads before its questions.

Socratic CoT conditions the question generator on the equations of the solution (Table
4; Fig. 6).  Here the guide is one line after the problem's.  In training it comes from
the chain itself; at test time it is gold, which gives part of the solution away, or
predicted by a planner (`decoding.oracles`).

    >>> guide_text(gold_chain(problem), "equations")
    'Plan: 3 * 4 = 12; 12 - 2 = 10'

Not covered: the paper's number of facts on StrategyQA (ours is the number of steps).
"""

import re
from collections.abc import Sequence

from socratic_utils.answers import find_equations
from socratic_utils.problems import Chain, Problem, gold_chain

from .transcript import PREFIXES

# Socratic CoT has equations, and the number of steps on SVAMP.  Operators alone are in
# the code of the paper that it cites for its guidance (EMNLP 2022, arXiv 2211.12835).
GUIDES = ("equations", "operators", "steps")
_OPERATOR = re.compile(r"(?<=[\d)%])[-+*/xX]")  # between two operands, so no sign


def guide_text(chain: Chain, kind: str) -> str:
    """The guide line of a chain, from its own steps, right or wrong (Fig. 6).

    equations   `Plan: 4 * 12 = 48; 48 - 30 = 18`, or `Plan: none`
    operators   `Plan: * -`; those of one equation are joined: `Plan: *+ -`
    steps       `Plan: 2 steps`

    Solutions without an equation add nothing.  ValueError on an unknown kind.
    """
    if kind not in GUIDES:
        raise ValueError(f"the kind of guide must be one of {GUIDES}, not {kind!r}")
    count, prefix = len(chain.steps), PREFIXES["guide"]
    if kind == "steps":
        return f"{prefix} {count} step{'' if count == 1 else 's'}"
    found = [e for step in chain.steps for e in find_equations(step.solution)]
    if kind == "equations":
        texts = [f"{equation.expression} = {equation.result}" for equation in found]
        plan = "; ".join(_OPERATOR.sub(r" \g<0> ", text) for text in texts)
    else:
        plan = " ".join("".join(_OPERATOR.findall(e.expression)) for e in found)
    return f"{prefix} {plan.replace('x', '*').replace('X', '*') or 'none'}"


def gold_guides(problems: Sequence[Problem], kind: str) -> dict[str, str]:
    """Problem id -> guide line from the gold steps; ValueError where there are none."""
    for problem in problems:
        if not problem.steps:
            raise ValueError(f"problem {problem.id!r} has no gold steps for a guide")
    return {p.id: guide_text(gold_chain(p), kind) for p in problems}
