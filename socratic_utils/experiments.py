"""The stages of a run, each skipped when its result is already on disk.

    corpus            ask the teacher, filter, save chains/ with the reasons
    train             one or two models of a student
    score             solve a split, save predictions/, one row a problem

The notebooks call these three; everything else they show is read from the files.  With
`reuse="reference"` nothing is asked, trained or solved: the committed rows are taken.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from . import answers, arithmetic, solving, speaker, transcripts
from .benchmarks import BENCHMARKS, load_problems
from .config import Settings, outputs_root
from .corpora import CORPORA, training_chains
from .corpora.teacher import PublishedTeacher
from .filters import KEPT, REASONS, Attempt, Filtered, keep_if_correct
from .problems import Chain, Problem, gold_chain, read_rows, save_jsonl
from .runs import (
    content_hash,
    file_hash,
    record_settings,
    write_jsonl_rows,
)
from .solving import prediction_row, solve
from .speaker import Speaker
from .students import device, load_student, train_student, training_record
from .teacher import Teacher
from .transcripts import STUDENTS, SUPERVISIONS

Pairs = list[tuple[Problem, Chain]]
# Rows are made again when one of these changes: they decide what a row says.
SOLVER = (answers, arithmetic, solving, speaker, transcripts)
OWN_SOCRATIC = ("gsm8k",)  # benchmarks with Socratic steps of their own (P1 section 4)


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


def teacher_of(settings: Settings, plan: bool = False) -> Teacher | PublishedTeacher:
    """The run's teacher: recorded chains, then the store of all runs, then its address.

    Replies in the run's own folder, where earlier versions kept them, are taken over.
    A `plan` leaves the disk as it is.
    """
    if settings.teacher in CORPORA:
        return PublishedTeacher(settings.teacher)
    store = outputs_root() / "teacher"
    teacher = Teacher(
        settings.teacher,
        settings.teacher_url or None,
        None if plan and not store.exists() else store,
        max_tokens=settings.teacher_tokens,
        api=settings.teacher_api,
        mode=settings.teacher_mode,
        max_cost=settings.max_cost or None,
    )
    teacher.take_over(settings.folder / "teacher")
    return teacher


def styles(settings: Settings) -> list[str]:
    """The chains a run asks for: no Socratic ones where the benchmark has its own."""
    return ["cot"] if settings.dataset in OWN_SOCRATIC else ["cot", "socratic"]


def train_problems(settings: Settings) -> list[Problem]:
    """The training problems of the run."""
    return load_problems(settings.dataset, "train", settings.train_limit)


def test_problems(settings: Settings, split: str = "test") -> list[Problem]:
    """A test split, or `test_limit` problems of it at even distances."""
    problems = load_problems(settings.dataset, split)
    if settings.test_limit is None or settings.test_limit >= len(problems):
        return problems
    stride = len(problems) / settings.test_limit  # seen and unseen families alike
    return [problems[int(i * stride)] for i in range(settings.test_limit)]


def test_splits(settings: Settings) -> list[str]:
    """The splits a run reports: "test", and the challenge set where there is one."""
    known = BENCHMARKS[settings.dataset].SPLITS
    return [split for split in ("test", "challenge") if split in known]


def filtered(settings: Settings, style: str) -> Filtered:
    """The teacher's chains of a style, filtered; saved as `chains/<style>-*.jsonl`."""
    return _filtered(settings, style, settings.folder)


@cache  # six models and every score need it; `folder` follows the environment
def _filtered(settings: Settings, style: str, folder: Path) -> Filtered:
    problems = train_problems(settings)
    if settings.reuse == "reference":
        result = _reference_chains(settings, style, problems)
    else:
        teacher = teacher_of(settings)
        again = 0 if settings.teacher in CORPORA else settings.max_resamples
        result = keep_if_correct(problems, teacher, style, again)
        if settings.teacher in CORPORA:
            training_chains(result.kept, settings.dataset)
    save_jsonl(folder / "chains" / f"{style}-kept.jsonl", result.kept)
    rows = [attempt.row() for attempt in result.attempts]
    write_jsonl_rows(folder / "chains" / f"{style}-attempts.jsonl", rows)
    return result


def _reference_chains(
    settings: Settings, style: str, problems: Sequence[Problem]
) -> Filtered:
    """What the committed run asked and kept."""
    attempts = []
    path = settings.reference / "chains" / f"{style}-attempts.jsonl"
    for _, row in read_rows(path):
        reason = row.pop("reason")
        attempts.append(Attempt(Chain(**row), reason))
    kept = {a.chain.problem_id: a.chain for a in attempts if a.reason == KEPT}
    return Filtered(
        tuple(kept[p.id] for p in problems if p.id in kept),
        tuple(attempts),
        tuple(p.id for p in problems if p.id not in kept),
    )


