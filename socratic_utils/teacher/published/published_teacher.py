"""Published chains behind the interface of `Teacher`.

    ./run_all.sh small --dataset svamp --teacher palm-540b

runs offline: notebooks and filter use this teacher as any other.  Not covered: a second
sample of a problem; there is one chain per problem and style.
"""

from collections.abc import Sequence
from functools import cache

from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.cost import Estimate

from . import load_chains


@cache
def published(model: str, dataset: str, split: str, style: str) -> dict[str, Chain]:
    """Problem id -> chain, read once per process."""
    return {c.problem_id: c for c in load_chains(model, dataset, split, style)}


class PublishedTeacher:
    """A teacher whose chains are published."""

    def __init__(self, model: str) -> None:
        self.model = model

    def sample(
        self, problems: Sequence[Problem], style: str = "cot", n: int = 1,
        temperature: float = 0.0, first_sample: int = 0,
    ) -> list[Chain]:  # fmt: skip
        """The published chain of each problem, in the problems' order.

        A problem without one gets a chain without steps and answer, so that the filter
        counts it.  Raises ValueError for a dataset or style without chains, and when
        more than the first sample is wanted.
        """
        if not problems or n < 1:
            raise ValueError("give at least one problem and n of at least 1")
        if n > 1 or first_sample:
            raise ValueError(f"{self.model} has one published chain a problem")
        return [
            published(self.model, p.dataset, p.split, style).get(p.id)
            or Chain(p.id, style, (), None, self.model)
            for p in problems
        ]

    def replies(self, problems: Sequence[Problem]) -> list[dict]:
        """Always empty: nothing was asked, so no tokens were counted."""
        return []

    def estimate(self, problems: Sequence[Problem], *args, **kwargs) -> Estimate:
        """Always zero: nothing is asked."""
        return Estimate(0, 0, 0, 0.0, 0.0, "published chains")
