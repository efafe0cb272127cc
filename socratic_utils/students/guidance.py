"""Guidance: a plan that the question generator reads before it asks (P1 Fig 6).

P1 conditions the question generator on the equations of the solutions, because without
them it asks another number of questions than the reference for most problems (Table 4).
By its bars, Fig 6's guided students are those of Table 2's iterative column.  Here the
guide is one line of the transcript, after the problem:

    Problem: Mia buys 3 bags of 4 apples and eats 2. How many are left?
    Plan: 3 * 4 = 12; 12 - 2 = 10
    Q: How many apples does Mia buy?
    Q: How many apples are left?
    No more questions.<end>

At test time the plan is gold (`gold_guides`), which gives part of the solution away, or
it is written by a planner student that reads the problem only (`write_guides`).  P1 has
an extra sequence-to-sequence model for that, of unnamed architecture (its ablation of
guidance); that our planner is a student like all others is our choice.

    >>> guides = write_guides(problems, planner, settings.decoding)
    >>> solve(problems, asker, answerer, guides=guides)
    >>> solve(problems, Planned(asker, planner, 320), answerer)         # the same

Not covered: P1's number of facts on StrategyQA, other than as the number of steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from socratic_utils.answers import find_equations
from socratic_utils.config import Decoding
from socratic_utils.problems import Chain, Problem, gold_chain

from .decoding.incremental import Speaker
from .transcript import (
    PREFIXES,
    Segment,
    Supervision,
    prompt_ids,
    role_of,
    segment_ids,
    segments,
)

# P1 has equations, and the number of steps on SVAMP.  Operators alone are in the code
# of the paper that P1 cites for its guidance (EMNLP 2022, arXiv 2211.12835).
GUIDES = ("equations", "operators", "steps")
_OPERATOR = re.compile(r"(?<=[\d)%])[-+*/xX]")  # between two operands, so no sign


def guide_text(chain: Chain, kind: str) -> str:
    """The guide line of a chain, from its own steps, right or wrong (P1 Fig 6).

    equations   `Plan: 4 * 12 = 48; 48 - 30 = 18`
    operators   `Plan: * -`; those of one equation stand together: `Plan: *+ -`
    steps       `Plan: 2 steps`

    Solutions without an equation add none; if all are so, it is `Plan: none`.  Raises
    ValueError on an unknown kind.
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


# --- what is trained --------------------------------------------------------------


@dataclass(frozen=True)
class Guided(Supervision):
    """A supervision with a guide line of this kind after the problem."""

    kind: str

    def transcript(self, problem: Problem, chain: Chain) -> list[tuple[Segment, bool]]:
        """As every supervision's, with the guide that the chain itself gives."""
        first, *rest = segments(problem, chain)
        guide = Segment("guide", guide_text(chain, self.kind))
        return self.view([first, guide, *rest])


# The generator reads the guide and is not trained on it; the planner is trained on
# nothing else.  The question answerer is the usual `qa`: it never sees a guide.
GUIDED_SUPERVISIONS = {
    f"{name}_{kind}": Guided(f"{name}_{kind}", shown, trained, "socratic", kind)
    for kind in GUIDES
    for name, shown, trained in (
        ("qg_guided", ("problem", "guide", "question"), ("question", "done")),
        ("planner", ("problem", "guide"), ("guide",)),
    )
}


# --- what is read at test time ----------------------------------------------------


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


def write_guides(
    problems: Sequence[Problem], planner: Speaker, decoding: Decoding
) -> dict[str, str]:
    """Problem id -> the guide line that a planner writes, greedily and in batches.

    The planner is given the line's first word, so that every line is a guide.  One that
    reaches `max_tokens` is kept as far as it goes.
    """
    guides = {}
    for start in range(0, len(problems), decoding.batch_size):
        batch = problems[start : start + decoding.batch_size]
        prompts = [prompt_ids(planner.tokenizer, problem) for problem in batch]
        plans = _plans(planner, prompts, decoding.max_tokens)
        guides |= {p.id: plan for p, plan in zip(batch, plans, strict=True)}
    return guides


def _plans(planner: Speaker, prompts: list[list[int]], limit: int) -> list[str]:
    """The guide line that a planner writes after each prompt."""
    prefix = planner.tokenizer(PREFIXES["guide"], add_special_tokens=False).input_ids
    planner.start([prompt + prefix for prompt in prompts])
    texts = [" ".join(planner.text(ids).split()) for ids in planner.write(limit)]
    return [f"{PREFIXES['guide']} {text}".strip() for text in texts]


class Planned(Speaker):
    """A question generator that reads, after the problem, what a planner writes.

    Both must have the same tokeniser.  A plan has at most `limit` tokens.
    """

    def __init__(self, asker: Speaker, planner: Speaker, limit: int) -> None:
        super().__init__(asker.model, asker.tokenizer)
        self.planner, self.limit = planner, limit

    def start(self, prompts: Sequence[list[int]]) -> None:
        plans = _plans(self.planner, [list(p) for p in prompts], self.limit)
        lines = [Segment("guide", plan) for plan in plans]
        read = [segment_ids(self.tokenizer, line) for line in lines]
        super().start([[*p, *ids] for p, ids in zip(prompts, read, strict=True)])
