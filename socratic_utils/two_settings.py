"""What chains are worth with labels and without (P2, Table 2b).

P2 has two settings.  *Few-shot*: nobody knows which chains are right, so all are kept,
and the teacher's own answer is the label.  *Supervised*: gold labels drop the wrong
chains.  In both, students of the label alone are the baseline:

    few_shot_label    the answer, as the teacher gave it
    few_shot_cot      the teacher's chain, right or wrong
    full_label        the gold answer
    full_cot          the teacher's chain, where its answer is right

One chain a problem, the teacher's first, so P2's Greedy-CoT; many are `many_chains`.
All students are trained for the same number of steps, so that of `full_cot` sees its
fewer chains more often.  Rows lie in `predictions/two_settings/`.

Not covered: P2's decoding of the few-shot students by vote (`voting` has it).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from . import experiments
from .config import Settings
from .corpora import CORPORA, training_chains
from .corpus import teacher_of, test_problems, train_problems
from .experiments import solved, take_reference
from .many_chains import train
from .pools import Pool, correct_only, keep_all
from .problems import Chain, Problem, gold_chain
from .sampling import STYLE
from .transcripts import SUPERVISIONS, Supervision

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
    """Of every training: the run's epochs over all its training problems."""
    an_epoch = ceil(len(train_problems(settings)) / settings.training.batch_size)
    return max(1, round(settings.training.epochs * an_epoch))
