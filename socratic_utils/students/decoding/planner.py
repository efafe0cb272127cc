"""Guides predicted by a planner, a student that reads only the problem.

Socratic CoT uses a sequence-to-sequence model of unnamed architecture for this (Fig.
6); that our planner is a student like the others is our choice.

    >>> guides = write_guides(problems, planner, settings.decoding)
    >>> solve(problems, generator, answerer, guides=guides)
    >>> solve(problems, PlannedDecoder(generator, planner, 320), answerer)    # the same

Not covered: gold guides (`guidance.gold_guides`).
"""

from collections.abc import Sequence

from socratic_utils.config import Decoding
from socratic_utils.problems import Problem
from socratic_utils.students.transcript import PREFIXES, line_ids, prompt_ids, text_ids

from .incremental import IncrementalDecoder


def write_guides(
    problems: Sequence[Problem], planner: IncrementalDecoder, decoding: Decoding
) -> dict[str, str]:
    """Problem id -> guide line, decoded greedily in batches of `decoding.batch_size`.

    The planner is given the line's first word, so that every line is a guide.
    """
    guides = {}
    for start in range(0, len(problems), decoding.batch_size):
        batch = problems[start : start + decoding.batch_size]
        prompts = [prompt_ids(planner.tokenizer, problem) for problem in batch]
        plans = _plans(planner, prompts, decoding.max_tokens)
        guides |= {p.id: plan for p, plan in zip(batch, plans, strict=True)}
    return guides


def _plans(
    planner: IncrementalDecoder, prompts: list[list[int]], limit: int
) -> list[str]:
    """The guide line that the planner writes after each prompt."""
    prefix = text_ids(planner.tokenizer, PREFIXES["guide"])
    planner.start([prompt + prefix for prompt in prompts])
    texts = [" ".join(planner.text(ids).split()) for ids in planner.write(limit)]
    return [f"{PREFIXES['guide']} {text}".strip() for text in texts]


class PlannedDecoder(IncrementalDecoder):
    """A question generator that reads the planner's guide after each problem.

    Both models must have the same tokeniser.  A guide has at most `limit` tokens.
    """

    def __init__(
        self, generator: IncrementalDecoder, planner: IncrementalDecoder, limit: int
    ) -> None:
        super().__init__(generator.model, generator.tokenizer)
        self.planner, self.limit = planner, limit

    def start(self, prompts: Sequence[list[int]]) -> None:
        plans = _plans(self.planner, [list(p) for p in prompts], self.limit)
        read = [line_ids(self.tokenizer, plan) for plan in plans]
        super().start([[*p, *ids] for p, ids in zip(prompts, read, strict=True)])
