"""The stages of a run, each skipped when its result is already on disk.

    corpus            ask the teacher, filter, save chains/ with the reasons
    train             one or two models of a student
    score             solve a split, save predictions/, one row a problem

The notebooks call these three; everything else they show is read from the files.  With
`reuse="reference"` nothing is asked, trained or solved: the committed rows are taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from socratic_utils import problems
from socratic_utils.answers import arithmetic
from socratic_utils.answers import choices as choosing
from socratic_utils.answers import extract as answers
from socratic_utils.config import Decoding, Settings
from socratic_utils.files import (
    content_hash,
    file_hash,
    record_settings,
    write_atomic,
    write_jsonl_rows,
)
from socratic_utils.problems import Problem, read_rows
from socratic_utils.students import transcript as transcripts
from socratic_utils.students.decoding import (
    incremental as speaker,
)
from socratic_utils.students.decoding import (
    kv_cache as roomy,
)
from socratic_utils.students.decoding import (
    loop as solving,
)
from socratic_utils.students.decoding import (
    vllm,
)
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import prediction_row, solve
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS
from socratic_utils.students.training.train import (
    device,
    load_student,
    train_student,
    training_record,
)

from .corpus import (
    corpus,
    filtered,
    is_gold,
    is_taught,
    reason_rows,
    styles,
    teacher_of,
    test_problems,
    test_splits,
    train_problems,
)
from .lessons import MODELS, lesson

# Notebooks know one module of stages; these are in `corpus`.
__all__ = [
    "corpus", "correct_share", "filtered", "is_taught", "reason_rows", "rows_so_far",
    "score", "score_all", "solved", "start", "styles", "take_reference", "taught_by",
    "teacher_of", "test_problems", "test_splits", "train", "train_problems",
    "training_losses",
]  # fmt: skip

# Rows are made again when one of these changes: they decide what a row says.
SOLVER = (
    answers, arithmetic, choosing, problems, roomy, solving, speaker, vllm,
    transcripts,
)  # fmt: skip


def start(settings: Settings, notebook: str) -> Path:
    """Make the run's folder, note what is run, and say it in one line."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    record_settings(settings, device=str(device()))
    how = f", reusing {settings.reuse}" if settings.reuse else ""
    print(
        f"{notebook}: scale {settings.scale}, {settings.dataset}, student "
        f"{settings.student}, teacher {settings.teacher}, seed {settings.seed}{how}"
    )
    return settings.folder


def taught_by(settings: Settings, student: str) -> str:
    """The teacher a student learnt from: the run's, or "gold"."""
    corpora = {SUPERVISIONS[name].corpus for name in STUDENTS[student].supervisions}
    gold = all(is_gold(settings, name) for name in corpora)
    return "gold" if gold else settings.teacher


def train(settings: Settings, student: str) -> list[Path]:
    """Train the models of a student; their folders (two for the iterative pair)."""
    return [train_model(settings, name) for name in STUDENTS[student].supervisions]


def train_model(settings: Settings, model: str) -> Path:
    """Train one model of the main table or of an ablation; its folder."""
    pairs, training = lesson(settings, model)
    return train_student(
        settings.student, pairs, MODELS[model], training,
        settings.folder / "students", settings.seed,
    )  # fmt: skip


def rows_so_far(settings: Settings) -> list[dict]:
    """Prediction rows on disk that belong to this run: same settings, same problems.

    Another student or limit leaves its rows in the same folder; they are not mixed in.
    """
    wanted = {
        split: [p.id for p in test_problems(settings, split)]
        for split in test_splits(settings)
    }
    rows = []
    for student in STUDENTS:
        for split, ids in wanted.items():
            path = predictions_path(settings, student, split)
            found = rows_of(path)
            same = {row.get("settings") for row in found} == {settings.hash}
            # Committed rows were made for the settings of the scale.
            if (same or settings.reuse) and [row["id"] for row in found] == ids:
                rows += found
    return rows


def rows_of(path: Path) -> list[dict]:
    """The rows of a file; none where it is missing or, set aside, cannot be read."""
    if not path.exists():
        return []
    try:
        return [row for _, row in read_rows(path)]
    except ValueError as error:
        aside = path.with_suffix(".bad")
        path.replace(aside)
        print(f"{error}; the file is set aside as {aside.name}, its rows are made anew")
        return []


def predictions_path(
    settings: Settings, student: str, split: str, folder: str = ""
) -> Path:
    """Where rows are saved; those apart from the main table have a `folder`."""
    name = f"{settings.dataset}-{split}-{student}.jsonl"
    return settings.folder / "predictions" / folder / name


