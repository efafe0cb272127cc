"""The trainings of a run as a list of jobs, to be done in any order, anywhere.

    python -m socratic_utils.jobs paper                # what there is, with its hash
    python -m socratic_utils.jobs paper --model qg     # train one
    accelerate launch --num_processes 4 -m socratic_utils.jobs paper --model qg

A job is one model of the main table, or of an ablation that the run's notebook 07 will
show: everything that makes it is in its hash, which is in the name of its folder, so a
job that is done is skipped by whoever comes later: the notebooks, another process, a
Ray cluster (`ray_engine`).  With several processes the
batch is divided among them, so the steps are the same as on one machine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import ablations, config
from .config import P2_DATASETS, Settings
from .corpus import is_gold, taught
from .experiments import train_model
from .grid import SEEDS_AT_PAPER
from .lessons import MODELS, lesson
from .prompts import STYLES
from .runs import read_json
from .students import student_hash
from .transcripts import STUDENTS, SUPERVISIONS

__all__ = ["SEEDS_AT_PAPER", "Job", "jobs_of", "shows_ablations", "told"]


@dataclass(frozen=True)
class Job:
    """One training: the options of its run, and the name of the model (`lessons`)."""

    options: dict[str, Any]
    model: str

    @property
    def settings(self) -> Settings:
        return config.load(**self.options)

    @property
    def name(self) -> str:
        """The name of the folder it trains into; its teacher must have been asked."""
        settings = self.settings
        pairs, training = lesson(settings, self.model)
        mark = student_hash(
            settings.student, pairs, MODELS[self.model], training, settings.seed
        )
        return f"{self.model}-{mark}"

    @property
    def is_done(self) -> bool:
        folder = self.settings.folder / "students" / self.name
        return bool(read_json(folder / "training.json", {}))

    def run(self) -> Path:
        """Train, or take what is on disk; the student's folder."""
        return train_model(self.settings, self.model)


def jobs_of(options: dict[str, Any], seeds: Sequence[int] = ()) -> list[Job]:
    """The trainings of a run, for each seed; what nobody can teach is left out.

    Those of the ablations come last, for the first seed, whose notebook 07 shows them.
    """
    settings = config.load(**options)
    seeds = list(seeds) or [settings.seed]
    models = [m for models in STUDENTS.values() for m in models]
    models = [m for m in models if taught(settings, SUPERVISIONS[m])]
    jobs = [Job({**options, "seed": seed}, model) for seed in seeds for model in models]
    first = {**options, "seed": seeds[0]}
    extra = ablations.extra_models(settings) if shows_ablations(settings) else []
    return jobs + [Job(first, model) for model in extra]


def shows_ablations(settings: Settings) -> bool:
    """Whether notebook 07 is part of the run, or asked for with all it can train."""
    if settings.scale == "small":
        return bool(settings.switches)
    return settings.dataset not in P2_DATASETS


def told(job: Job) -> str:
    """A line about a job.  Nobody is asked for the chains that are in its hash."""
    settings, wanted = job.settings, MODELS[job.model].corpus
    kept = settings.folder / "chains" / f"{wanted}-kept.jsonl"
    if not is_gold(settings, wanted) and not kept.exists():
        asks = "02" if wanted in STYLES else "07"
        return f"{job.model}: its chains are not on disk, notebook {asks} asks for them"
    return f"{job.name}: {'done' if job.is_done else 'to be trained'}"


def main(argv: Sequence[str] | None = None) -> int:
    """List the jobs of a run, or train one of them."""
    from .checks import check, check_teacher
    from .cli import OPTIONS
    from .cli import parser as run_parser

    parser = run_parser()
    parser.prog = "python -m socratic_utils.jobs"
    parser.add_argument("--model", default="", help="the one to train, such as cot")
    arguments = parser.parse_args(argv)
    given = {name: getattr(arguments, name) for name in OPTIONS}
    options = {name: v for name, v in given.items() if v not in ("", None)}
    try:
        options = {"scale": arguments.scale, **options}
        settings = check(config.load(**options))
        jobs = jobs_of(options)
        chosen = [job for job in jobs if job.model == arguments.model]
        if arguments.model and not chosen:
            known = ", ".join(job.model for job in jobs)
            raise ValueError(f"no model {arguments.model!r}: choose from {known}")
        if not chosen or arguments.dry_run:
            for job in chosen or jobs:
                print(told(job))
            return 0
        check_teacher(settings)
        for job in chosen:
            print(job.run())
    except (ValueError, RuntimeError, OSError) as error:
        print(f"jobs: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
