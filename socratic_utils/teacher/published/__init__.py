"""Chains that others have published, with their source as the teacher.

Both papers distil from closed models (Socratic CoT section 3.1, SCoTD section 3) whose
chains are not published; these are the nearest that are, one module per source:

    >>> teachers("commonsense_qa")
    ['cos-e', 'palm-540b']
    >>> chains = load_chains("palm-540b", "commonsense_qa")     # doctest: +SKIP

The files are read from the folder that SOCRATIC_DATA_DIR names and never downloaded.
Chains on test questions may be parsed and scored, but no student may be trained on
them: training data goes through `training_chains` first.  The teacher "none" has no
chains, so that students learn only from what the benchmark itself has.

Not covered: several chains per question; none are published in usable size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from socratic_utils.benchmarks import DATA_VARIABLE, load_problems, splits_of
from socratic_utils.problems import Chain, Problem, problem_text

from . import chatgpt, code_davinci_002, cos_e, palm_540b
from .reading import text_key

NONE = SimpleNamespace(TEACHER="none", CHAINS={}, load=lambda dataset, style: [])
CORPORA: dict[str, Any] = {
    module.TEACHER: module
    for module in (cos_e, palm_540b, code_davinci_002, chatgpt, NONE)
}


def teachers(dataset: str) -> list[str]:
    """The teachers that have published chains on a dataset, perhaps none."""
    splits_of(dataset)
    return sorted(
        n for n, m in CORPORA.items() if any(d == dataset for d, _ in m.CHAINS)
    )


def load_chains(
    name: str, dataset: str, split: str = "train", style: str = "cot"
) -> list[Chain]:
    """The chains of a teacher on one split, in the order of the split's problems.

    Raises ValueError for a teacher, dataset, style or split without chains,
    FileNotFoundError when SOCRATIC_DATA_DIR does not hold them.
    """
    _check(name, dataset, split, style)
    chains = {chain.problem_id: chain for chain in CORPORA[name].load(dataset, style)}
    problems = load_problems(dataset, split)
    return [chains[problem.id] for problem in problems if problem.id in chains]


def training_chains(
    chains: Sequence[Chain], dataset: str, held_out: Iterable[Problem] = ()
) -> list[Chain]:
    """The same chains, if a student may be trained on all of them.

    Raises ValueError when a chain's problem is not one of the benchmark's training
    problems, or has the text of a problem that is evaluated: one of another split, or
    of `held_out` (such as another benchmark's test problems).
    """
    others = [split for split in splits_of(dataset) if split != "train"]
    training = {problem.id: problem for problem in load_problems(dataset, "train")}
    evaluated = [p for split in others for p in load_problems(dataset, split)]
    evaluated += held_out
    splits = {p.id: f"{p.dataset} {p.split}" for p in evaluated}
    by_text = {_key(p): splits[p.id] for p in evaluated}
    for chain in chains:
        problem = training.get(chain.problem_id)
        where = splits.get(chain.problem_id) or (problem and by_text.get(_key(problem)))
        about = f"the chain of {chain.source} on {chain.problem_id} is about"
        if where:
            raise ValueError(
                f"{about} a problem of {where}, which is for evaluation only: leave it "
                f"out of training"
            )
        if problem is None:
            raise ValueError(
                f"{about} no training problem of {dataset}: leave it out of training"
            )
    return list(chains)


def _key(problem: Problem) -> str:
    """A problem's text with its choices: the same stem may ask for something else."""
    return text_key(problem_text(problem))


def _check(name: str, dataset: str, split: str, style: str) -> None:
    """Raises ValueError, in one sentence, on what there is instead."""
    if name not in CORPORA:
        raise ValueError(
            f"unknown teacher {name!r}: choose from {sorted(CORPORA)}, whose chains "
            f"are read from the folder that {DATA_VARIABLE} names"
        )
    offered = CORPORA[name].CHAINS
    datasets = sorted({dataset for dataset, _ in offered})
    styles = sorted(style for known, style in offered if known == dataset)
    splits = list(offered.get((dataset, style), ()))
    if split in splits:
        return
    if dataset not in datasets:
        lacking = f"chains on {dataset!r}: choose from {datasets}"
    elif style not in styles:
        lacking = f"{style!r} chains on {dataset}: choose from {styles}"
    else:
        where = f"the {split!r} split of {dataset}"
        lacking = f"{style} chains on {where}: choose from {splits}"
    raise ValueError(
        f"{name} has no {lacking} ({DATA_VARIABLE} names the folder they are in)"
    )