def training_losses(settings: Settings, students: Sequence[str]) -> dict:
    """Loss curves of trained models; empty where the rows came from the reference."""
    if settings.reuse:
        return {}
    return {
        name: training_record(folder)["losses"]
        for student in students
        if is_taught(settings, student)
        for name, folder in zip(
            STUDENTS[student].supervisions, train(settings, student), strict=True
        )
    }


def score(settings: Settings, student: str, split: str = "test") -> list[dict]:
    """Prediction rows of a student on a split: from disk, or trained and solved."""
    path = predictions_path(settings, student, split)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    labels = {"student": student, "teacher": taught_by(settings, student)}
    asked = test_problems(settings, split)
    return solved(settings, path, train(settings, student), asked, labels)


def speakers_of(folders: Sequence[Path]) -> list[IncrementalDecoder]:
    """The trained models, ready to write."""
    return [IncrementalDecoder(*load_student(folder)) for folder in folders]


def served_or_loaded(folders: Sequence[Path]) -> Sequence[Any]:
    """The models behind the servers of SOCRATIC_STUDENT_URLS; without it, loaded."""
    if os.environ.get(vllm.VARIABLE):
        return vllm.served_decoders(folders)
    return speakers_of(folders)


def solved(
    settings: Settings,
    path: Path,
    folders: Sequence[Path],
    asked: Sequence[Problem],
    labels: dict,
    decoding: Decoding | None = None,
    samples: int = 1,
    changed: Any = None,
    speakers: Callable[..., Sequence[Any]] = served_or_loaded,
    **how: Any,
) -> list[dict]:
    """Prediction rows of trained models: from `path`, where they are the same, or new.

    `labels` are columns of every row ("student" among them); of several `samples` a row
    has its number and its log-likelihood too.  Another way of solving is told by
    `speakers`, which makes them of the folders, and `how` (arguments of `solve`); what
    is different about it must be in `changed`, so that its rows are told apart.
    """
    decoding = decoding or settings.decoding
    inputs = content_hash(
        [
            [file_hash(module.__file__) for module in SOLVER],
            [folder.name for folder in folders],
            [asdict(problem) for problem in asked],
            asdict(decoding),
            *([samples] if samples > 1 else []),
            *([changed] if changed else []),
        ]
    )
    name = f"{labels['student']}, {asked[0].split}"
    rows = rows_of(path)
    if rows and rows[0].get("inputs") == inputs:
        print(f"{name}: already solved, {len(rows)} rows from disk")
        if rows[0].get("settings") != settings.hash:  # others, the same rows
            rows = [{**row, "settings": settings.hash} for row in rows]
            write_jsonl_rows(path, rows)
        return rows
    solutions = solve(
        asked, *speakers(folders), decoding=decoding, label=name, samples=samples,
        seed=settings.seed, **how,
    )  # fmt: skip
    labels = labels | {
        "model": settings.student,
        "seed": settings.seed,
        "settings": settings.hash,
        "inputs": inputs,
    }
    rows = []
    for number, solution in enumerate(solutions):
        own = {}
        if samples > 1:
            own = {"sample": number % samples, "logprob": round(solution.logprob, 4)}
        rows.append(prediction_row(solution, decoding, **labels, **own))
    write_jsonl_rows(path, rows)
    return rows


def take_reference(settings: Settings, path: Path) -> list[dict]:
    """The committed rows of a file in the run's folder, copied to it."""
    source = settings.reference / path.relative_to(settings.folder)
    if not source.exists():
        raise FileNotFoundError(
            f"no committed reference run has {path.name}: run without --reuse"
        )
    write_atomic(path, source.read_bytes())
    return [row for _, row in read_rows(path)]


def correct_share(rows: Sequence[dict]) -> str:
    """ "31 of 200 right (15.5 %)", for a line under a cell."""
    right = sum(row["correct"] for row in rows)
    return f"{right} of {len(rows)} right ({right / len(rows):.1%})"


def score_all(settings: Settings, students: Sequence[str]) -> list[dict]:
    """Prediction rows of several students on every split the run reports."""
    rows = []
    for student in students:
        if not is_taught(settings, student):
            print(
                f"{student}: left out, as neither {settings.dataset} nor "
                f"{settings.teacher} has the steps that it learns"
            )
            continue
        for split in test_splits(settings):
            found = score(settings, student, split)
            rows += found
            print(f"{student}, {split}: {correct_share(found)}")
    return rows
