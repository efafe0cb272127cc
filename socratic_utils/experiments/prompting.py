"""Students that are only prompted: what they can do before training, or elsewhere.

P2, Table 2(a): the untrained student is shown a few exemplars with and without chains;
its Fig 6: a trained one is shown exemplars of a task that it was never trained on.  The
exemplars are those of the teacher's prompts (`prompts`), written as transcripts, so
that a trained student reads the format it knows:

    Problem: Where are keys kept? (a) ocean (b) drawer
    A: Keys are small and wanted often.
    The answer is b.

    Problem: ...

All problems of a batch read the exemplars once.  Rows lie in `predictions/prompted/`.

Not covered: MetaICL, the baseline that P2 compares transfer with; instructions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from socratic_utils.benchmarks import DATA_VARIABLE
from socratic_utils.config import Settings
from socratic_utils.files import file_hash
from socratic_utils.metrics.self_consistency import SAMPLED
from socratic_utils.students.base_models import base_revision, load_pretrained
from socratic_utils.students.decoding.few_shot import (
    STYLE,
    FewShotDecoder,
    prefix_ids,
)
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.supervision import SUPERVISIONS, Supervision
from socratic_utils.students.training.hardware import device
from socratic_utils.students.training.train import load_student
from socratic_utils.students.transcript import prompt_ids
from socratic_utils.teacher.prompts import load_prompt

from . import corpus
from . import stages as experiments

FOLDER = "prompted"


@dataclass(frozen=True)
class Way:
    """How a student is prompted: which roles exemplars show, and how it decodes."""

    name: str
    supervision: Supervision
    samples: int = 1


def ways(settings: Settings) -> tuple[Way, ...]:
    """The three rows of P2's Table 2(a); votes as in notebook 10."""
    label, cot = SUPERVISIONS["answer_only"], SUPERVISIONS[STYLE]
    return (
        Way("no_cot", label), Way("greedy_cot", cot),
        Way("self_consistency", cot, settings.many.votes[-1]),
    )  # fmt: skip


def score(
    settings: Settings,
    way: Way,
    student: Path | None = None,
    dataset: str = "",
    name: str = "",
) -> list[dict]:
    """Prediction rows of a prompted student: from disk, or solved now.

    `student` is the folder of a trained one (None: the run's student before any
    training), `dataset` the benchmark it is asked about (empty: the run's), `name` what
    it is called in rows (empty: the way's name).
    """
    target = replace(settings, dataset=dataset or settings.dataset)
    problems = corpus.test_problems(target)
    count = settings.many.vote_limit if way.samples > 1 else settings.many.test_limit
    asked, name = corpus.spread(problems, count), name or way.name
    file = f"{target.dataset}-{asked[0].split}-{name}.jsonl"
    path = settings.folder / "predictions" / FOLDER / file
    if settings.reuse == "reference":
        return experiments.take_reference(settings, path)

    def speakers(_folders: Sequence[Path]) -> list[IncrementalDecoder]:
        if student is None:
            model, tokenizer = load_pretrained(settings.student, settings.seed)
            model = model.to(device()).eval()
        else:
            model, tokenizer = load_student(student)
        prompted = FewShotDecoder(model, tokenizer, [])
        longest = max(len(prompt_ids(tokenizer, problem)) for problem in asked)
        room = (prompted.context or inf) - settings.decoding.max_tokens - longest
        prompted.prefix = prefix_ids(
            tokenizer, target.dataset, asked[0].kind, way.supervision, room
        )
        return [prompted]

    base = [settings.student, base_revision(settings.student)]
    decoding = settings.decoding
    if way.samples > 1:
        decoding = replace(decoding, temperature=SAMPLED.temperature)
    return experiments.solved(
        settings, path, [student] if student else [], asked,
        {"student": name, "teacher": "exemplars"}, decoding, way.samples,
        changed=[*base, way.supervision.name, file_hash(__file__),
                 load_prompt(target.dataset, STYLE).hash],
        speakers=speakers,
    )  # fmt: skip


def transfer(settings: Settings) -> list[dict]:
    """The student before and after training on its own task, asked about others.

    Tasks are `settings.many.transfer`, those at hand and other than the run's own; the
    trained student is the one of the teacher's CoT chains.  Reused rows are those that
    were committed.
    """
    way, rows = ways(settings)[1], []
    others = [task for task in settings.many.transfer if task != settings.dataset]
    tasks = [task for task in others if at_hand(settings, task)]
    if not tasks:
        return []
    students: dict[str, Path | None] = {"before": None}
    if corpus.is_taught(settings, STYLE):
        trained = Path() if settings.reuse else experiments.train(settings, STYLE)[0]
        students["after_cot"] = trained
    for task in tasks:
        for name, student in students.items():
            try:
                rows += score(settings, way, student, task, name)
            except FileNotFoundError as error:
                if not settings.reuse:
                    raise
                print(error)
    return rows


def at_hand(settings: Settings, dataset: str) -> bool:
    """Whether a benchmark can be read: from the hub at `paper` scale, else locally."""
    if settings.scale != "paper" and not os.environ.get(DATA_VARIABLE):
        return False
    try:
        return bool(corpus.test_problems(replace(settings, dataset=dataset)))
    except FileNotFoundError:
        return False
