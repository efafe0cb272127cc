"""What chains are worth with labels and without (P2, Table 2b).

P2 has two settings.  *Few-shot*: nobody knows which chains are right, so all are kept,
and the teacher's own answer is the label.  *Supervised*: gold labels drop the wrong
chains.  In both, students of the label alone are the baseline:

    few_shot_label    the answer, as the teacher gave it
    few_shot_cot      the teacher's chain, right or wrong
    full_label        the gold answer
    full_cot          the teacher's chain, where its answer is right

One chain a problem, the teacher's first, so P2's Greedy-CoT.  Where many can be had
(`many_students`) there are P2's SCoTD students too, and those of 1, 5, ... chains,
wrong ones included, of its Table 3(b).  All are trained for the same number of steps,
so a student of fewer chains sees them more often.  Rows lie in
`predictions/two_settings/`; P2 decodes its few-shot students by vote (`score_votes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from socratic_utils.config import Settings
from socratic_utils.filtering.down_sampling import Pool, correct_only, keep_all
from socratic_utils.metrics.self_consistency import SAMPLED
from socratic_utils.problems import Chain, Problem, gold_chain
from socratic_utils.students.supervision import SUPERVISIONS, Supervision
from socratic_utils.teacher.published import CORPORA, training_chains

from . import sampling
from . import stages as experiments
from .corpus import spread, teacher_of, test_problems, train_problems
from .many_chains import train
from .sampling import STYLE
from .stages import solved, take_reference

FOLDER = "two_settings"


def first_chains(settings: Settings) -> tuple[list[Problem], list[Chain]]:
    """The training problems, and the teacher's first chain of each."""
    problems = train_problems(settings)
    chains = teacher_of(settings).sample(problems, STYLE)
    if settings.teacher in CORPORA:  # published chains may be on test questions
        training_chains([c for c in chains if c.steps], settings.dataset)
    return problems, chains


def students(
    problems: Sequence[Problem], chains: Sequence[Chain]
) -> dict[str, tuple[Supervision, Pool]]:
    """What each of the four students learns from, in the order of P2's table."""
    kept, right = keep_all(problems, chains), correct_only(problems, chains)
    gold = tuple(gold_chain(problem) for problem in problems)
    labels = Pool("gold labels", gold, len(problems))
    label_only, cot = SUPERVISIONS["answer_only"], SUPERVISIONS[STYLE]
    return {
        "few_shot_label": (label_only, kept),
        "few_shot_cot": (cot, kept),
        "full_label": (label_only, labels),
        "full_cot": (cot, right),
    }


def many_students(settings: Settings) -> dict[str, tuple[Supervision, Pool]]:
    """P2's students of many chains a problem; none where there are no such chains."""
    if not sampling.can_sample(settings):
        return {}
    problems, chains = sampling.sampled(settings)
    cot, found = SUPERVISIONS[STYLE], {}
    for count in settings.many.counts:
        first = [chain for chain in chains if chain.sample < count]
        found[f"few_shot_{count:02d}"] = (cot, keep_all(problems, first))
    found["few_shot_scotd"] = found[f"few_shot_{settings.many.counts[-1]:02d}"]
    found["full_scotd"] = (cot, correct_only(problems, chains))
    return found


def score_votes(
    settings: Settings, name: str, supervision: Supervision, pool: Pool
) -> list[dict]:
    """Rows of solutions drawn to vote (P2, Table 3), `votes` of each problem."""
    asked = spread(test_problems(settings), settings.many.vote_limit)
    name, split = f"{name}, votes", asked[0].split
    file = name.replace(", ", "-")
    path = experiments.predictions_path(settings, file, split, FOLDER)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    folders = [train(settings, pool, supervision, steps(settings))]
    decoding = replace(settings.decoding, temperature=SAMPLED.temperature)
    labels = {"student": name, "teacher": settings.teacher}
    return solved(
        settings, path, folders, asked, labels, decoding, settings.many.votes[-1]
    )


def score(
    settings: Settings, name: str, supervision: Supervision, pool: Pool
) -> list[dict]:
    """Prediction rows of a student, greedy: from disk, or trained and solved now."""
    asked = test_problems(settings)
    path = experiments.predictions_path(settings, name, asked[0].split, FOLDER)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    folders = [train(settings, pool, supervision, steps(settings))]
    teacher = "gold" if name == "full_label" else settings.teacher
    return solved(settings, path, folders, asked, {"student": name, "teacher": teacher})


def steps(settings: Settings) -> int:
    """Of every training: the run's epochs over all its training problems.

    At `paper` scale P2's number of steps.
    """
    if settings.scale == "paper":
        return settings.many.steps
    an_epoch = ceil(len(train_problems(settings)) / settings.training.batch_size)
    return max(1, round(settings.training.epochs * an_epoch))
