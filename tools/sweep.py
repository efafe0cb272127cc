"""Select learning rates and the batch size on the validation split.

    python tools/sweep.py --rates 1e-4 3e-4 --batch-sizes 4 16

Trains every supervision with every learning rate and batch size: on the problems that
all students of the run share, on the chains that it kept, and for the same epochs, so
that each supervision has as many trials, of as many tokens.  Each is scored on
validation; the reported split is never read.  The question generator (qg) and the
answerer (qa) have the same rate and are scored as a pair.  Where there is no validation
split, or it is the reported one, the last tenth of the training problems is held out.
Rows are appended to outputs/reference/sweep.csv, and a setting that has a row is
skipped.  A student is deleted when it has been scored.
"""

import argparse
import shutil
from itertools import product

import pandas as pd

from socratic_utils import config
from socratic_utils.benchmarks import BENCHMARKS, splits_of
from socratic_utils.experiments.arms import Arm, main_arm
from socratic_utils.experiments.corpus import can_teach, shared_problems
from socratic_utils.experiments.data import all_problems, hold_back, test_splits
from socratic_utils.experiments.trainings import trainings_of
from socratic_utils.files import project_root
from socratic_utils.metrics import accuracy
from socratic_utils.problems import Problem
from socratic_utils.students import IncrementalDecoder, load_student, train_student
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS
from socratic_utils.students.training.train import training_record

HELD_BACK, LEAST = 0.1, 20  # of the training problems, without a validation split
ARMS = {name: s.name for s in STUDENTS.values() for name in s.supervisions}


def validation_of(settings: config.Settings) -> list[Problem]:
    """The problems to select on, which are never learnt nor reported."""
    splits, reported = splits_of(settings.dataset), test_splits(settings)
    if "validation" in splits and "validation" not in reported:
        return all_problems(settings, "validation")
    return hold_back(all_problems(settings, "train"), HELD_BACK, LEAST, last=True)[1]


def score(settings: config.Settings, arm: Arm, validation: list[Problem]) -> dict:
    """Train the models of an arm; their scores on validation."""
    held, folders = {problem.id for problem in validation}, []
    for job in trainings_of(settings, arm):
        pairs, recipe = job.pairs_and_recipe
        pairs = [pair for pair in pairs if pair[0].id not in held]
        where = config.outputs_root() / "sweep"
        folders.append(train_student(settings.student, pairs, SUPERVISIONS[job.model],
                                     recipe, where, settings.seed))  # fmt: skip
    decoders = [IncrementalDecoder(*load_student(folder)) for folder in folders]
    solutions = solve(validation, *decoders, decoding=settings.decoding)
    rows = [prediction_row(solution, settings.decoding) for solution in solutions]
    records = [training_record(folder) for folder in folders]
    for folder in folders:
        shutil.rmtree(folder)
    return {
        **accuracy(rows),
        "truncated": sum(row["truncated"] for row in rows) / len(rows),
        "seconds": sum(record["seconds"] for record in records),
        "tokens": sum(record["tokens"] for record in records),
    }


def winners(rows: pd.DataFrame) -> str:
    """By batch size: the best rate of each supervision (of equal ones the lowest)."""
    lines = []
    for size, own in rows.groupby("batch_size"):
        own = own.sort_values(["accuracy", "learning_rate"], ascending=[False, True])
        best = own.drop_duplicates("supervision")
        pairs = zip(best["supervision"], best["learning_rate"], strict=True)
        rates = {name: rate for names, rate in pairs for name in names.split("+")}
        mean = f"mean accuracy {best['accuracy'].mean():.3f}"
        lines.append(f"batch_size {size}: {mean}, learning_rates {rates}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--scale", choices=config.SCALES, default="small")
    add("--dataset", choices=BENCHMARKS, help="else the scale's own")
    add("--teacher", help="else the scale's own")
    add("--supervisions", choices=ARMS, nargs="+", default=list(ARMS))
    add("--rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    add("--batch-sizes", type=int, nargs="+", default=[None], help="else the scale's")
    add("--epochs", type=float, help="else the scale's own")
    add("--train-limit", type=int, help="training problems, else the scale's own")
    options = parser.parse_args(arguments)
    try:  # read everything before training anything
        same = {name: getattr(options, name) for name in
                ("dataset", "teacher", "epochs", "train_limit")}  # fmt: skip
        grid = [
            config.load(options.scale, learning_rate=rate, batch_size=size, **same)
            for size, rate in product(options.batch_sizes, options.rates)
        ]
        base, validation = grid[0], validation_of(grid[0])
        held = {problem.id for problem in validation}
        problems = [p for p in shared_problems(base) if p.id not in held]
        if not problems:
            raise ValueError("no training problem is left: raise --train-limit")
        arms = [main_arm(name) for name in
                dict.fromkeys(ARMS[name] for name in options.supervisions)]  # fmt: skip
        for arm in (arm for arm in arms if not can_teach(base, arm.models)):
            lacking = f"neither {base.dataset} nor {base.teacher} has what it learns"
            raise ValueError(f"{arm.name} cannot be trained: {lacking}")
    except (OSError, ValueError, RuntimeError) as error:  # of data, settings, teacher
        parser.error(str(error))
    out = project_root() / "outputs" / "reference" / "sweep.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.read_csv(out).to_dict("records") if out.exists() else []
    asked = []
    for settings, arm in product(grid, arms):
        training = settings.training
        setting = {
            "student": settings.student, "dataset": settings.dataset,
            "supervision": "+".join(arm.models), "problems": len(problems),
            "learning_rate": training.learning_rate, "epochs": training.epochs,
            "batch_size": training.batch_size,
        }  # fmt: skip
        known = [row for row in rows if setting.items() <= row.items()]
        if not known:
            known = [setting | score(settings, arm, validation)]
            rows += known
            print(known[0], flush=True)
            pd.DataFrame(rows).to_csv(out, index=False)
        asked.append(known[0])
    print(winners(pd.DataFrame(asked)))


if __name__ == "__main__":
    main()