def reason_rows(results: dict[str, Filtered]) -> list[dict]:
    """A row a style and reason: the table of why chains were kept or dropped."""
    return [
        {"style": style, "reason": reason, "attempts": result.reasons()[reason]}
        for style, result in results.items()
        for reason in REASONS
    ]


def corpus(settings: Settings, name: str) -> Pairs:
    """Training pairs: "gold" steps, or the teacher's kept "cot" or "socratic" chains.

    Benchmarks with Socratic steps of their own use those (P1 section 4).
    """
    problems = train_problems(settings)
    if is_gold(settings, name):
        return [(p, gold_chain(p)) for p in problems if p.steps]
    by_id = {p.id: p for p in problems}
    return [(by_id[c.problem_id], c) for c in filtered(settings, name).kept]


def is_gold(settings: Settings, name: str) -> bool:
    """Whether a corpus is the dataset's own steps, so that no teacher wrote it."""
    own = name == "socratic" and settings.dataset in OWN_SOCRATIC
    return name == "gold" or own


def taught_by(settings: Settings, student: str) -> str:
    """The teacher a student learnt from: the run's, or "gold"."""
    corpora = {SUPERVISIONS[name].corpus for name in STUDENTS[student]}
    gold = all(is_gold(settings, name) for name in corpora)
    return "gold" if gold else settings.teacher


def train(settings: Settings, student: str) -> list[Path]:
    """Train the models of a student; their folders (two for the iterative pair)."""
    return [
        train_student(
            settings.student,
            corpus(settings, SUPERVISIONS[name].corpus),
            SUPERVISIONS[name],
            settings.training,
            settings.folder / "students",
            settings.seed,
        )
        for name in STUDENTS[student]
    ]


def rows_so_far(settings: Settings) -> list[dict]:
    """Prediction rows on disk that belong to this run: same models, seed and problems.

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
            found = [row for _, row in read_rows(path)] if path.exists() else []
            same = all(
                (row["model"], row["seed"]) == (settings.student, settings.seed)
                for row in found
            )
            if same and [row["id"] for row in found] == ids:
                rows += found
    return rows


def predictions_path(settings: Settings, student: str, split: str) -> Path:
    """Where `score` saves its rows."""
    name = f"{settings.dataset}-{split}-{student}.jsonl"
    return settings.folder / "predictions" / name


def training_losses(settings: Settings, students: Sequence[str]) -> dict:
    """Loss curves of trained models; empty where the rows came from the reference."""
    if settings.reuse:
        return {}
    return {
        name: training_record(folder)["losses"]
        for student in students
        for name, folder in zip(
            STUDENTS[student], train(settings, student), strict=True
        )
    }


def score(settings: Settings, student: str, split: str = "test") -> list[dict]:
    """Prediction rows of a student on a split: from disk, or trained and solved."""
    path = predictions_path(settings, student, split)
    if settings.reuse == "reference":
        return _take_reference(settings, path.name)
    folders = train(settings, student)
    problems = test_problems(settings, split)
    inputs = content_hash(
        [
            [file_hash(module.__file__) for module in SOLVER],
            [folder.name for folder in folders],
            [asdict(problem) for problem in problems],
            asdict(settings.decoding),
        ]
    )
    if path.exists():
        rows = [row for _, row in read_rows(path)]
        if rows and rows[0].get("inputs") == inputs:
            print(f"{student} on {split}: already solved, {len(rows)} rows from disk")
            return rows
    speakers = [Speaker(*load_student(folder)) for folder in folders]
    solutions = solve(
        problems, *speakers, decoding=settings.decoding, label=f"{student}, {split}"
    )
    labels = {
        "student": student,
        "model": settings.student,
        "teacher": taught_by(settings, student),
        "seed": settings.seed,
        "inputs": inputs,
    }
    rows = [prediction_row(s, settings.decoding, **labels) for s in solutions]
    write_jsonl_rows(path, rows)
    return rows


def _take_reference(settings: Settings, name: str) -> list[dict]:
    source = settings.reference / "predictions" / name
    if not source.exists():
        raise FileNotFoundError(
            f"no committed reference run has {source.name}: run without --reuse"
        )
    target = settings.folder / "predictions" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return [row for _, row in read_rows(target)]


def correct_share(rows: Sequence[dict]) -> str:
    """ "31 of 200 right (15.5 %)", for a line under a cell."""
    right = sum(row["correct"] for row in rows)
    return f"{right} of {len(rows)} right ({right / len(rows):.1%})"


def score_all(settings: Settings, students: Sequence[str]) -> list[dict]:
    """Prediction rows of several students on every split the run reports."""
    rows = []
    for student in students:
        for split in test_splits(settings):
            found = score(settings, student, split)
            rows += found
            print(f"{student}, {split}: {correct_share(found)}")
    return rows
