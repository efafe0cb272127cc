"""Which checkpoint is reported?  Chosen on held-back problems, or on those reported.

The authors' code of SCoTD keeps the checkpoint that is best on the split whose accuracy
it then reports, which is too high: the best of several noisy numbers.  We choose on
training problems that the student never saw, and show what theirs would report.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.results.tables import scores_by

from .. import stages
from ..arms import Arm
from ..corpus import can_teach
from ..data import STYLE
from ..saved import rows_on_disk
from ..socratic_cot.ablations import paired_line

EXPERIMENT = "checkpoints"


def training_arm(settings: Settings) -> Arm:
    """The one training, with the chains (or the answers) of what is not held back."""
    model = STYLE if can_teach(settings, (STYLE,)) else "answer_only"
    many = settings.many
    return Arm("checkpoints", (model,), EXPERIMENT, held_back=many.held_back,
               checkpoints=many.checkpoints, limits=(many.test_limit,))  # fmt: skip


def arms(settings: Settings) -> list[Arm]:
    """Every checkpoint on the held-back and on the reported problems; trains once."""
    from .. import trainings  # imports torch

    arm = training_arm(settings)
    [student] = trainings.train(settings, arm)
    steps = sorted(int(path.name[5:]) for path in student.glob("step-*"))
    if len(steps) < min(arm.checkpoints, 2):
        raise RuntimeError(f"{student} lacks checkpoints: delete it to train it again")
    return [
        replace(arm, name=f"step {step:05d}, {part}", checkpoint=step, split=split,
                columns=(("student", f"step {step}"), ("part", part), ("step", step)))
        for step in steps for part, split in (("held back", "train"), ("reported", ""))
    ]  # fmt: skip


def score(settings: Settings) -> list[dict]:
    """Prediction rows of every checkpoint, with the columns `step` and `part`."""
    if not settings.reuse:
        return [row for arm in arms(settings) for row in stages.score(settings, arm)]
    if rows := rows_on_disk(settings, EXPERIMENT):
        return rows
    raise FileNotFoundError("no committed checkpoints: run without --reuse")


def choices(rows: Sequence[dict]) -> pd.DataFrame:
    """What each way of choosing would report; the earlier of two equal steps wins."""
    table = scores_by(rows, ["step", "part"]).set_index("step")
    hidden, shown = (table[table["part"] == part] for part in ("held back", "reported"))
    chosen = {
        "held-back training problems": hidden["accuracy"].idxmax(),
        "the reported problems (SCoTD's code)": shown["accuracy"].idxmax(),
        "none: the last": shown.index.max(),
    }
    lines = shown.drop(columns="part").loc[list(chosen.values())].reset_index()
    lines.insert(0, "chosen on", list(chosen))
    return lines


def compare_choices(rows: Sequence[dict]) -> list[dict]:
    """A line: chosen on the reported problems, against chosen on held-back ones."""
    if not rows:
        return []
    shown = [row for row in rows if row["part"] == "reported"]
    base, own, _ = ([r for r in shown if r["step"] == s] for s in choices(rows)["step"])
    return [paired_line("checkpoint chosen on the reported problems", own, base)]
