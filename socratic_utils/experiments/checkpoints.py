"""Which checkpoint is reported?  Chosen on held-back problems, or on those reported.

The authors' code of P2 keeps the checkpoint that is best on the split whose accuracy it
then reports (PAPERS.md 2.4).  The best of several noisy numbers is too high, so we
choose on a part of the training problems that the student never saw, and show what the
other choice would have reported:

    rows = checkpoint_rows(settings)
    choices(rows)        # by held-back problems, by the reported ones, the last one

At `small` the student learns the teacher's CoT chains of the remaining problems.
Rows lie in `predictions/selection/`.

Not covered: stopping early; the paper's own checkpoints (1,000, 2,000, 4,000, ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from transformers import TrainerCallback

from socratic_utils.config import Settings
from socratic_utils.files import file_hash
from socratic_utils.problems import Problem
from socratic_utils.results.tables import scores_by
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.identity import student_hash
from socratic_utils.students.training.train import train_student, training_record

from . import stages as experiments
from .corpus import corpus, hold_back, spread, test_problems, train_problems
from .sampling import STYLE

FOLDER = "selection"


class KeepModels(TrainerCallback):
    """Saves the model, ready to be loaded, `count` times at even distances."""

    def __init__(self, count: int, folder: Path) -> None:
        self.count, self.folder = count, folder
        self.steps: set[int] = set()

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        self.steps = set(even_steps(state.max_steps, self.count))

    def on_step_end(self, args, state, control, **kwargs) -> None:
        if state.global_step in self.steps and state.is_world_process_zero:
            target = self.folder / f"step-{state.global_step:05d}"
            kwargs["model"].save_pretrained(target)
            kwargs["processing_class"].save_pretrained(target)


def even_steps(last: int, count: int) -> list[int]:
    """Up to `count` different steps at even distances, the last one among them.

    >>> even_steps(87, 4)
    [22, 44, 65, 87]
    """
    return sorted({max(1, round(last * (i + 1) / count)) for i in range(count)})


def held_back(settings: Settings) -> list[Problem]:
    """The training problems that the student does not see, at even distances."""
    return hold_back(train_problems(settings), settings.many.held_back)[1]


def trained(settings: Settings) -> dict[int, Path]:
    """Step -> the folder of the student after it, at even distances to the end."""
    hidden = {problem.id for problem in held_back(settings)}
    pairs = [pair for pair in corpus(settings, STYLE) if pair[0].id not in hidden]
    supervision, count = SUPERVISIONS[STYLE], settings.many.checkpoints
    recipe = settings.student, pairs, supervision, settings.training
    mark = student_hash(*recipe, settings.seed)
    folder = settings.folder / "students" / f"{FOLDER}-{mark}-{count}"
    keep = KeepModels(count, folder)
    student = train_student(*recipe, folder, settings.seed, [keep])
    found = {int(path.name[5:]): path for path in sorted(folder.glob("step-*"))}
    last = training_record(student)["steps"]
    if sorted(found) != even_steps(last, count):
        raise RuntimeError(
            f"{folder} lacks checkpoints of its training: delete it to train again"
        )
    return found


def checkpoint_rows(settings: Settings) -> list[dict]:
    """Prediction rows of every checkpoint on held-back and on reported problems."""
    reported = spread(test_problems(settings), settings.many.test_limit)
    base = settings.folder / "predictions" / FOLDER
    if settings.reuse == "reference":
        source = settings.reference / "predictions" / FOLDER
        found = [base / path.name for path in sorted(source.glob("*.jsonl"))]
        if not found:
            raise FileNotFoundError(
                "no committed reference run has checkpoints: run without --reuse"
            )
        return [r for p in found for r in experiments.take_reference(settings, p)]
    rows = []
    for step, folder in trained(settings).items():
        for part, asked in (("held back", held_back(settings)), ("reported", reported)):
            name = f"{settings.dataset}-{part.replace(' ', '_')}-{step:05d}.jsonl"
            labels = {"student": f"step {step}", "teacher": settings.teacher,
                      "part": part, "step": step}  # fmt: skip
            changed = [file_hash(folder / "model.safetensors")]
            rows += experiments.solved(
                settings, base / name, [folder], asked, labels, changed=changed
            )
    return rows


def reported(rows: Sequence[dict], step: int) -> list[dict]:
    """The rows of a checkpoint on the problems that are reported."""
    return [r for r in rows if r["step"] == step and r["part"] == "reported"]


def checkpoint_table(rows: Sequence[dict]) -> pd.DataFrame:
    """A line for each checkpoint and part: accuracy with its interval."""
    return scores_by(rows, ["step", "part"])


def choices(rows: Sequence[dict]) -> pd.DataFrame:
    """What each way of choosing would report; of equals the earlier step is taken."""
    table = checkpoint_table(rows)
    parts = {part: table[table["part"] == part].set_index("step")
             for part in ("held back", "reported")}  # fmt: skip
    reported = parts["reported"]
    chosen = {
        "held-back training problems": parts["held back"]["accuracy"].idxmax(),
        "the reported problems (P2's code)": reported["accuracy"].idxmax(),
        "none: the last": reported.index.max(),
    }
    return pd.DataFrame(
        [{"chosen on": how, "step": step, **reported.loc[step].drop("part")}
         for how, step in chosen.items()]
    )  # fmt: skip
