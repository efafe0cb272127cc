"""What the runner knows about each notebook: the table in `schedule.toml`.

Minutes are those of the committed run at `small`, on a CPU with bf16 units; a notebook
that is not in it, or not in the table (a draft), takes an unknown time.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

from socratic_utils.config import PRESETS, SCOTD_DATASETS, Settings
from socratic_utils.files import project_root, usage
from socratic_utils.students.supervision import STUDENTS

SOCRATIC_COT, SCOTD = "Socratic CoT", "SCoTD"
# Settings that decide how long a notebook takes.
MATTERS = ("dataset", "student", "train_limit", "test_limit", "training", "decoding")


class Notebook(NamedTuple):
    """An entry of `schedule.toml`, which says what the fields mean."""

    number: str
    name: str
    paper: str
    needs: str = ""
    rows: str = ""

    @property
    def stem(self) -> str:
        return f"{self.number}_{self.name}"

    @property
    def minutes(self) -> float | None:
        """Of its longest run among the committed ones; None if it was not measured."""
        used = usage(project_root() / "outputs" / "reference" / "small", self.stem)
        return used and round(used[0], 0 if used[0] > 1 else 1)

    @property
    def trains(self) -> bool:
        """Whether it trains or decodes students, and so takes over a minute."""
        return self.minutes is None or self.minutes > 1


TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
NOTEBOOKS = tuple(Notebook(stem[:2], stem[3:], **own) for stem, own in TABLE.items())


def number(path: Path) -> str:
    """The two digits a notebook is called by."""
    return path.name[:2]


def notebook_at(path: Path) -> Notebook:
    """The entry of a file, by its number; an empty one where the table has none."""
    unknown = Notebook(number(path), path.stem[3:], "")
    return next((n for n in NOTEBOOKS if n.number == unknown.number), unknown)


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


def minutes_of(settings: Settings, path: Path) -> float | None:
    """How long a notebook takes; None for settings never measured."""
    own, minutes = PRESETS[settings.scale], notebook_at(path).minutes
    usual = all(getattr(settings, name) == getattr(own, name) for name in MATTERS)
    if settings.reuse or (usual and settings.scale == "smoke"):
        return 0.5
    return minutes if usual and settings.scale == "small" else None


def estimate(settings: Settings, path: Path) -> str:
    """`minutes_of` in words."""
    if (minutes := minutes_of(settings, path)) is None:
        return "time unknown"
    known = f"about {minutes:g} min, {1.7 * minutes:.0f} without bf16 units"
    return "under a minute" if minutes < 1 else known


def is_on_request(settings: Settings, path: Path) -> bool:
    """Whether a whole run skips a notebook, so that --only must ask for it."""
    if settings.scale == "smoke" or settings.reuse or not notebook_at(path).rows:
        return False
    return settings.scale == "small" or notebook_at(path).paper != paper_of(settings)


def why_left_out(settings: Settings, path: Path) -> str:
    """Why a notebook would have nothing to show, as a sentence; empty where it has."""
    from socratic_utils.experiments import corpus, data, saved
    from socratic_utils.experiments.arms import main_arm
    from socratic_utils.experiments.human_judgement.pairs import can_compare
    from socratic_utils.experiments.socratic_cot import ablations

    entry, teacher, dataset = notebook_at(path), settings.teacher, settings.dataset
    judged = entry.needs == "pairs to judge"
    no_pairs = judged and not can_compare(settings)
    if settings.reuse:
        runs, rows = saved.seeds_beside(settings), Path("predictions", entry.rows)
        have = [one.seed for one in runs if (one.source / rows).is_dir()]
        if no_pairs or settings.seed not in have:
            tip = "".join(f"; add --seed {seed}" for seed in have[:1] if not no_pairs)
            return f"the committed run has no rows of it{tip}"
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
