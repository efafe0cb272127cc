"""Students of many chains per problem: how many, which ones, how many votes.

All students are trained for the same number of optimizer steps, as SCoTD's are, so that
more chains mean other chains and not more training.  At `paper` scale every visit of a
problem draws one of its chains, as the authors' code does.  Wrong chains are left out
(SCoTD's supervised setting).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.filtering import correct_only, judge
from socratic_utils.filtering.duplicates import chain_text
from socratic_utils.metrics.alike import alike
from socratic_utils.metrics.self_consistency import accuracy_by_votes
from socratic_utils.problems import Chain, Problem
from socratic_utils.results.tables import over_seeds

from ..arms import Arm
from ..corpus import FILTERS, pool_of
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
    """The student of a pool of `corpus.pool_of`."""
    many = settings.many
    return Arm(pool, (STYLE,), experiment, pool=pool, balanced=many.balanced,
               steps=many.steps, limits=(many.test_limit,))  # fmt: skip


def whole_pool(settings: Settings, experiment: str = EXPERIMENT) -> Arm:
    """The student of all right chains; decoded anew in each experiment, whose rows are
    then of one run."""
    return pool_arm(settings, f"chains_{settings.many.counts[-1]:02d}", experiment)


def with_votes(settings: Settings, arm: Arm) -> Arm:
    """The same student, sampled several times per problem (SCoTD, Table 3)."""
    most, limits = settings.many.votes[-1], (*arm.limits, settings.many.vote_limit)
    return replace(arm, name=f"{arm.name}, votes", samples=most, limits=limits)


def with_chains(settings: Settings, arms: Sequence[Arm]) -> list[Arm]:
    """The arms that have a chain to learn from; asks the teacher for chains."""
    found = [arm for arm in arms if pool_of(settings, arm.pool)[1].chains]
    lost = {arm.pool for arm in arms} - {arm.pool for arm in found}
    if found and "filter_likelihood" in lost:
        print("no log-likelihoods from this teacher: the likelihood filter is skipped")
    return found


def voted_problems(settings: Settings) -> list[Problem]:
    """The problems of `with_votes`: some of those that are decoded greedily."""
    return problems_of(settings, with_votes(settings, whole_pool(settings)))


def pool_rows(settings: Settings, arms: Iterable[Arm]) -> list[dict]:
    """One row per arm: how many chains its pool has, from how many problems."""
    return [{"student": a.name, **pool_of(settings, a.pool)[1].row()} for a in arms]


def chain_table(problem: Problem, chains: Sequence[Chain]) -> pd.DataFrame:
    """One line per chain of a problem, with the filter's verdict on it."""
    own = (chain for chain in chains if chain.problem_id == problem.id)
    lines = ((c.sample, judge(problem, c), c.answer, chain_text(c)) for c in own)
    return pd.DataFrame(lines, columns=["sample", "verdict", "answer", "chain"])


def right_chains(problems: Sequence[Problem], chains: Sequence[Chain]) -> pd.DataFrame:
    """How many problems have 0, 1, 2, ... right chains."""
    right = Counter(chain.problem_id for chain in correct_only(problems, chains).chains)
    found = pd.Series([right[p.id] for p in problems], name="right chains")
    return found.value_counts().sort_index().reset_index(name="problems")


def overlaps(settings: Settings, arms: Iterable[Arm]) -> pd.DataFrame:
    """The number of chains that the pools of two arms share, for every two."""
    pools = {arm.name: set(pool_of(settings, arm.pool)[1].chains) for arm in arms}
    shared = {a: [len(own & pools[b]) for b in pools] for a, own in pools.items()}
    return pd.DataFrame({"student": [*pools], **shared})


def choices_of_one_problem(settings: Settings, arms: Iterable[Arm]) -> tuple:
    """The problem with the most right chains, and a table: which arms have which."""
    problems, right = pool_of(settings, whole_pool(settings).pool)
    counts = Counter(chain.problem_id for chain in right.chains)
    problem = max(problems, key=lambda problem: counts[problem.id])
    chains = [chain for chain in right.chains if chain.problem_id == problem.id]
    table = {}
    for arm in arms:
        pool = pool_of(settings, arm.pool)[1].chains
        table[arm.name] = ["yes" if chain in pool else "" for chain in chains]
    return problem, pd.DataFrame({**table, "chain": map(chain_text, chains)})


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
    """Accuracy by number of chains, for a figure: greedy over seeds, and with `votes`
    (of `vote_table`), then both on the problems that were voted on."""
    students = {f"chains_{count:02d}": count for count in settings.many.counts}
    rows, voted = [row for row in rows if row["student"] in students], {}
    if votes is not None:
        ids = {problem.id for problem in voted_problems(settings)}
        rows = [row for row in rows if row["id"] in ids]
        most = votes[votes["student"].isin(students)].groupby("student").tail(1)
        voted = {f"{settings.many.votes[-1]} votes": most}
    parts = {"greedy": over_seeds(rows, ["student"]), **voted}
    table = pd.concat(parts, names=["way"]).reset_index("way")
    if table["n"].nunique() > 1:
        raise ValueError("greedy decoding and votes are not on the same problems")
    table["chains"] = table["student"].map(students)
    table = table.sort_values("chains", kind="stable", ignore_index=True)
    return table.assign(student=table.pop("way"))


def teacher_votes(settings: Settings, problems: list, chains: list) -> list[dict]:
    """The teacher's own accuracy on its training problems, by number of votes."""
    golds = {problem.id: problem.answer for problem in problems}
    rows = [{"id": c.problem_id, "extracted": c.answer, "gold": golds[c.problem_id],
             "logprob": -inf if c.logprob is None else c.logprob}
            for c in chains]  # fmt: skip
    counts = settings.many.counts
    return accuracy_by_votes(rows, counts[-1], counts, problems[0].kind)


def compare_ways(settings: Settings) -> list[dict]:
    """A line on flat against balanced pools, once both are on disk; else none."""
    other = arms(settings)[-1]
    base, own = (arm_rows_on_disk(settings, a) for a in (whole_pool(settings), other))
    name = f"many chains, {other.name.removeprefix('pool_')} pool"
    return [paired_line(name, own, base)] if base and own else []
