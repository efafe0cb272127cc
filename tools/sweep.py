"""Select learning rate, epochs and number of problems on the validation split.

    python tools/sweep.py --rates 1e-4 3e-4 1e-3 --epochs 1 2 3 --sizes 125 250

Trains the student with gold steps: every learning rate with the fewest epochs and
problems, then the best rate with more epochs, then with more problems at the scale's
own epochs.  Each is scored on validation; the reported split is never read.  Where
there is no validation split, or it is the reported one, the last tenth of the training
problems is held out instead.  Rows are appended to outputs/reference/sweep.csv, and a
setting that has a row is skipped.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from socratic_utils import config
from socratic_utils.benchmarks import BENCHMARKS, load_problems, splits_of
from socratic_utils.experiments.data import hold_back, test_splits
from socratic_utils.files import project_root
from socratic_utils.metrics import accuracy
from socratic_utils.problems import Problem, gold_chain
from socratic_utils.students import IncrementalDecoder, load_student, train_student
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.supervision import SUPERVISIONS
from socratic_utils.students.training.train import training_record

HELD_BACK, LEAST = 0.1, 20  # of the training problems, without a validation split


def problems_of(settings: config.Settings) -> tuple[list[Problem], list[Problem]]:
    """(training problems, problems to select on)."""
    problems = load_problems(settings.dataset, "train")
    splits, reported = splits_of(settings.dataset), test_splits(settings)
    if "validation" in splits and "validation" not in reported:
        return problems, load_problems(settings.dataset, "validation")
    return hold_back(problems, HELD_BACK, LEAST, last=True)


def score(
    settings: config.Settings,
    supervision: str,
    folder: Path,
    problems: list[Problem],
    validation: list[Problem],
) -> dict:
    """Train one student; its scores on validation."""
    trained = train_student(
        settings.student,
        [(p, gold_chain(p)) for p in problems],
        SUPERVISIONS[supervision],
        settings.training,
        folder,
        settings.seed,
    )
    solutions = solve(
        validation,
        IncrementalDecoder(*load_student(trained)),
        decoding=settings.decoding,
    )
    rows = [prediction_row(s, settings.decoding) for s in solutions]
    return {
        **accuracy(rows),
        "truncated": sum(row["truncated"] for row in rows) / len(rows),
        "seconds": training_record(trained)["seconds"],
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", choices=config.SCALES, default="small")
    parser.add_argument("--dataset", choices=BENCHMARKS, help="else the scale's own")
    parser.add_argument("--supervision", choices=SUPERVISIONS, default="gt_steps")
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    parser.add_argument("--epochs", type=float, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sizes", type=int, nargs="+", default=[125, 250])
    options = parser.parse_args(arguments)
    base = config.load(options.scale, dataset=options.dataset)
    try:  # read everything before training anything
        problems, validation = problems_of(base)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if not 0 < min(options.sizes) <= max(options.sizes) <= len(problems):
        parser.error(
            f"--sizes must be from 1 to {len(problems)}, the number of training "
            f"problems of {base.dataset}"
        )
    out = project_root() / "outputs" / "reference" / "sweep.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.read_csv(out).to_dict("records") if out.exists() else []

    def run(rate: float, epochs: float, size: int) -> float:
        """The accuracy of one setting, from its row or measured now."""
        training = replace(base.training, learning_rate=rate, epochs=epochs)
        setting = {
            "student": base.student,
            "dataset": base.dataset,
            "supervision": options.supervision,
            "problems": size,
            "learning_rate": rate,
            "epochs": epochs,
            "batch_size": training.batch_size,
        }
        for row in rows:
            if setting.items() <= row.items():
                return row["accuracy"]
        settings = replace(base, training=training, train_limit=size)
        folder = config.outputs_root() / "sweep"
        result = score(
            settings, options.supervision, folder, problems[:size], validation
        )
        rows.append(setting | result)
        print(rows[-1], flush=True)
        pd.DataFrame(rows).to_csv(out, index=False)
        return rows[-1]["accuracy"]

    fewest, *longer = sorted(options.epochs)
    smallest, *larger = sorted(options.sizes)
    best = max(options.rates, key=lambda rate: run(rate, fewest, smallest))
    for epochs in longer:
        run(best, epochs, smallest)
    for size in larger:
        run(best, base.training.epochs, size)


if __name__ == "__main__":
    main()
