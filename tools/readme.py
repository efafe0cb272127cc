"""The results in README.md and outputs/reference/README.md: never typed by hand.

    python -m tools.readme        # after tools/keep_reference.py

Rewrites what stands between the two markers, in the README the main result, in the
other file one section per committed run; a test compares both with the tables.
"""

import re
import textwrap
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pandas as pd

from socratic_utils import config
from socratic_utils.experiments.data import test_splits
from socratic_utils.experiments.saved import rows_over_seeds, seeds_beside, seeds_table
from socratic_utils.files import project_root, read_json, write_atomic
from socratic_utils.metrics.comparison import (
    Comparison,
    compare,
    pooled_variance,
    satterthwaite,
    variance_of,
    verdicts,
)
from socratic_utils.results.claims import NOT_RUN, sentence
from socratic_utils.results.formats import read_csv, to_markdown
from socratic_utils.results.report import finding
from socratic_utils.results.tables import guessing, over_seeds
from socratic_utils.students.supervision import STUDENTS, label_of

README = project_root() / "README.md"
REFERENCE = project_root() / "outputs" / "reference"
START, END = "<!-- made by tools/readme.py from outputs/reference -->", "<!-- end -->"
BY_SEED = {  # experiments over all seeds, before the tables of a run of one seed
    "ablations": "Ablations, by seed",
    "many_chains": "Many chains, by seed",
    "filters": "Filters at one budget, by seed",
    "few_shot_or_supervised": "With and without labels, by seed",
    "data_size": "Less data, by seed",
}
SECTIONS = {  # tables of a run's section, in this order
    "few_shot_or_supervised": "With and without labels",
    "ablations": "Ablations",
    "prompting": "The teacher, prompted in two ways",
    "many_chains": "Many chains",
    "votes": "Votes",
    "filters": "Filters at one budget",
    "data_size": "Less data",
    "contrast": "Changed questions",
    "before": "Before training",
    "reasons": "What the filter kept and dropped",
}


def main_result() -> str:
    """A paragraph on the accuracies of the main table, and one per paper's claims."""
    settings = config.load("small", reuse="reference")
    every, found = seeds_table(settings), []
    table, unseen = (every[every["split"] == name] for name in ("test", "unseen"))
    for line in table.to_dict("records"):
        share, *ends = (f"{100 * line[c]:.1f}" for c in ("mean", "ci_low", "ci_high"))
        found.append(f"{label_of(line['student'])} {share} % ({' to '.join(ends)})")
    first = table.to_dict("records")[0]
    least, most = (f"{100 * share:.1f}" for share in unseen["mean"].agg(["min", "max"]))
    paragraphs = [f"Accuracy on {first['n']} test problems of {first['dataset']} (95 % "
                  f"interval; trainings per student: {first['seeds']}): "
                  f"{'; '.join(found)}. On {unseen['n'].iloc[0]} problems whose "
                  f"stories do not occur in training, all score between {least} % and "
                  f"{most} %. {on_new_stories(settings)}"]  # fmt: skip
    # What `small` has not tested is taken from the runs on other benchmarks.
    judged = pd.concat(map(read_csv, sorted(REFERENCE.glob("*/tables/claims.csv"))))
    judged["not run"] = judged["verdict"] == NOT_RUN
    judged = judged.sort_values("not run", kind="stable").drop_duplicates("claim")
    for paper in ("Socratic CoT", "SCoTD"):
        where = f"{settings.student} on {settings.dataset}"
        words = finding(judged, paper, where, "in the committed runs")
        paragraphs.append(f"**{paper}.** " + words.replace("\n\n", " "))
    return "\n\n".join(textwrap.fill(p, 88, break_on_hyphens=False) for p in paragraphs)


