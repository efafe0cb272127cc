"""Chains that others have published, as `Chain`s with their source as teacher.

    >>> teachers("commonsense_qa")
    ['cos-e', 'palm-540b']
    >>> chains = load_chains("palm-540b", "commonsense_qa")     # doctest: +SKIP

Both papers distil from chains of closed models (P1 section 3.1, P2 section 3) that are
not published; these are the nearest that are, one module a source.  They are read from
the folder that SOCRATIC_DATA_DIR names and never downloaded.

Chains on test questions may be parsed and scored, but no student may learn from them:
what goes into a training goes through `training_chains` first.

Not covered: corpora with several chains a question; none is published in usable size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from types import ModuleType

from socratic_utils.benchmarks import (
    BENCHMARKS,
    DATA_VARIABLE,
    load_problems,
    splits_of,
)
from socratic_utils.filtering.right_answers import judge
from socratic_utils.problems import Chain, Problem, problem_text

from . import cos_e, distilling_step_by_step, faithful_cot, gsm8k_ai_subq, none
from .sources import text_key

CORPORA: dict[str, ModuleType] = {
    module.TEACHER: module
    for module in (cos_e, distilling_step_by_step, faithful_cot, gsm8k_ai_subq, none)
}


def teachers(dataset: str) -> list[str]:
    """The teachers whose chains on a data set are published, perhaps none."""
    if dataset not in BENCHMARKS:
        raise ValueError(f"unknown dataset {dataset!r}: choose from {list(BENCHMARKS)}")
    return sorted(
        n for n, m in CORPORA.items() if any(d == dataset for d, _ in m.CHAINS)
    )


def load_chains(
    name: str, dataset: str, split: str = "train", style: str = "cot"
) -> list[Chain]:
    """The chains of a teacher on one split, in the order of the split's problems.

    Raises ValueError on a teacher, data set, style or split for which there are no
    chains, FileNotFoundError when SOCRATIC_DATA_DIR does not hold them.
    """
    module = _corpus(name, dataset, split, style)
    chains = {chain.problem_id: chain for chain in module.load(dataset, style)}
    problems = load_problems(dataset, split)
    return [chains[problem.id] for problem in problems if problem.id in chains]


def training_chains(
    chains: Sequence[Chain], dataset: str, held_out: Iterable[Problem] = ()
) -> list[Chain]:
    """The same chains, if a student may learn from all of them.

    Raises ValueError when the problem of a chain is not one of the benchmark's training
    problems, or has the text of a problem that is evaluated: one of another split, or
    of `held_out` (such as another benchmark's test problems).
    """
    training = {problem.id: problem for problem in load_problems(dataset, "train")}
    others = [split for split in splits_of(dataset) if split != "train"]
    evaluated = [p for split in others for p in load_problems(dataset, split)]
    evaluated += held_out
    splits = {p.id: f"{p.dataset} {p.split}" for p in evaluated}
    by_text = {_key(p): splits[p.id] for p in evaluated}
    for chain in chains:
        problem = training.get(chain.problem_id)
        where = splits.get(chain.problem_id) or (problem and by_text.get(_key(problem)))
        if where:
            raise ValueError(
                f"the chain of {chain.source} on {chain.problem_id} is about a problem "
                f"of {where}, which is for evaluation only: leave it out of training"
            )
        if problem is None:
            raise ValueError(
                f"the chain of {chain.source} on {chain.problem_id} is about no "
                f"training problem of {dataset}: leave it out of training"
            )
    return list(chains)


def reasons(chains: Iterable[Chain], problems: Iterable[Problem]) -> Counter:
    """How many chains `judge` keeps or drops, and why; any split may be scored."""
    by_id = {problem.id: problem for problem in problems}
    return Counter(judge(by_id[chain.problem_id], chain) for chain in chains)


def _key(problem: Problem) -> str:
    """A problem's text with its choices: the same stem may ask for something else."""
    return text_key(problem_text(problem))


def _corpus(name: str, dataset: str, split: str, style: str) -> ModuleType:
    """The module of a teacher, or one sentence on what there is instead."""
    if name not in CORPORA:
        raise ValueError(
            f"unknown teacher {name!r}: choose from {sorted(CORPORA)}, whose chains "
            f"are read from the folder that {DATA_VARIABLE} names"
        )
    offered = CORPORA[name].CHAINS
    datasets = sorted({dataset for dataset, _ in offered})
    styles = sorted(style for known, style in offered if known == dataset)
    if dataset not in datasets:
        known = f"chains on {dataset!r}: choose from {datasets}"
    elif style not in styles:
        known = f"{style!r} chains on {dataset}: choose from {styles}"
    elif split not in offered[dataset, style]:
        known = (
            f"{style} chains on the {split!r} split of {dataset}: choose from "
            f"{list(offered[dataset, style])}"
        )
    else:
        return CORPORA[name]
    raise ValueError(
        f"{name} has no {known} ({DATA_VARIABLE} names the folder they are in)"
    )
