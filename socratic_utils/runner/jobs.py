"""The trainings of a run as a list of jobs, to be done in any order, anywhere.

    python -m socratic_utils.runner.jobs paper                # the list, with hashes
    accelerate launch --num_processes 4 -m socratic_utils.runner.jobs paper --model qg

A job is one model of the main table, of an ablation, or of a pool of many chains
(`chains_08`).  On a Ray cluster (an optional extra) there is one job per GPU:

    pip install "ray[default]"                        # on every node
    ./run_all.sh paper --engine ray                   # on a node of the cluster

All nodes must see the same `outputs/` folder and the same checkout.  A job whose worker
died is started again from its last checkpoint.  Not covered: starting a cluster;
students of without_labels and before_and_beyond (SCoTD).
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from socratic_utils import config
from socratic_utils.experiments import corpus, data
from socratic_utils.experiments.arms import Arm, main_arms
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.experiments.socratic_cot import ablations
from socratic_utils.experiments.trainings import TrainingJob, trainings_of
from socratic_utils.files import project_root
from socratic_utils.students.supervision import SUPERVISIONS

from . import options
from .schedule import NOTEBOOKS, is_on_request, number_of

RETRIES = 5  # of a job whose worker dies; a job that fails by itself is not repeated
PASSED_ON = ("SOCRATIC_DATA_DIR", "SOCRATIC_DEVICE", "HF_HUB_OFFLINE", "HF_HOME",
             "HF_TOKEN")  # fmt: skip


def jobs_of(asked: dict[str, Any], seeds: Sequence[int] = ()) -> list[TrainingJob]:
    """The trainings of a run per seed; ablations and pools last, for the first seed."""
    settings = config.load(**asked)
    runs = [replace(settings, seed=seed) for seed in seeds or [settings.seed]]
    jobs = [job for run in runs for arm in main_arms(run)
            for job in trainings_of(run, arm)]  # fmt: skip
    main = {job.model for job in jobs}
    extra = {name_of(job): job for arm in further_arms(runs[0])
             for job in trainings_of(runs[0], arm)}  # fmt: skip
    return jobs + [job for name, job in extra.items() if name not in main]


def further_arms(settings: config.Settings) -> list[Arm]:
    """The arms beside the main table that the run's notebooks show."""
    parts = [n.name for n in NOTEBOOKS if not is_on_request(settings, Path(n.number))]
    found = []
    if "ablations" in parts or settings.ablations:
        found += ablations.arms(settings)
    if "many_chains" in parts and data.can_sample(settings):
        found += many_chains.arms(settings) + many_chains.filter_arms(settings)
    return found


def name_of(job: TrainingJob) -> str:
    """What `--model` calls a job: its pool's arm, or its model."""
    if (arm := job.arm).pool:
        return arm.name
    suffix = "" if arm.problems == "shared" else f"_{arm.problems}_problems"
    return job.model + suffix + "_lora" * (arm.lora_rank > 0)


def status(job: TrainingJob) -> str:
    """One line about a job; no teacher is asked for the chains that it needs."""
    name, settings, asks = name_of(job), job.settings, ""
    if job.arm.pool:
        asks = "many_chains" if data.sampling_plan(settings).requests else ""
    elif not all(corpus.on_disk(settings, n) for n in corpus.compared(settings)):
        asks = "filtering"
    elif not corpus.on_disk(settings, SUPERVISIONS[job.model].corpus):
        asks = "ablations"
    if asks:
        number = number_of(asks)
        return f"{name}: its chains are not on disk, notebook {number} asks for them"
    if not job.pairs_and_recipe[0]:
        return f"{name}: skipped, there is no chain to learn from"
    folder = f"{name}, {job.name}" if job.arm.pool else job.name
    return f"{folder}: {'done' if job.is_done else 'to be trained'}"


def run_on_ray(jobs: Sequence[TrainingJob], address: str = "auto") -> int:
    """Train what is not done; RuntimeError without Ray or cluster, or if jobs fail."""
    try:
        import ray
    except ImportError:
        hint = 'the engine "ray" is not installed: pip install "ray[default]"'
        raise RuntimeError(hint) from None
    missing = [*{(j.folder, j.name): j for j in jobs if not j.is_done}.values()]
    if not missing:
        print(f"all {len(jobs)} trainings are on disk")
        return 0
    variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    variables |= {"SOCRATIC_OUTPUTS": str(config.outputs_root().resolve()),
                  "PYTHONPATH": str(project_root())}  # fmt: skip
    try:
        ray.init(address, runtime_env={"env_vars": variables}, log_to_driver=False,
                 ignore_reinit_error=True)  # fmt: skip
    except ConnectionError as error:
        hint = f"no Ray cluster answers ({error}): start one with `ray start --head`"
        raise RuntimeError(hint) from None
    gpus = 1 if ray.cluster_resources().get("GPU") else 0
    train = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES)(_train)
    trained = [train.remote(job.settings, job.arm, job.model) for job in missing]
    print(f"{len(missing)} trainings on {len(ray.nodes())} nodes", flush=True)
    failed = []
    for job, reference in zip(missing, trained, strict=True):
        what = f"{job.model}, seed {job.settings.seed}"
        try:
            print(f"{what}: {ray.get(reference)}", flush=True)
        except ray.exceptions.RayError as error:
            print(f"{what} failed: {str(error).strip().splitlines()[-1]}", flush=True)
            failed.append(what)
    if failed:
        count = f"{len(failed)} of {len(missing)} trainings failed"
        hint = "the reasons are above, the others are on disk"
        raise RuntimeError(f"{count} ({'; '.join(failed)}): {hint}")
    return len(missing)


def _train(*job: Any) -> str:
    return TrainingJob(*job).run().name


def main(argv: Sequence[str] | None = None) -> int:
    """List the trainings of one run, or train one of them."""
    parser = options.parser("python -m socratic_utils.runner.jobs", main.__doc__)
    parser.add_argument("--model", default="", help="the one to train, such as cot")
    arguments = parser.parse_args(argv)
    try:
        asked = options.asked(arguments)
        settings = options.check(config.load(**asked))
        jobs = jobs_of(asked, range(options.seeds(arguments)))
        chosen = [job for job in jobs if name_of(job) == arguments.model]
        if arguments.model and not chosen:
            known = ", ".join(map(name_of, jobs))
            raise ValueError(f"no model {arguments.model!r}: choose from {known}")
        if train := chosen and not arguments.dry_run:
            options.check_teacher(settings)
        for job in chosen or jobs:
            print(job.run() if train else status(job))
    except (ValueError, RuntimeError, OSError) as error:
        print(f"jobs: {error}", file=sys.stderr)
        return options.BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