def on_new_stories(settings: config.Settings) -> str:
    """Sentences on guessing, and on chains against answers where stories are new."""
    rows = [row for row in rows_over_seeds(settings) if row["student"] in STUDENTS]
    asked = [row for row in rows if row["split"] in ("test", "unseen")]
    new = [row for row in asked if row["split"] == "unseen"]
    arms = {name: verdicts(r for r in new if r["student"] == name) for name in STUDENTS}
    gap = compare(arms["answer_only"], arms["cot"], [*arms.values()])
    found, *ends = (f"{100 * x:+.1f}" for x in (gap.difference, gap.low, gap.high))
    return (f"{guessing(asked)} Claims are judged on `test`; on new stories, CoT minus "
            f"answer only is {found} points ({' to '.join(ends)}).")  # fmt: skip


def all_results() -> str:
    """A section for every committed run: settings, main table, claims, other tables."""
    runs = sorted(path.parent for path in REFERENCE.glob("*/run.json"))
    return "\n\n".join(section(run) for run in runs if "-seed" not in run.name)


def section(folder: Path) -> str:
    """One run with the seeds beside it."""
    run = read_json(folder / "run.json")["settings"]
    training, tables = run["training"], folder / "tables"
    settings = config.load(
        run["scale"], reuse="reference",
        lora_rank=training.get("lora_rank", 0),
        **{n: run[n] for n in ("dataset", "student", "teacher", "train_limit")},
    )  # fmt: skip
    table, taught = seeds_table(settings), run["teacher"] != "none"
    shared = "; the main students learn those that have a chain in every style"
    epochs = f"; epochs of the main students: {training['epochs']:g}"
    parts = [
        f"## `{folder.name}/`",
        f"{run['student']} on {run['dataset']}, teacher {run['teacher']}; "
        f"{run['train_limit'] or 'all'} training problems"
        f"{shared * (taught and not table.empty)}. Batches of "
        f"{training['batch_size']} at a learning rate of {training['learning_rate']:g}"
        f"{epochs * (not table.empty)}." + precision(settings),
    ]
    if not table.empty:
        caption = "Mean accuracy over the trainings (seeds) with its 95 % interval. "
        caption += guessing(rows_over_seeds(settings))
        parts.append(to_markdown(table, caption).strip())
    if (path := tables / "claims.csv").exists():
        judged = read_csv(path).to_dict("records")
        found = [sentence(line) for line in judged if line["verdict"] != NOT_RUN]
        parts.append("\n".join(f"- {line}" for line in found))
    for experiment, heading in BY_SEED.items():
        if table := by_seed(settings, experiment):
            parts.append(f"### {heading}\n\n{table}")
    if table := two_precisions(settings):
        parts.append(f"### Two precisions of training\n\n{table}")
    for name, heading in SECTIONS.items():
        if (path := tables / f"{name}.md").exists():
            parts.append(f"### {heading}\n\n{path.read_text('utf-8').strip()}")
    return "\n\n".join(parts)


def by_seed(settings: config.Settings, experiment: str) -> str:
    """A table of an experiment's rows over all seeds, if later seeds have some.  Above
    ablations stand the students of the main table, on the same problems and seeds."""
    rows = [r for r in rows_over_seeds(settings, experiment) if "sample" not in r]
    if {row["seed"] for row in rows} <= {settings.seed}:
        return ""
    seeds, asked = {r["seed"] for r in rows}, {(r["split"], r["id"]) for r in rows}
    main = [r for r in rows_over_seeds(settings) if experiment == "ablations"
            and r["seed"] in seeds and (r["split"], r["id"]) in asked]  # fmt: skip
    names, of_seed = ["student"] + ["share"] * ("share" in rows[0]), defaultdict(set)
    for row in (every := [*main, *rows]):
        of_seed[tuple(row[name] for name in names)].add(row["seed"])
    table = over_seeds(every, names).drop(columns=["sd", "min", "max"])
    own = (of_seed[key] for key in table[names].itertuples(index=False, name=None))
    table["seeds"] = [", ".join(map(str, sorted(found))) for found in own]
    table["student"] = [label_of(name) for name in table["student"]]
    caption = (f"Accuracy on {len(asked)} {rows[0]['split']} problems, by student and "
               "seed, with its 95 % interval over problems (story families) and "
               "trainings, whose variance is pooled over the table; a single training "
               "has Wilson's interval.")  # fmt: skip
    return to_markdown(table, caption).strip()


