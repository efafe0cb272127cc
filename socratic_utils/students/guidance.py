"""Guidance: a plan that the question generator reads before its questions.

Socratic CoT conditions the question generator on the equations of the solution,
because without them it asks a different number of questions than the reference on most
problems (Table 4; Fig. 6).  Here the guide is one line of the transcript, after the
problem:

    Problem: Mia buys 3 bags of 4 apples and eats 2. How many are left?
    Plan: 3 * 4 = 12; 12 - 2 = 10
    Q: How many apples does Mia buy?
    Q: How many apples are left?
    No more questions.<end>

In training the guide comes from the chain itself.  At test time it is gold, which gives
part of the solution away, or predicted by a planner (`decoding.planner`).

    >>> guide_text(gold_chain(problem), "steps")
    'Plan: 2 steps'

Not covered: the paper's number of facts on StrategyQA (ours is the number of steps).
"""

import re
from collections.abc import Mapping, Sequence

from socratic_utils.answers import find_equations
from socratic_utils.problems import Chain, Problem, gold_chain

from .transcript import PREFIXES, role_of

# Socratic CoT has equations, and the number of steps on SVAMP.  Operators alone are in
# the code of the paper that it cites for its guidance (EMNLP 2022, arXiv 2211.12835).
GUIDES = ("equations", "operators", "steps")
_OPERATOR = re.compile(r"(?<=[\d)%])[-+*/xX]")  # between two operands, so no sign


def guide_text(chain: Chain, kind: str) -> str:
    """The guide line of a chain, from its own steps, right or wrong (Fig. 6).

    equations   `Plan: 4 * 12 = 48; 48 - 30 = 18`
    operators   `Plan: * -`; those of one equation are joined: `Plan: *+ -`
    steps       `Plan: 2 steps`

    Solutions without an equation add nothing; if no solution has one, the guide is
    `Plan: none`.  Raises ValueError on an unknown kind.
    """
    if kind not in GUIDES:
        raise ValueError(f"the kind of guide must be one of {GUIDES}, not {kind!r}")
    if kind == "steps":
        count = len(chain.steps)
        return f"{PREFIXES['guide']} {count} step{'' if count == 1 else 's'}"
    found = [e for step in chain.steps for e in find_equations(step.solution)]
    if kind == "equations":
        sides = [(_spaced(e.expression), _spaced(e.result)) for e in found]
        plan = "; ".join(f"{left} = {right}" for left, right in sides)
    else:
        plan = " ".join(_operators(e.expression) for e in found)
    return f"{PREFIXES['guide']} {plan or 'none'}"


def _spaced(expression: str) -> str:
    """'4x12' -> '4 * 12', as the solutions of a transcript are written."""
    return _OPERATOR.sub(lambda sign: f" {_asterisk(sign[0])} ", expression)


def _operators(expression: str) -> str:
    """'3*(4+-5)' -> '*+'."""
    return "".join(_asterisk(sign) for sign in _OPERATOR.findall(expression))


def _asterisk(sign: str) -> str:
    return "*" if sign in "xX" else sign


def gold_guides(problems: Sequence[Problem], kind: str) -> dict[str, str]:
    """Problem id -> guide line from the gold steps; ValueError where there are none."""
    for problem in problems:
        if not problem.steps:
            raise ValueError(f"problem {problem.id!r} has no gold steps for a guide")
    return {p.id: guide_text(gold_chain(p), kind) for p in problems}


def check_guides(problems: Sequence[Problem], guides: Mapping[str, str]) -> None:
    """ValueError that names the first problem without a guide line."""
    for problem in problems:
        if role_of(guides.get(problem.id, "")) != "guide":
            raise ValueError(
                f"problem {problem.id!r} has no line that starts with "
                f"{PREFIXES['guide']!r} in `guides`"
            )
