"""The trainings of an arm: which pairs, which recipe, which folder.

A job is one model of an arm.  The hash of everything that makes it is in its name, so a
job that is done is skipped by notebooks, other processes and Ray clusters.

Arms without a pool are trained for the same number of optimizer steps, and from the
same problems in the same random order, up to the grouping by length within it.  Not
covered: transcripts longer than `max_length`, which are skipped, may be of one arm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from pathlib import Path

from socratic_utils.config import Settings, Training
from socratic_utils.files import content_hash
from socratic_utils.filtering.down_sampling import balanced
from socratic_utils.problems import Problem
from socratic_utils.students import SUPERVISIONS, train_student
from socratic_utils.students.supervision import as_learnt, as_long, variant_of
from socratic_utils.students.training.train import ingredients, training_record
from socratic_utils.students.training.trainer import KeepModels

from .arms import Arm
from .corpus import Pairs, corpus, paired, pool_of, shared_problems
from .data import hold_back, spread, train_problems


@dataclass(frozen=True)
class TrainingJob:
    """One training: a model of an arm.  Its chains are asked for when first needed."""

    settings: Settings
    arm: Arm
    model: str

    @cached_property
    def pairs_and_recipe(self) -> tuple[Pairs, Training]:
        """What is learnt, and for how long."""
        settings, arm = self.settings, self.arm
        rates = dict(settings.learning_rates)
        if unknown := ", ".join(rates.keys() - SUPERVISIONS.keys()):
            raise ValueError(f"learning_rates name {unknown}, which is no supervision")
        rate = rates.get(variant_of(self.model), settings.training.learning_rate)
        recipe = replace(settings.training, learning_rate=rate)
        # 1. the chains: a pool's, or those of the supervision's corpus
        if arm.pool:
            problems, pool = pool_of(settings, arm.pool)
            pairs = paired(problems, pool.chains)
        else:
            problems = train_problems(settings)
            pairs = corpus(settings, SUPERVISIONS[self.model].corpus)
            shared = shared_problems(settings) if pairs else []
            if arm.problems == "shared":
                pairs = about(shared, pairs)
                problems = problems if arm.held_back else shared
            if len(pairs) not in (0, len(shared)):
                recipe = as_long(recipe, len(shared), len(pairs))
        # 2. of which problems; held back are some of all, whatever is learnt
        every, count = len(pairs), max(1, round(arm.share * len(problems)))
        problems = spread(problems, count)
        if arm.held_back:
            problems = hold_back(problems, arm.held_back)[0]
        pairs = about(problems, pairs)
        # 3. for how many optimizer steps: a share of the problems as many as all
        if arm.share < 1:
            recipe = as_long(recipe, every, len(pairs))
        if arm.balanced and pairs:
            pairs = visits(settings, pairs, arm.steps)
        if arm.steps:
            recipe = recipe.for_steps(arm.steps, len(pairs))
        if arm.lora_rank:
            recipe = recipe.with_lora(arm.lora_rank)
        return as_learnt(self.model, pairs, recipe)

    @property
    def name(self) -> str:
        """The name of the student's folder, which ends with its hash."""
        (pairs, recipe), one = self.pairs_and_recipe, self.settings
        own = SUPERVISIONS[self.model]
        made_from = ingredients(one.student, pairs, own, recipe, one.seed)
        return f"{own.name}-{content_hash(made_from)}"

    @property
    def folder(self) -> Path:
        """Where its student is saved; kept checkpoints have a folder of their own."""
        own = f"checkpoints-{self.arm.checkpoints}" if self.arm.checkpoints else ""
        return self.settings.folder / "students" / own

    @property
    def is_done(self) -> bool:
        """Whether the student is on disk, or there is no chain to learn from."""
        pairs, _ = self.pairs_and_recipe
        return not pairs or bool(training_record(self.folder / self.name))

    def run(self) -> Path:
        """Train, unless the student is on disk; its folder."""
        (pairs, recipe), kept = self.pairs_and_recipe, self.arm.checkpoints
        keep = [KeepModels(kept, self.folder / self.name)] if kept else []
        how = (SUPERVISIONS[self.model], recipe, self.folder, self.settings.seed, keep)
        return train_student(self.settings.student, pairs, *how)


def about(problems: Sequence[Problem], pairs: Pairs) -> Pairs:
    ids = {problem.id for problem in problems}
    return [pair for pair in pairs if pair[0].id in ids]


def visits(settings: Settings, pairs: Pairs, steps: int) -> Pairs:
    """Pairs such that every problem is visited equally often for so many steps, each
    visit with one of its chains drawn at random (the authors' code of SCoTD)."""
    problems = list({problem.id: problem for problem, _ in pairs}.values())
    if len(problems) == len(pairs):
        return pairs
    count = ceil(steps * settings.training.batch_size / len(problems))
    chains = [chain for _, chain in pairs]
    pool = balanced(problems, chains, count, settings.seed, keep_wrong=True)
    return paired(problems, pool.chains)


def trainings_of(settings: Settings, arm: Arm) -> list[TrainingJob]:
    return [TrainingJob(settings, arm, model) for model in arm.models]


def train(settings: Settings, arm: Arm) -> list[Path]:
    """The folders of an arm's trained models, one per model; trained if need be."""
    step = f"step-{arm.checkpoint:05d}" if arm.checkpoint else ""
    return [job.run() / step for job in trainings_of(settings, arm)]
