"""Students of many chains per problem: how many, which ones, how many votes.

All students are trained for the same number of optimizer steps, as SCoTD's are, so that
more chains mean other chains and not more training: at `small` scale about as many as
show each chain of the largest pool once, and each of the smallest six times.  At
`paper` scale every visit of a problem draws one of its chains, as the authors' code
does.  Wrong chains are left out (SCoTD's supervised setting).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.filtering import correct_only, judge
from socratic_utils.filtering.duplicates import chain_text
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.self_consistency import accuracy_by_votes
from socratic_utils.problems import Chain, Problem
from socratic_utils.results.tables import over_seeds

from ..arms import Arm
from ..corpus import FILTERS, filters_of, pool_of
from ..data import STYLE, test_problems
from ..saved import arm_rows_on_disk, problems_of
from ..socratic_cot.ablations import paired_line

EXPERIMENT, FILTERED = "many_chains", "filters"


def arms(settings: Settings) -> list[Arm]:
    """Students of 1, 2, ... chains (SCoTD, Figure 2), and the largest pool presented
    the other way: flat, all chains weigh the same, or balanced, all problems do."""
    counts, balanced = settings.many.counts, not settings.many.balanced
    found = [pool_arm(settings, f"chains_{count:02d}") for count in counts]
    name = "pool_balanced" if balanced else "pool_flat"
    return [*found, replace(found[-1], name=name, balanced=balanced)]


def filter_arms(settings: Settings) -> list[Arm]:
    """Students of the same number of chains, chosen in four ways (SCoTD, Figure 7)."""
    arms = (pool_arm(settings, name, FILTERED) for name in FILTERS)
    return [replace(arm, balanced=False) for arm in arms]


def pool_arm(settings: Settings, pool: str, experiment: str = EXPERIMENT) -> Arm:
    """The student of a pool of `corpus.pool_of`, trained on chains of thought."""
    many = settings.many
    return Arm(pool, (STYLE,), experiment, pool=pool, balanced=many.balanced,
               steps=many.steps, limits=(many.test_limit,))  # fmt: skip


def whole_pool(settings: Settings, experiment: str = EXPERIMENT) -> Arm:
    """The student of all right chains; decoded again in another experiment, so that all
    rows of an experiment are in one folder and of one run."""
    return pool_arm(settings, f"chains_{settings.many.counts[-1]:02d}", experiment)


def with_votes(settings: Settings, arm: Arm) -> Arm:
    """The same student, sampled several times per problem (SCoTD, Table 3)."""
    many = settings.many
    return replace(arm, name=f"{arm.name}, votes", samples=many.votes[-1],
                   limits=(*arm.limits, many.vote_limit))  # fmt: skip


def with_chains(settings: Settings, arms: Iterable[Arm]) -> list[Arm]:
    """The arms that have a chain to learn from; asks the teacher for chains."""
    arms = list(arms)
    if any(arm.pool in FILTERS for arm in arms):
        possible = filters_of(settings)
        arms = [a for a in arms if a.pool not in FILTERS or a.pool in possible]
    return [arm for arm in arms if pool_of(settings, arm.pool)[1].chains]


def voted_problems(settings: Settings) -> list[Problem]:
    """The problems of `with_votes`: some of those that are decoded greedily."""
    return problems_of(settings, with_votes(settings, whole_pool(settings)))


def pool_rows(settings: Settings, arms: Iterable[Arm]) -> list[dict[str, Any]]:
    """One row per arm: how many chains its pool has, from how many problems."""
    return [{"student": a.name, **pool_of(settings, a.pool)[1].row()} for a in arms]


def chain_table(problem: Problem, chains: Sequence[Chain]) -> pd.DataFrame:
    """One line per chain of a problem, with the filter's verdict on it."""
    return pd.DataFrame(
        {"sample": chain.sample, "verdict": judge(problem, chain),
         "answer": chain.answer, "chain": chain_text(chain)}
        for chain in chains
        if chain.problem_id == problem.id
    )  # fmt: skip


