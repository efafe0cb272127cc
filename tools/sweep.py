"""Choose learning rate and epochs of a scale on its validation split.

    python tools/sweep.py --rates 1e-4 3e-4 1e-3 --epochs 1 2 --train-limit 125

Trains the student with gold steps once for every rate at the fewest epochs, then the
best rate at the other epochs, and scores each on the 60 validation problems; the test
splits are never read.  Rows go to outputs/reference/sweep.csv as they come.
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

from socratic_utils import config
from socratic_utils.benchmarks import load_problems
from socratic_utils.metrics import accuracy
from socratic_utils.problems import gold_chain
from socratic_utils.runs import project_root
from socratic_utils.solving import prediction_row, solve
from socratic_utils.speaker import Speaker
from socratic_utils.students import load_student, train_student, training_record
from socratic_utils.transcripts import SUPERVISIONS


def score(settings: config.Settings, supervision: str, folder: Path) -> dict:
    """One row: what was trained, and its accuracy on validation."""
    problems = load_problems(settings.dataset, "train", settings.train_limit)
    trained = train_student(
        settings.student,
        [(p, gold_chain(p)) for p in problems],
        SUPERVISIONS[supervision],
        settings.training,
        folder,
        settings.seed,
    )
    solutions = solve(
        load_problems(settings.dataset, "validation"),
        Speaker(*load_student(trained)),
        decoding=settings.decoding,
    )
    rows = [prediction_row(s, settings.decoding) for s in solutions]
    return {
        "supervision": supervision,
        "problems": len(problems),
        "learning_rate": settings.training.learning_rate,
        "epochs": settings.training.epochs,
        "batch_size": settings.training.batch_size,
        **accuracy(rows),
        "truncated": sum(row["truncated"] for row in rows) / len(rows),
        "seconds": training_record(trained)["seconds"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", default="small")
    parser.add_argument("--supervision", default="gt_steps")
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-4, 3e-4, 1e-3])
    parser.add_argument("--epochs", type=float, nargs="+", default=[1, 2])
    parser.add_argument("--train-limit", type=int, default=125)
    options = parser.parse_args()
    base = config.load(options.scale, train_limit=options.train_limit)
    out = project_root() / "outputs" / "reference" / "sweep.csv"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict] = []

    def run(rate: float, epochs: float) -> None:
        training = replace(base.training, learning_rate=rate, epochs=epochs)
        settings = replace(base, training=training)
        rows.append(
            score(settings, options.supervision, config.outputs_root() / "sweep")
        )
        print(rows[-1], flush=True)
        with out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    fewest, *more = sorted(options.epochs)
    for rate in options.rates:
        run(rate, fewest)
    best = max(rows, key=lambda row: row["accuracy"])["learning_rate"]
    for epochs in more:
        run(best, epochs)


if __name__ == "__main__":
    main()
