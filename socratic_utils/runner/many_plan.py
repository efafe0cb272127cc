"""What P2's own notebooks (06, 09, 11, 13) would take on a GPU: an estimate.

`gpu_plan` has the main table's models, trained for the run's epochs.  P2's students are
trained for a number of steps (20,000 at `paper` scale, PAPERS.md 2.4), one for each
number of chains, filter, setting and share, and most of them solve every test problem
once and 30 times to vote.  The assumptions are those of `gpu_plan`, and one more:

- a training of so many steps reads steps x batch transcripts of the mean length

    >>> many_plan(config.load("paper", dataset="quarel"))    # doctest: +SKIP

A row is all students of a kind, as they take equally long.  A student that two
notebooks share is trained in the first of them (full_scotd of 09 and the whole share of
11 are 06's), and solved in both.

Not covered: 11's transfer to another task, filters that a teacher without
log-likelihoods does not allow (one training and its solutions less).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from socratic_utils.config import Settings
from socratic_utils.experiments import data_size, two_settings
from socratic_utils.experiments.corpus import (
    is_taught,
    spread,
    test_problems,
    train_problems,
)
from socratic_utils.experiments.sampling import STYLE
from socratic_utils.filtering.down_sampling import DOWN_SAMPLINGS
from socratic_utils.teacher.published import CORPORA

from .plan_gpu import (
    GPUS,
    SIZES,
    Size,
    memory,
    solving_row,
    total,
    training_hours,
    transcript_lengths,
)

LABEL = "answer_only"


def many_plan(settings: Settings) -> list[dict]:
    """A row for all students of a kind that are trained, or solve: tokens, memory, and
    hours of them together on each card; the last row is the total.

    Many chains are planned for unless they are published ones, of which there is one a
    problem: who plans may have no key yet.  Empty for a student whose size is not
    known, and where nobody has chains.  Raises OSError where the benchmark is neither
    here nor to be had.
    """
    size = SIZES.get(settings.student.rpartition("/")[2])
    if size is None or not is_taught(settings, STYLE):
        return []
    plan, many = _Plan(settings, size), settings.teacher not in CORPORA
    rows = [
        *(plan.of_06() if many else ()),
        *plan.of_09(many),
        *plan.of_11(many),
        *(plan.of_13() if many else ()),
    ]
    return [*rows, total("06, 09, 11 and 13, one seed", rows)]


@dataclass(frozen=True)
class _Plan:
    settings: Settings
    size: Size

    @cached_property
    def lengths(self) -> dict[str, list[float]]:
        """Tokens of every transcript, of the label alone and with its chain."""
        return {m: transcript_lengths(self.settings, m)[0] for m in (LABEL, STYLE)}

    @cached_property
    def asked(self) -> dict[str, int]:
        """How many problems are solved: all, many.test_limit, and drawn to vote."""
        many, problems = self.settings.many, test_problems(self.settings)
        return {
            "all": len(problems),
            "limited": len(spread(problems, many.test_limit)),
            "votes": len(spread(problems, many.vote_limit)) * many.votes[-1],
        }

    @property
    def by_steps(self) -> int:
        """Transcripts of a training of notebooks 10, 13 and 11."""
        return self.settings.many.steps * self.settings.training.batch_size

    def of_06(self) -> Iterator[dict]:
        count = len(self.settings.many.counts)
        # and the largest pool the other way, flat or balanced
        yield self.train("06 train on pools of chains", STYLE, count + 1, self.by_steps)
        yield self.solve("06 solve", STYLE, count + 1, "limited")
        yield self.solve("06 vote", STYLE, count, "votes")

    def of_09(self, many: bool) -> Iterator[dict]:
        counts = len(self.settings.many.counts) if many else 0
        seen = two_settings.steps(self.settings) * self.settings.training.batch_size
        yield self.train("09 train on labels", LABEL, 2, seen)
        yield self.train("09 train on chains", STYLE, 2 + counts, seen)
        again = counts + 2 * many  # few_shot_scotd and full_scotd, trained already
        yield self.solve("09 solve, labels", LABEL, 2, "all")
        yield self.solve("09 solve, chains", STYLE, 2 + again, "all")
        yield self.solve("09 vote", STYLE, 1 + again, "votes")

    def of_11(self, many: bool) -> Iterator[dict]:
        settings, problems = self.settings, len(train_problems(self.settings))
        parts = [share for share in settings.many.shares if share < 1]
        seen = round(problems * settings.training.epochs)
        for student in data_size.STUDENTS:
            each = round(sum(parts) / max(1, len(parts)) * seen)
            name = f"11 train {student} on shares"
            yield self.train(name, student, len(parts), each)
            yield self.solve(f"11 solve, {student}", student, len(parts), "limited")
        if many:
            counts, shares = len(settings.many.counts), len(settings.many.shares)
            pools = counts * len(parts)
            yield self.train("11 train on pools of shares", STYLE, pools, self.by_steps)
            yield self.solve("11 solve, pools", STYLE, counts * shares, "limited")
        held = round(settings.many.held_back * problems)
        left = round((1 - settings.many.held_back) * seen)
        yield self.train("11 train for checkpoints", STYLE, 1, left)
        looked = self.asked["limited"] + held
        yield self.solve("11 solve, checkpoints", STYLE, settings.many.checkpoints,
                         looked)  # fmt: skip
        yield self.solve("11 solve, untrained", STYLE, 2, "limited")
        yield self.solve("11 vote, untrained", STYLE, 1, "votes")

    def of_13(self) -> Iterator[dict]:
        count = len(DOWN_SAMPLINGS)
        yield self.train("13 train on filtered pools", STYLE, count, self.by_steps)
        yield self.solve("13 solve", STYLE, count, "limited")

    def train(self, what: str, model: str, students: int, each: int) -> dict:
        """`students` trainings that read so many transcripts each."""
        own = self.lengths[model]
        tokens = students * each * sum(own) / len(own)
        return {"what": what, "students": students, "sequences": students * each,
                "million tokens": round(tokens / 1e6, 2),
                "gigabytes": round(memory(self.size, max(own)), 1),
                **{g.name: training_hours(self.size.parameters, tokens, g)
                   for g in GPUS}}  # fmt: skip

    def solve(self, what: str, model: str, students: int, asked: str | int) -> dict:
        """So many solutions, of each of the students."""
        count = self.asked[asked] if isinstance(asked, str) else asked
        own = self.lengths[model]
        one = solving_row(self.settings, self.size, what, sum(own) / len(own), count)
        summed = ("sequences", "million tokens", *(g.name for g in GPUS))
        times = {name: round(students * one[name], 6) for name in summed}
        return {**one, **times, "what": what, "students": students}