def seeds_by_precision(settings: config.Settings) -> dict[str, list[int]]:
    """The seeds whose students were trained in each precision, as far as known."""
    seeds = defaultdict(list)
    for one in seeds_beside(settings):
        for name in read_json(one.source / "run.json").get("precision", ()):
            seeds[name].append(one.seed)
    return dict(seeds)


def precision(settings: config.Settings) -> str:
    """A sentence on what the students of each seed were trained in, if it is known."""
    used = [f"{name} ({_seeds(own)})"
            for name, own in seeds_by_precision(settings).items()]  # fmt: skip
    return f" Trained in {' and '.join(used)}." if used else ""


def _seeds(numbers: list[int]) -> str:
    return f"seed{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def two_precisions(settings: config.Settings) -> str:
    """A table: trainings in one precision minus those in the other, by student; empty
    unless the seeds were trained in exactly two, each in one.  Its intervals are over
    trainings alone: the problems are the same."""
    seeds = seeds_by_precision(settings)
    if len(seeds) != 2:
        return ""
    split = test_splits(settings)[0]
    rows = [row for row in rows_over_seeds(settings) if row["split"] == split]
    whole = set.intersection(
        *({row["seed"] for row in rows if row["student"] == name} for name in STUDENTS)
    )
    (old, before), (new, after) = [
        (name, [seed for seed in own if seed in whole]) for name, own in seeds.items()
    ]
    few = not before or not after or len(before) + len(after) < 4
    if few or set(before) & set(after):
        return ""
    arms = {
        name: [
            verdicts(r for r in rows if r["student"] == name and r["seed"] in own)
            for own in (before, after)
        ]
        for name in STUDENTS
    }
    pooled = pooled_variance([arm for two in arms.values() for arm in two])
    lines, all_parts = [], []
    for name, two in arms.items():
        shares = [float(arm.right.mean()) for arm in two]
        texts = (f"{100 * share:.1f} %" for share in shares)
        lines.append({"student": name, **dict(zip(seeds, texts, strict=True))})
        own = variance_of(two, pooled)  # of each precision around its own mean
        parts = [(1 / len(arm.seeds), own) for arm in two]
        lines[-1] |= _difference(shares[1] - shares[0], parts)
        all_parts += [(scale / len(arms) ** 2, own) for scale, own in parts]
    every = mean(line["difference"] for line in lines)
    lines.append({"student": "mean of all"} | _difference(every, all_parts))
    count = len(two[0].ids)
    caption = (f"Accuracy on {count} {split} problems of the trainings in {new} "
               f"({_seeds(after)}) minus those in {old} ({_seeds(before)}). Intervals "
               "are over trainings; their variance is pooled over the students, but a "
               "student that varies far more keeps its own. The processors differed, "
               "too, so a difference would not show which of the two caused it. The "
               "p-values are not corrected for the number of students.")  # fmt: skip
    return to_markdown(pd.DataFrame(lines), caption).strip()


def _difference(share: float, parts: list) -> dict[str, float]:
    """A difference with its interval; `parts` are scales and variances with their
    degrees of freedom."""
    scales: dict[tuple, float] = defaultdict(float)
    for scale, own in parts:
        scales[own] += scale
    variances = [(scale * own[1], own[2]) for own, scale in scales.items()]
    total = sum(variance for variance, _ in variances)
    freedom = satterthwaite(total, variances)
    found = Comparison.of(share, total**0.5, freedom, n=0, seeds=0)
    return {"difference": share, "difference_low": found.low,
            "difference_high": found.high, "p_value": found.p_value}  # fmt: skip


def updated(text: str, result: str) -> str:
    """A text with the results of today between its markers."""
    part = rf"(?s)(?<={re.escape(START)}\n).*?(?=\n{re.escape(END)})"
    return re.sub(part, lambda _: result, text)


if __name__ == "__main__":
    for path, made in ((README, main_result), (REFERENCE / "README.md", all_results)):
        write_atomic(path, updated(path.read_text("utf-8"), made()))
