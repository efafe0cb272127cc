"""The trainings of a run as a list of jobs, to be done in any order, anywhere.

    python -m socratic_utils.runner.jobs paper   # the list, with hashes
    python -m socratic_utils.runner.jobs paper --model qg     # train one
    accelerate launch --num_processes 4 -m socratic_utils.runner.jobs paper --model qg

A job is one model of the main table, of an ablation that the run shows, or of a pool of
many chains (`chains_08`, `filter_random`).  Everything that makes it is in its hash,
which is in the name of its folder, so a job that is done is skipped by the notebooks,
another process or a Ray cluster (`ray_jobs`).  With several processes the batch is
divided among them, so that the steps are the same as on one machine.

Not covered: students of the notebooks without_labels and before_and_beyond (SCoTD).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from socratic_utils import config
from socratic_utils.config import Settings
from socratic_utils.experiments import ablations, many_chains, sampling
from socratic_utils.experiments.corpus import is_gold, taught
from socratic_utils.experiments.lessons import MODELS, lesson
from socratic_utils.experiments.sampling import STYLE
from socratic_utils.experiments.stages import train_model
from socratic_utils.files import read_json
from socratic_utils.filtering.down_sampling import Pool
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS
from socratic_utils.students.training.identity import student_hash
from socratic_utils.teacher.prompts import STYLES

from . import options
from .schedule import is_on_request, number_of


@dataclass(frozen=True)
class Job:
    """One training: the options of its run, and the name of the model (`lessons`) or
    of the pool (`many_chains`)."""

    options: dict[str, Any]
    model: str

    @property
    def settings(self) -> Settings:
        return many_chains.as_named(config.load(**self.options), self.model)

    @property
    def name(self) -> str:
        """The name of the folder it trains into; its teacher must have been asked."""
        settings = self.settings
        supervision = MODELS.get(self.model, MODELS[STYLE])
        if self.is_pool:
            pairs, training = many_chains.lesson(settings, self._some_pool())
        else:
            pairs, training = lesson(settings, self.model)
        mark = student_hash(
            settings.student, pairs, supervision, training, settings.seed
        )
        return f"{supervision.name}-{mark}"

    @property
    def is_pool(self) -> bool:
        return self.model not in MODELS

    @cached_property
    def pool(self) -> Pool | None:
        """What is learnt from, None where that is no chain; asks for chains."""
        return many_chains.pool_of(self.settings, self.model)

    @property
    def is_done(self) -> bool:
        """Whether it is on disk, or there turned out to be nothing to learn from."""
        if self.is_pool and not self.pool:
            return True
        folder = self.settings.folder / "students" / self.name
        return bool(read_json(folder / "training.json", {}))

    def run(self) -> Path:
        """Train, or take what is on disk; the student's folder."""
        if self.is_pool:
            return many_chains.train(self.settings, self._some_pool())
        return train_model(self.settings, self.model)

    def _some_pool(self) -> Pool:
        if self.pool:
            return self.pool
        raise ValueError(f"{self.model}: this teacher's chains make no such pool")


def jobs_of(asked: dict[str, Any], seeds: Sequence[int] = ()) -> list[Job]:
    """The trainings of a run for each seed; models without training data are skipped.

    Those of ablations and pools come last, for the first seed, whose notebooks show
    them.
    """
    settings = config.load(**asked)
    seeds = list(seeds) or [settings.seed]
    models = [m for s in STUDENTS.values() for m in s.supervisions]
    models = [m for m in models if taught(settings, SUPERVISIONS[m])]
    jobs = [Job({**asked, "seed": seed}, model) for seed in seeds for model in models]
    first = {**asked, "seed": seeds[0]}
    extra = ablations.extra_models(settings) if shows_ablations(settings) else []
    if shows_pools(settings):
        extra = [*extra, *many_chains.pool_names(settings)]
    return jobs + [Job(first, model) for model in extra]


def shows_ablations(settings: Settings) -> bool:
    """Whether the ablations are part of the run, or asked for with all their models."""
    return not is_on_request(settings, _path("ablations")) or bool(settings.ablations)


def shows_pools(settings: Settings) -> bool:
    """Whether the notebooks of many chains are part of the run, and have chains."""
    asked_for = is_on_request(settings, _path("many_chains"))
    return not asked_for and sampling.can_sample(settings)


def _path(name: str) -> Path:
    return Path(f"{number_of(name)}_{name}.ipynb")


def status(job: Job) -> str:
    """One line about a job; no teacher is asked for the chains that it needs."""
    settings = job.settings
    asks = ""
    if job.is_pool:
        if sampling.planned(settings).requests:
            asks = "many_chains"
        elif not job.pool:
            return f"{job.model}: skipped, there is no chain to learn from"
    else:
        wanted = MODELS[job.model].corpus
        kept = settings.folder / "chains" / f"{wanted}-kept.jsonl"
        if not is_gold(settings, wanted) and not kept.exists():
            asks = "filtering" if wanted in STYLES else "ablations"
    if asks:
        return (
            f"{job.model}: its chains are not on disk, notebook {number_of(asks)} asks "
            f"for them"
        )
    name = f"{job.model}, {job.name}" if job.is_pool else job.name
    return f"{name}: {'done' if job.is_done else 'to be trained'}"


def main(argv: Sequence[str] | None = None) -> int:
    """List the jobs of a run, or train one of them."""
    parser = options.parser("python -m socratic_utils.runner.jobs")
    parser.add_argument("--model", default="", help="the one to train, such as cot")
    arguments = parser.parse_args(argv)
    try:
        asked = options.asked(arguments)
        settings = options.check(config.load(**asked))
        jobs = jobs_of(asked)
        chosen = [job for job in jobs if job.model == arguments.model]
        if arguments.model and not chosen:
            known = ", ".join(job.model for job in jobs)
            raise ValueError(f"no model {arguments.model!r}: choose from {known}")
        if not chosen or arguments.dry_run:
            for job in chosen or jobs:
                print(status(job))
            return 0
        options.check_teacher(settings)
        for job in chosen:
            print(job.run())
    except (ValueError, RuntimeError, OSError) as error:
        print(f"jobs: {error}", file=sys.stderr)
        return options.BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
