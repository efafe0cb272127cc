"""The schedule: what the runner knows about each notebook, in one table.

    >>> NOTEBOOKS[6].stem, NOTEBOOKS[6].paper, NOTEBOOKS[6].minutes
    ('06_ablations', 'Socratic CoT', 18)

Notebooks that are not in the table (a draft) run with unknown time.
"""

from dataclasses import dataclass
from pathlib import Path

from socratic_utils.config import PRESETS, SCOTD_DATASETS, Settings
from socratic_utils.students.supervision import STUDENTS

SOCRATIC_COT, SCOTD = "Socratic CoT", "SCoTD"
# Settings that decide how long a notebook takes.
MATTERS = ("dataset", "student", "train_limit", "test_limit", "training", "decoding")


@dataclass(frozen=True)
class Notebook:
    number: str
    name: str
    paper: str
    minutes: float | None  # of the first run at `small` on two slow cores, if measured
    needs: str = ""  # a student of the main table, or a key of `why_left_out`
    rows: str = ""  # its folder of `predictions/`: it takes long, see `is_on_request`
    every_seed: bool = False  # whether later seeds of the paper grid run it too

    @property
    def stem(self) -> str:
        return f"{self.number}_{self.name}"


NOTEBOOKS = (
    Notebook("00", "start_here", SOCRATIC_COT, 0.2),
    Notebook("01", "teacher_generation", SOCRATIC_COT, 0.2, "chains"),
    Notebook("02", "filtering", SOCRATIC_COT, 0.2, "chains"),
    Notebook("03", "baselines", SOCRATIC_COT, 30, every_seed=True),
    Notebook("04", "unified_student", SOCRATIC_COT, 13, "socratic_unified",
             every_seed=True),
    Notebook("05", "iterative_students", SOCRATIC_COT, 21, "socratic_iterative",
             every_seed=True),
    Notebook("06", "ablations", SOCRATIC_COT, 18, "an ablation", "ablations"),
    Notebook("07", "results", SOCRATIC_COT, 0.5, every_seed=True),
    Notebook("10", "many_chains", SCOTD, 16, "many chains", "many_chains"),
    Notebook("11", "which_chains", SCOTD, 15, "many chains", "many_chains"),
    Notebook("12", "without_labels", SCOTD, None, "cot", "few_shot_or_supervised"),
    Notebook("13", "before_and_beyond", SCOTD, 26, rows="prompted"),
    Notebook("14", "human_judgement", SCOTD, 0.2, "pairs to judge"),
    Notebook("15", "results", SCOTD, 0.3),
)  # fmt: skip


def number(path: Path) -> str:
    """The two digits a notebook is called by."""
    return path.name[:2]


def notebook_at(path: Path) -> Notebook:
    """The entry of a file, by its number; an empty one where the table has none."""
    unknown = Notebook(number(path), path.stem[3:], "", None)
    return next((n for n in NOTEBOOKS if n.number == unknown.number), unknown)


def trains(path: Path) -> bool:
    """Whether a notebook trains or decodes students, and so takes over a minute."""
    return (notebook_at(path).minutes or 60) > 1


def number_of(name: str) -> str:
    """The number of a notebook by its name, the first where both papers have one."""
    return next(entry.number for entry in NOTEBOOKS if entry.name == name)


def paper_of(settings: Settings) -> str:
    """The paper whose benchmark a run has; ours counts as Socratic CoT's."""
    return SCOTD if settings.dataset in SCOTD_DATASETS else SOCRATIC_COT


def report_of(settings: Settings, path: Path) -> str:
    """The page of a results notebook, `report.html` for the paper of the benchmark."""
    entry = notebook_at(path)
    other = "" if entry.paper == paper_of(settings) else f"_{entry.paper}"
    page = f"report{other}.html".lower().replace(" ", "_")
    return page if entry.name == "results" else ""


def estimate(settings: Settings, path: Path) -> str:
    """How long a notebook takes, in words; unknown for settings never measured."""
    own, minutes = PRESETS[settings.scale], notebook_at(path).minutes
    usual = all(getattr(settings, name) == getattr(own, name) for name in MATTERS)
    if settings.reuse or (usual and settings.scale == "smoke"):
        return "under a minute"
    if minutes is None or not usual or settings.scale == "paper":
        return "time unknown"
    return "under a minute" if minutes < 1 else f"about {minutes:g} min"


def is_on_request(settings: Settings, path: Path) -> bool:
    """Whether a whole run skips a notebook, so that --only must ask for it."""
    if settings.scale == "smoke" or settings.reuse or not notebook_at(path).rows:
        return False
    return settings.scale == "small" or notebook_at(path).paper != paper_of(settings)


def why_left_out(settings: Settings, path: Path) -> str:
    """Why a notebook would have nothing to show, as a sentence; empty where it has."""
    from socratic_utils.experiments import corpus, data
    from socratic_utils.experiments.arms import main_arm
    from socratic_utils.experiments.human_judgement.pairs import can_compare
    from socratic_utils.experiments.socratic_cot import ablations

    entry, teacher, dataset = notebook_at(path), settings.teacher, settings.dataset
    judged = entry.needs == "pairs to judge"
    no_pairs = judged and not can_compare(settings)
    rows = settings.reference / "predictions" / entry.rows
    if settings.reuse and (no_pairs or not rows.is_dir()):
        return "the committed run has no rows of it"
    if entry.needs == "chains" and not corpus.styles(settings):
        return f"{teacher} has no chains on {dataset}'s training problems"
    if entry.needs == "many chains" and not data.can_sample(settings):
        count = settings.many.counts[-1]
        return f"{teacher} has no {count} chains recorded per problem"
    if entry.needs == "an ablation" and not ablations.arms(settings):
        return "no ablation is possible with these settings"
    student = "cot" if judged else entry.needs
    if student in STUDENTS and not corpus.can_teach(settings, main_arm(student).models):
        kind = "CoT" if student == "cot" else "Socratic"
        return f"neither {dataset} nor {teacher} has {kind} chains"
    missing = f"{dataset} has no steps, {teacher} no chains on its test problems, and "
    missing += f"notebook {number_of('before_and_beyond')} has not been run"
    return missing if no_pairs else ""
