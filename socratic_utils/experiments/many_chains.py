"""Students of many chains a problem (P2): how many, which ones, how many votes.

    problems, chains = sampling.sampled(settings)
    for name, pool in by_count(settings, problems, chains).items():
        rows += score(settings, name, pool)

All students are trained for the same number of steps, as P2's are (PAPERS.md 2.4), so
that more chains mean other chains and not more training: at `small` about as many as
show each chain of the largest pool once, and those of the smallest six times.  At
`paper` scale each visit of a problem draws one of its chains (`visits`).  Wrong chains
are left out (P2's supervised setting).  Rows lie in `predictions/many_chains/`, apart
from the students of the main table.

Not covered: where transcripts are longer than `max_length`, there are fewer steps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import ceil, inf
from pathlib import Path

import pandas as pd

from socratic_utils.config import Settings, Training
from socratic_utils.filtering.down_sampling import (
    DOWN_SAMPLINGS,
    Pool,
    balanced,
    correct_only,
)
from socratic_utils.metrics import accuracy
from socratic_utils.metrics.self_consistency import SAMPLED, accuracy_by_votes
from socratic_utils.problems import Chain, Problem
from socratic_utils.results.papers import scotd as second_paper
from socratic_utils.students.supervision import SUPERVISIONS, Supervision
from socratic_utils.students.training.train import train_student

from . import stages as experiments
from .corpus import Pairs, spread, test_problems, train_problems
from .sampling import STYLE, sampled
from .stages import solved, take_reference

FOLDER = "many_chains"
WAYS = {"pool_flat": False, "pool_balanced": True}  # name of a student -> `balanced`
FILTERS = {f"filter_{n.replace('-', '_')}": way for n, way in DOWN_SAMPLINGS.items()}
LIKELIHOOD = "filter_likelihood"


def by_count(
    settings: Settings, problems: Sequence[Problem], chains: Sequence[Chain]
) -> dict[str, Pool]:
    """The right ones among the first 1, 2, ... chains of each problem (P2 Fig 2).

    A pool without a chain is left out.
    """
    pools = {}
    for count in settings.many.counts:
        first = [chain for chain in chains if chain.sample < count]
        pools[count_name(count)] = correct_only(problems, first)
    return {name: pool for name, pool in pools.items() if pool.chains}


def by_filter(
    settings: Settings,
    problems: Sequence[Problem],
    chains: Sequence[Chain],
    only: str = "",
) -> dict[str, Pool]:
    """The same budget spent in P2's four ways (P2 section 4, Fig 7), or in `only` one.

    Without log-likelihoods, which not every endpoint gives, there are three.
    """
    ways = {name: way for name, way in FILTERS.items() if only in ("", name)}
    if LIKELIHOOD in ways and any(
        chain.answer and not (chain.logprob and chain.tokens) for chain in chains
    ):
        print("no log-likelihoods from this teacher: likelihood is left out")
        del ways[LIKELIHOOD]
    budget, seed = settings.many.budget, settings.seed
    pools = {
        name: select(problems, chains, budget, seed) for name, select in ways.items()
    }
    return {name: pool for name, pool in pools.items() if pool.chains}


def pool_names(settings: Settings) -> list[str]:
    """The students of notebooks 10 and 11, before anybody has asked for a chain."""
    counts = map(count_name, settings.many.counts)
    return [*counts, other_way(settings), *FILTERS]


def count_name(count: int) -> str:
    """The student of so many chains a problem."""
    return f"chains_{count:02d}"


def most(settings: Settings) -> str:
    """The student of the most chains a problem."""
    return count_name(settings.many.counts[-1])


def other_way(settings: Settings) -> str:
    """The student of the largest pool that is shown it the other way than the run's:
    flat, all chains weigh the same, or balanced, all problems do (PAPERS.md 2.4)."""
    return next(name for name, way in WAYS.items() if way != settings.many.balanced)


def as_named(settings: Settings, name: str) -> Settings:
    """The run's settings, or for a student of `WAYS` those of its way."""
    way = WAYS.get(name, settings.many.balanced)
    return replace(settings, many=replace(settings.many, balanced=way))


def pool_of(settings: Settings, name: str) -> Pool | None:
    """What a student learns from, by its name; None where that is no chain at all.

    Chains are asked for if need be.
    """
    problems, chains = sampled(settings)
    if name in FILTERS:
        return by_filter(settings, problems, chains, name).get(name)
    if name in WAYS:
        name = most(settings)
    return by_count(settings, problems, chains).get(name)


def lesson(
    settings: Settings, pool: Pool, steps: int | None = None
) -> tuple[Pairs, Training]:
    """The training pairs of a pool and its recipe.

    `steps` are the scale's unless they are given.
    """
    by_id = {problem.id: problem for problem in train_problems(settings)}
    steps = steps or settings.many.steps
    several = len({chain.problem_id for chain in pool.chains}) < len(pool.chains)
    if settings.many.balanced and several and pool.short is None:  # budgets stay
        pool = visits(settings, pool, steps)
    pairs = [(by_id[chain.problem_id], chain) for chain in pool.chains]
    return pairs, settings.training.for_steps(steps, len(pairs))


def train(
    settings: Settings,
    pool: Pool,
    supervision: Supervision = SUPERVISIONS[STYLE],
    steps: int | None = None,
) -> Path:
    """Train a student on a pool; its folder.

    Raises ValueError on a pool without a chain.
    """
    pairs, training = lesson(settings, pool, steps)
    return train_student(
        settings.student,
        pairs,
        supervision,
        training,
        settings.folder / "students",
        settings.seed,
    )


