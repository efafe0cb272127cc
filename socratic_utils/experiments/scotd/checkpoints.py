"""Which checkpoint is reported?  Chosen on held-back problems, or on those reported.

The authors' code of SCoTD keeps the checkpoint that is best on the split whose accuracy
it then reports.  The best of several noisy numbers is too high, so we choose on a part
of the training problems that the student never saw, and show what the other choice
would have reported:

    rows = score(settings)          # doctest: +SKIP
    choices(rows)                   # by held-back problems, by reported ones, the last

Not covered: early stopping; the paper's own checkpoints (1,000, 2,000, 4,000, ...).
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from socratic_utils.config import Settings
from socratic_utils.results.tables import scores_by

from ..arms import Arm
from ..data import STYLE
from ..saved import rows_on_disk

EXPERIMENT = "checkpoints"


def training_arm(settings: Settings) -> Arm:
    """The one training: the teacher's chains of the problems that are not held back."""
    many = settings.many
    return Arm("checkpoints", (STYLE,), EXPERIMENT, held_back=many.held_back,
               checkpoints=many.checkpoints, limits=(many.test_limit,))  # fmt: skip


def arms(settings: Settings) -> list[Arm]:
    """Every checkpoint on the held-back and on the reported problems; trains once."""
    from ..trainings import train  # which loads torch

    arm = training_arm(settings)
    [student] = train(settings, arm)
    steps = sorted(int(path.name[5:]) for path in student.glob("step-*"))
    if len(steps) < min(arm.checkpoints, 2):
        raise RuntimeError(f"{student} lacks checkpoints: delete it to train it again")
    return [
        replace(
            arm, name=f"step {step:05d}, {part}", checkpoint=step, split=split,
            columns=(("student", f"step {step}"), ("part", part), ("step", step)),
        )
        for step in steps
        for part, split in (("held back", "train"), ("reported", ""))
    ]  # fmt: skip


def score(settings: Settings) -> list[dict]:
    """Prediction rows of every checkpoint, with the columns `step` and `part`."""
    from ..stages import score  # which loads torch

    if not settings.reuse:
        return [row for arm in arms(settings) for row in score(settings, arm)]
    if rows := rows_on_disk(settings, EXPERIMENT):
        return rows
    raise FileNotFoundError(
        "no committed reference run has checkpoints: run without --reuse"
    )


def reported(rows: Sequence[dict], step: int) -> list[dict]:
    """The rows of a checkpoint on the problems that are reported."""
    return [r for r in rows if r["step"] == step and r["part"] == "reported"]


def checkpoint_table(rows: Sequence[dict]) -> pd.DataFrame:
    """One line per checkpoint and part: accuracy with its interval."""
    return scores_by(rows, ["step", "part"])


def choices(rows: Sequence[dict]) -> pd.DataFrame:
    """What each way of choosing would report; the earlier of two equal steps wins."""
    table = checkpoint_table(rows)
    parts = {part: table[table["part"] == part].set_index("step")
             for part in ("held back", "reported")}  # fmt: skip
    chosen = {
        "held-back training problems": parts["held back"]["accuracy"].idxmax(),
        "the reported problems (SCoTD's code)": parts["reported"]["accuracy"].idxmax(),
        "none: the last": parts["reported"].index.max(),
    }
    return pd.DataFrame(
        [{"chosen on": how, "step": step, **parts["reported"].loc[step].drop("part")}
         for how, step in chosen.items()]
    )  # fmt: skip


def compare_choices(rows: Sequence[dict]) -> list[dict]:
    """A line: chosen on the reported problems, against chosen on held-back ones.

    None without rows.
    """
    from ..ablations import paired_line

    if not rows:
        return []
    held_back, leaked = choices(rows)["step"].tolist()[:2]
    base, own = (reported(rows, step) for step in (held_back, leaked))
    return [paired_line("cot, checkpoint chosen on the reported problems", own, base)]