def right_chains(problems: Sequence[Problem], chains: Sequence[Chain]) -> pd.DataFrame:
    """How many problems have 0, 1, 2, ... right chains."""
    right = Counter(chain.problem_id for chain in correct_only(problems, chains).chains)
    found = pd.Series([right[p.id] for p in problems], name="right chains")
    return found.value_counts().sort_index().reset_index(name="problems")


def overlaps(settings: Settings, arms: Iterable[Arm]) -> pd.DataFrame:
    """The number of chains that the pools of two arms share, for every two."""
    pools = {arm.name: set(pool_of(settings, arm.pool)[1].chains) for arm in arms}
    return pd.DataFrame(
        {"student": name, **{other: len(own & pools[other]) for other in pools}}
        for name, own in pools.items()
    )


def choices_of_one_problem(
    settings: Settings, arms: Iterable[Arm]
) -> tuple[Problem, pd.DataFrame]:
    """The problem with the most right chains; its chains, and which arms have each."""
    problems, right = pool_of(settings, whole_pool(settings).pool)
    counts = Counter(chain.problem_id for chain in right.chains)
    problem = max(problems, key=lambda problem: counts[problem.id])
    chains = [chain for chain in right.chains if chain.problem_id == problem.id]
    table = pd.DataFrame()
    for arm in arms:
        pool = pool_of(settings, arm.pool)[1].chains
        table[arm.name] = ["yes" if chain in pool else "" for chain in chains]
    return problem, table.assign(chain=[chain_text(chain) for chain in chains])


def vote_table(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """Accuracy by number of votes: a line per student and number of votes."""
    kind, lines, rows = test_problems(settings)[0].kind, [], alike(rows, ["student"])
    for student in dict.fromkeys(row["student"] for row in rows):
        own = [row for row in rows if row["student"] == student]
        samples = max(row["sample"] for row in own) + 1
        counts = [count for count in settings.many.votes if count <= samples]
        for line in accuracy_by_votes(own, samples, counts, kind):
            lines.append({"student": student.removesuffix(", votes"), **line})
    return pd.DataFrame(lines)


def chains_table(
    settings: Settings, rows: Sequence[dict], votes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Accuracy by number of chains, for a figure: greedy over seeds, and with votes.

    With `votes` (of `vote_table`) both are on the problems that were voted on.
    """
    if votes is not None:
        ids = {problem.id for problem in voted_problems(settings)}
        rows = [row for row in rows if row["id"] in ids]
    students = {f"chains_{count:02d}": count for count in settings.many.counts}
    rows = [row for row in rows if row["student"] in students]
    greedy = over_seeds(rows, ["student"]).set_index("student")
    lines: list[dict[str, Any]] = []
    for student, count in students.items():
        if student in greedy.index:
            own = greedy.loc[student].to_dict()
            lines.append({"student": "greedy", "chains": count, **own})
        if votes is not None:
            last = votes[votes["student"] == student].to_dict("records")[-1:]
            name = f"{settings.many.votes[-1]} votes"
            lines += [{**line, "student": name, "chains": count} for line in last]
    if len({line["n"] for line in lines}) > 1:
        raise ValueError("greedy decoding and votes are not on the same problems")
    return pd.DataFrame(lines)


def teacher_votes(
    settings: Settings, problems: Sequence[Problem], chains: Sequence[Chain]
) -> list[dict[str, Any]]:
    """The teacher's own accuracy on its training problems, by number of votes."""
    golds = {problem.id: problem.answer for problem in problems}
    rows = [
        {"id": c.problem_id, "extracted": c.answer, "gold": golds[c.problem_id],
         "logprob": c.logprob or -inf}
        for c in chains
    ]  # fmt: skip
    counts = settings.many.counts
    return accuracy_by_votes(rows, counts[-1], counts, problems[0].kind)


def compare_ways(settings: Settings) -> list[dict[str, Any]]:
    """A line on flat against balanced pools, once both are on disk; else none."""
    other = arms(settings)[-1]
    base, own = (arm_rows_on_disk(settings, a) for a in (whole_pool(settings), other))
    name = f"many chains, {other.name.removeprefix('pool_')} pool"
    return [paired_line(name, own, base)] if base and own else []
