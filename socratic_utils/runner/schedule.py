"""Which notebooks a run has: those on request, and those with nothing to learn from.

>>> from socratic_utils.config import load
>>> is_on_request(load("small"), Path("10_many_chains.ipynb"))
True
"""

from __future__ import annotations

from pathlib import Path

from socratic_utils.config import SCOTD_DATASETS, Settings

from .execute import number

# A student that a notebook cannot do without, and what it learns.
NEEDED = {
    "04": ("socratic_unified", "Socratic chains"),
    "05": ("socratic_iterative", "Socratic chains"),
    "12": ("cot", "CoT chains"),
    "14": ("cot", "CoT chains"),
}
# Notebooks with predictions of their own, which are made on request, and the folder.
OWN_ROWS = {"10": "many_chains", "06": "ablations", "12": "two_settings",
            "13": "prompted", "11": "many_chains"}  # fmt: skip


def is_results(settings: Settings, path: Path) -> bool:
    """Whether `report.html` is made of this notebook: 15 on SCoTD's benchmarks."""
    return number(path) == ("15" if settings.dataset in SCOTD_DATASETS else "07")


def update_report(settings: Settings) -> None:
    """Make `report.html` of the executed results notebook, if there is one."""
    from socratic_utils.results.report import write_report

    for path in (settings.folder / "notebooks").glob("*.ipynb"):
        if is_results(settings, path):
            write_report(path, settings.folder / "report.html")


def is_on_request(settings: Settings, path: Path) -> bool:
    """Whether a notebook is no part of a whole run: too long, or for other data.

    At `paper` scale each paper's notebooks are, on that paper's benchmarks.
    """
    if settings.scale == "smoke" or settings.reuse:
        return False
    if settings.scale == "paper":
        p2s = settings.dataset in SCOTD_DATASETS
        return number(path) in (("06",) if p2s else ("10", "12", "13", "11"))
    return number(path) in OWN_ROWS


def why_left_out(settings: Settings, path: Path) -> str:
    """Why a notebook has nothing to learn from; empty where it has."""
    if settings.reuse:
        own = OWN_ROWS.get(number(path), "")
        there = (settings.reference / "predictions" / own).is_dir()
        if number(path) == "14":
            there = there and _can_compare(settings)
        return "" if there else "the committed run has no rows of it"
    if number(path) in ("10", "11"):
        from socratic_utils.experiments.sampling import can_sample

        missing = f"no {settings.many.counts[-1]} chains a problem are recorded of"
        return "" if can_sample(settings) else f"{missing} {settings.teacher}"
    if number(path) in ("01", "02"):
        from socratic_utils.experiments.corpus import styles

        missing = f"{settings.teacher} has no chains on {settings.dataset}'s training"
        return "" if styles(settings) else f"{missing} problems"
    if number(path) == "06":
        from socratic_utils.experiments.ablations import chosen

        return "" if chosen(settings) else "there is nothing that could be changed"
    if number(path) in NEEDED:
        from socratic_utils.experiments.corpus import is_taught

        student, what = NEEDED[number(path)]
        if not is_taught(settings, student):
            return f"neither {settings.dataset} nor {settings.teacher} has {what}"
    if number(path) == "14" and not _can_compare(settings):
        return (
            f"{settings.dataset} has no steps of its own, {settings.teacher} no chains "
            f"on its test problems, and notebook 13 has not been run"
        )
    return ""


def _can_compare(settings: Settings) -> bool:
    from socratic_utils.experiments.human_judgement.pairs import can_compare

    return can_compare(settings)