def visits(settings: Settings, pool: Pool, steps: int) -> Pool:
    """A pool as the authors' code shows it: all problems equally often, for so many
    steps, each time with a chain drawn from their own (PAPERS.md 2.4)."""
    having = {chain.problem_id for chain in pool.chains}
    problems = [p for p in train_problems(settings) if p.id in having]
    needed = ceil(steps * settings.training.batch_size / max(1, len(problems)))
    return balanced(problems, pool.chains, needed, settings.seed, keep_wrong=True)


def score(settings: Settings, name: str, pool: Pool) -> list[dict]:
    """Prediction rows of a pool's student, greedy: from disk, or trained and solved."""
    settings = as_named(settings, name)
    path = predictions_path(settings, name)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    asked = spread(test_problems(settings), settings.many.test_limit)
    folders, labels = [train(settings, pool)], _labels(settings, name)
    return solved(settings, path, folders, asked, labels)


def score_votes(settings: Settings, name: str, pool: Pool) -> list[dict]:
    """A row for each number of votes: accuracy with self-consistency (P2 Table 3)."""
    path = predictions_path(settings, f"{name}-votes")
    asked = spread(test_problems(settings), settings.many.vote_limit)
    samples = settings.many.votes[-1]
    if settings.reuse == "reference":
        rows = take_reference(settings, path)
    else:
        decoding = replace(settings.decoding, temperature=SAMPLED.temperature)
        folders, labels = [train(settings, pool)], _labels(settings, name)
        rows = solved(settings, path, folders, asked, labels, decoding, samples)
    table = accuracy_by_votes(rows, samples, settings.many.votes, asked[0].kind)
    return [{"student": name, **line} for line in table]


def voted(settings: Settings) -> set[str]:
    """The ids of the problems that `score_votes` has solutions of."""
    asked = spread(test_problems(settings), settings.many.vote_limit)
    return {problem.id for problem in asked}


def beside_votes(
    settings: Settings, rows: Sequence[dict], votes: pd.DataFrame
) -> pd.DataFrame:
    """Rows for a figure: `by_count`'s students, greedy and with all votes.

    Both on the problems that were voted on: those of `rows` (greedy) are chosen.
    """
    ids = voted(settings)
    name = f"{settings.many.votes[-1]} votes"
    table = []
    for count in settings.many.counts:
        student = count_name(count)
        own = [r for r in rows if r["student"] == student and r["id"] in ids]
        most = votes[votes["student"] == student].to_dict("records")[-1:]
        if own:
            table.append({"student": "greedy", "chains": count, **accuracy(own)})
        table += [{**row, "student": name, "chains": count} for row in most]
    return pd.DataFrame(table)


def by_chains(rows: Sequence[dict]) -> pd.DataFrame:
    """Greedy rows of `by_count`'s students, for a figure: a line for each count."""
    students = dict.fromkeys(row["student"] for row in rows)
    table = []
    for student in students:
        if student.startswith("chains_"):
            own = [r for r in rows if r["student"] == student and "sample" not in r]
            count = int(student.removeprefix("chains_"))
            if own:
                table.append({"student": "greedy", "chains": count, **accuracy(own)})
    return pd.DataFrame(table)


def filtered_rows(rows: Sequence[dict]) -> list[dict]:
    """Greedy rows of `by_filter`'s students and of the one of all right chains, for a
    figure; none where no filter has been scored."""
    greedy = [row for row in rows if "sample" not in row]
    names = {row["student"] for row in greedy}
    if not names & set(FILTERS):
        return []
    whole = max((n for n in names if n.startswith("chains_")), default="")
    wanted = [whole, *FILTERS]
    found = [row for row in greedy if row["student"] in wanted]
    return sorted(found, key=lambda row: wanted.index(row["student"]))


def label_only(settings: Settings, ids: Collection[str]) -> dict | None:
    """The score of a student of labels on these problems, from rows on disk (Fig 2).

    Notebook 12's, which is trained for as many steps, or else the main table's.  None
    where neither has solved them all.
    """
    split = test_problems(settings)[0].split
    for folder, name in (("two_settings", "full_label"), ("", "answer_only")):
        found = second_paper.on_disk(settings, folder, f"-{split}-{name}.")
        rows = [row for row in found if row["id"] in ids]
        if ids and len(rows) == len(set(ids)):
            return {"student": name, **accuracy(rows)}
    return None


def teacher_votes(
    settings: Settings, problems: Sequence[Problem], chains: Sequence[Chain]
) -> list[dict]:
    """The teacher's own accuracy on its training problems, by number of votes."""
    count = settings.many.counts[-1]
    kinds = {problem.kind for problem in problems}
    golds = {problem.id: problem.answer for problem in problems}
    rows = [
        {"id": c.problem_id, "extracted": c.answer, "gold": golds[c.problem_id],
         "logprob": c.logprob or -inf}
        for c in chains
    ]  # fmt: skip
    return accuracy_by_votes(rows, count, settings.many.counts, *kinds)


def predictions_path(settings: Settings, name: str) -> Path:
    """Where the rows of a pool's student are saved."""
    split = test_problems(settings)[0].split
    return experiments.predictions_path(settings, name, split, FOLDER)


def _labels(settings: Settings, name: str) -> dict:
    return {"student": name, "teacher": settings.teacher}
