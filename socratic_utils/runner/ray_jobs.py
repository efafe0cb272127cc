"""Train the jobs of a run on a Ray cluster, one job per GPU (an optional extra).

    pip install "ray[default]"                        # on every node
    ./run_all.sh paper --engine ray                   # on a node of the cluster

All nodes must see the same `outputs/` folder and the same checkout.  A job whose worker
died is started again from its last checkpoint.  Not covered: starting a cluster.
"""

import os
from collections.abc import Sequence
from typing import Any

from socratic_utils.config import outputs_root
from socratic_utils.experiments.trainings import TrainingJob
from socratic_utils.files import project_root

RETRIES = 5  # of a job whose worker dies; a job that fails by itself is not repeated
PASSED_ON = ("SOCRATIC_DATA_DIR", "SOCRATIC_DEVICE", "HF_HUB_OFFLINE", "HF_HOME",
             "HF_TOKEN")  # fmt: skip


def run_jobs(jobs: Sequence[TrainingJob], address: str = "auto") -> int:
    """Train what is not done; RuntimeError without Ray or cluster, or if jobs fail."""
    try:
        import ray
    except ImportError:
        hint = 'the engine "ray" is not installed: pip install "ray[default]"'
        raise RuntimeError(hint) from None
    missing = [job for job in jobs if not job.is_done]
    if not missing:
        print(f"all {len(jobs)} trainings are on disk")
        return 0
    variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    variables |= {"SOCRATIC_OUTPUTS": str(outputs_root().resolve()),
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
