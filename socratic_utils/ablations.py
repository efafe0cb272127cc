"""One switch at a time: what does each part of the method do?

Every ablation is a student of the main table with one thing changed, solved on the same
problems and compared with it pair by pair:

    oracles     gold questions instead of the question generator (the nearest that P1
                has is SocGT, PAPERS.md 1.5), and an exact calculator behind every "="
                (ours): where do answers go wrong?
    sees        the question generator reads the earlier solutions (P1 Table 1), which
                in P1 section 3.3 it does not
    guided      it reads the gold equations first: an upper bound of P1's Fig 6, where
                another model predicts them

    >>> [a.name for a in ABLATIONS if a.default == "socratic_unified"]
    ['unified, calculator']

Not covered: a planner's guides (`guidance` has it), all questions upfront, no
sub-question module (P1 Table 5), the size of the training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from . import experiments, guidance, oracles
from .answers import find_equations
from .config import Settings
from .corpus import spread, taught, test_problems
from .experiments import (
    predictions_path,
    solved,
    speakers_of,
    take_reference,
    taught_by,
    train_on,
)
from .guidance import GUIDED_SUPERVISIONS, gold_guides
from .metrics import accuracy, mcnemar
from .oracles import Calculating, GoldQuestions
from .problems import Problem
from .runs import file_hash
from .speaker import Speaker
from .transcripts import SUPERVISIONS

FOLDER = "ablations"


@dataclass(frozen=True)
class Ablation:
    """A student of the main table (`default`) with one thing changed.

    `models` are the supervisions of its models; the last one solves.
    """

    name: str
    default: str
    models: tuple[str, ...]
    gold_questions: bool = False
    calculator: bool = False
    sees_solutions: bool = False
    guide: str = ""

    def how(self, problems: Sequence[Problem]) -> dict:
        """Arguments of `solve`."""
        guides = gold_guides(problems, self.guide) if self.guide else None
        return {"sees_solutions": self.sees_solutions, "guides": guides}


KNOWN = SUPERVISIONS | GUIDED_SUPERVISIONS
PAIR = "socratic_iterative"
ABLATIONS = (
    Ablation("cot, calculator", "cot", ("cot",), calculator=True),
    Ablation("gt_steps, calculator", "gt_steps", ("gt_steps",), calculator=True),
    Ablation("unified, calculator", "socratic_unified", ("socratic_unified",),
             calculator=True),
    Ablation("iterative, calculator", PAIR, ("qg", "qa"), calculator=True),
    Ablation("iterative, gold questions", PAIR, ("qa",), gold_questions=True),
    Ablation("iterative, both oracles", PAIR, ("qa",), gold_questions=True,
             calculator=True),
    Ablation("iterative, QG sees solutions", PAIR, ("qg_sees_solutions", "qa"),
             sees_solutions=True),
    Ablation("iterative, gold equations", PAIR, ("qg_guided_equations", "qa"),
             guide="equations"),
)  # fmt: skip


def possible(settings: Settings, ablation: Ablation) -> bool:
    """Whether its models can be taught, and the problems have the gold it needs."""
    if not all(taught(settings, KNOWN[model]) for model in ablation.models):
        return False
    steps = [step for problem in _asked(settings) for step in problem.steps]
    if ablation.gold_questions:
        return any(step.question for step in steps)
    has_equations = any(find_equations(step.solution) for step in steps)
    return has_equations or not ablation.guide


def score(settings: Settings, ablation: Ablation) -> list[dict]:
    """Prediction rows of an ablation: from disk, or trained and solved now."""
    name = ablation.name.replace(", ", "-").replace(" ", "_")
    asked = _asked(settings)
    path = predictions_path(settings, name, asked[0].split, FOLDER)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    files = [guidance.__file__, oracles.__file__, __file__]
    return solved(
        settings,
        path,
        [train_on(settings, KNOWN[model]) for model in ablation.models],
        asked,
        {
            "student": ablation.name,
            "teacher": taught_by(settings, ablation.default),
        },
        changed=[[file_hash(name) for name in files], asdict(ablation)],
        speakers=lambda folders: _speakers(ablation, folders, asked),
        **ablation.how(asked),
    )


def default_rows(settings: Settings, ablation: Ablation) -> list[dict]:
    """Rows of the student it changes, on the same problems."""
    asked = _asked(settings)
    ids = {problem.id for problem in asked}
    rows = experiments.score(settings, ablation.default, asked[0].split)
    return [row for row in rows if row["id"] in ids]


def compare(settings: Settings, rows: Sequence[dict]) -> pd.DataFrame:
    """A line an ablation: accuracy, and pair by pair against its default.

    `default_accuracy` is that of the default on the same problems, `only_default` and
    `only_here` count the problems that one of the two alone solves, `p_value` is exact
    and not corrected for the number of lines.
    """
    table = []
    for ablation in ABLATIONS:
        own = {r["id"]: r["correct"] for r in rows if r["student"] == ablation.name}
        if not own:
            continue
        base = {r["id"]: r["correct"] for r in default_rows(settings, ablation)}
        lost = sum(base[i] > own[i] for i in own)
        won = sum(own[i] > base[i] for i in own)
        table.append(
            {
                "setting": ablation.name,
                **accuracy({"correct": right} for right in own.values()),
                "default_accuracy": round(sum(base.values()) / len(base), 4),
                "only_default": lost,
                "only_here": won,
                "p_value": float(f"{mcnemar(lost, won):.6g}"),
            }
        )
    return pd.DataFrame(table)


def _asked(settings: Settings) -> list[Problem]:
    return spread(test_problems(settings), settings.many.test_limit)


def _speakers(
    ablation: Ablation, folders: Sequence[Path], asked: Sequence[Problem]
) -> list[Speaker]:
    speakers = speakers_of(folders)
    if ablation.calculator:
        speakers[-1] = Calculating(speakers[-1].model, speakers[-1].tokenizer)
    if ablation.gold_questions:
        speakers.insert(0, GoldQuestions(asked, speakers[-1].tokenizer))
    return speakers
