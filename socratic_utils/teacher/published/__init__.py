"""Chains that others have published, with their source as the teacher.

Both papers distil from closed models (Socratic CoT section 3.1, SCoTD section 3) whose
chains are not published; `corpora.toml` describes the nearest that are.  The files are
read from the folder that SOCRATIC_DATA_DIR names and never downloaded.  No student may
be trained on chains of test questions: training data goes through `training_chains`.

    >>> teachers("commonsense_qa")
    ['cos-e', 'palm-540b']
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from socratic_utils.answers import parse_chain
from socratic_utils.benchmarks import DATA_VARIABLE, load_problems, splits_of
from socratic_utils.problems import Chain, Problem, problem_text

from ..cost import Estimate
from .corpora import CORPORA, same_length


def teachers(dataset: str) -> list[str]:
    """The teachers that have published chains on a dataset, perhaps none."""
    splits_of(dataset)
    return sorted(n for n, c in CORPORA.items() if dataset in {d for d, _ in c.offered})


def load_chains(
    name: str, dataset: str, split: str = "train", style: str = "cot"
) -> list[Chain]:
    """The chains of a teacher on one split, in the order of the split's problems.
    Raises ValueError for a teacher, dataset, style or split without chains, and for
    files with another number of chains or other problems than the benchmark;
    FileNotFoundError when SOCRATIC_DATA_DIR does not hold them."""
    _check(name, dataset, split, style)
    corpus = CORPORA[name]
    rows, splits = list(corpus.read(dataset, style)), corpus.offered[dataset, style]
    problems = [problem for own in splits for problem in load_problems(dataset, own)]
    left, found = defaultdict(list), {}  # problems by id and by text; chains by id
    for problem in problems:
        left[_key(problem.id)].append(problem)
        left[_key(problem.text)].append(problem)
    for row in rows:
        about = f"{name} on {dataset}: {row.problem[:60]!r}"
        if not (same := left[_key(row.problem)]):
            raise ValueError(f"{about} is no problem, or one too many")
        problem = same.pop(0)  # two StrategyQA questions share one text
        steps, answer = parse_chain(row.prepared, style, problem.kind, row.cut_off)
        answer = problem.answer if corpus.explains_gold else answer
        found[problem.id] = Chain(problem.id, style, steps, answer, name, text=row.text)
    same_length(f"{name} on {dataset}", len(rows), len(problems))
    return [found[problem.id] for problem in problems if problem.split == split]


def training_chains(
    chains: Sequence[Chain], dataset: str, held_out: Iterable[Problem] = ()
) -> list[Chain]:
    """The same chains, if a student may be trained on all of them.  Raises ValueError
    when a chain's problem is not one of the benchmark's training problems, or has the
    text of a problem that is evaluated: one of another split, or of `held_out` (such as
    another benchmark's test problems)."""
    training = {problem.id: problem for problem in load_problems(dataset, "train")}
    others = [split for split in splits_of(dataset) if split != "train"]
    evaluated = [p for split in others for p in load_problems(dataset, split)]
    splits = {}  # of each id, and of each text with its choices
    for problem in [*evaluated, *held_out]:
        where = f"{problem.dataset} {problem.split}"
        splits[problem.id] = splits[_key(problem_text(problem))] = where
    for chain in chains:
        problem = training.get(chain.problem_id)
        text = problem and _key(problem_text(problem))
        if where := splits.get(chain.problem_id) or splits.get(text):
            about = f"a problem of {where}, which is for evaluation only"
        elif problem is None:
            about = f"no training problem of {dataset}"
        else:
            continue
        which = f"the chain of {chain.source} on {chain.problem_id}"
        raise ValueError(f"{which} is about {about}: leave it out of training")
    return list(chains)


def _key(text: str) -> str:
    """What copies of a text or an id share: its words and signs in lower case."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))


def _check(name: str, dataset: str, split: str, style: str) -> None:
    """Raises ValueError, in one sentence, on what there is instead."""
    if name not in CORPORA:
        where = f"whose chains are read from the folder that {DATA_VARIABLE} names"
        known = f"choose from {sorted(CORPORA)}"
        raise ValueError(f"unknown teacher {name!r}: {known}, {where}")
    offered = CORPORA[name].offered
    if split not in offered.get((dataset, style), ()):
        lacking = f"{style} chains on the {split!r} split of {dataset}"
        known = [" ".join((*key, own)) for key in offered for own in offered[key]]
        where = f"({DATA_VARIABLE} names the folder they are in)"
        raise ValueError(f"{name} has no {lacking}: choose from {known} {where}")


@cache
def published(model: str, dataset: str, split: str, style: str) -> dict[str, Chain]:
    """Problem id -> chain, read once per process."""
    return {c.problem_id: c for c in load_chains(model, dataset, split, style)}


class PublishedTeacher:
    """Published chains behind the interface of `Teacher`, one per problem and style."""

    def __init__(self, model: str) -> None:
        self.model = model

    def sample(
        self, problems: Sequence[Problem], style: str = "cot", n: int = 1,
        temperature: float = 0.0, first_sample: int = 0,
    ) -> list[Chain]:  # fmt: skip
        """The published chain of each problem, in the problems' order.  A problem
        without one gets a chain without steps and answer, so that the filter counts
        it.  Raises ValueError for a dataset or style without chains, and when more than
        the first sample is wanted."""
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
