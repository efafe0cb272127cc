"""Every committed table is what the present code makes of the committed rows."""

import os
import re
import warnings
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.benchmarks import DATA_VARIABLE, load_problems
from socratic_utils.experiments import claims, corpus, data
from socratic_utils.experiments import saved as saved_rows
from socratic_utils.experiments.scotd import checkpoints, many_chains
from socratic_utils.experiments.socratic_cot import ablations, prompting
from socratic_utils.files import project_root, read_json
from socratic_utils.filtering.right_answers import REASONS, THINKING
from socratic_utils.metrics import contrast_sets
from socratic_utils.metrics.question_quality import quality_table
from socratic_utils.problems import read_rows
from socratic_utils.results import formats, tables
from socratic_utils.results.papers import power, printed, scotd, socratic_cot
from socratic_utils.students.supervision import STUDENTS

REFERENCE = project_root() / "outputs" / "reference"
COMMITTED = sorted(REFERENCE.glob("*/tables/*.csv"))
PROMPTS = ("before", "no_cot", "greedy_cot", "self_consistency", "after_cot")
SHARED = os.environ.get(DATA_VARIABLE)
# Tables of benchmarks or of published chains that are not in the repository: they are
# recomputed where SOCRATIC_DATA_DIR names them.
NEED_DATA = {
    "claims": "the contrast sets of its problems are not in the repository",
    "errors": "the gold steps of its problems are not in the repository",
    "errors_by_steps": "the gold steps of its problems are not in the repository",
    "questions": "the gold questions of its problems are not in the repository",
    "reasons": "the published chains are not in the repository",
}
EXPERIMENTS = ("", "ablations", "many_chains", "filters", "prompted", "data_size",
               "few_shot_or_supervised", "checkpoints", "prompting")  # fmt: skip


def recomputed(folder):
    """The tables of a committed run, made of its rows."""
    saved = read_json(folder / "run.json")["settings"]
    scale, dataset, teacher = (saved[n] for n in ("scale", "dataset", "teacher"))
    run = {"dataset": dataset, "teacher": teacher}
    settings = config.load(scale, **run, **{n: saved[n] for n in ("train_limit",
                           "test_limit", "student", "seed")})  # fmt: skip
    context = {**run, "student": settings.student, "comparable": False}  # not `paper`
    rows, ablated, many, filters, prompted, parts, two, steps, asked = (
        [
            row
            for path in sorted((folder / "predictions" / name).glob("*.jsonl*"))
            for _, row in read_rows(path)
        ]
        for name in EXPERIMENTS  # fmt: skip
    )
    # 1. tables of rows alone
    if [*(folder / "tables").glob("*.csv")] == [folder / "tables" / "main.csv"]:
        return {"main": tables.main_table(rows)}  # a later seed has no other
    committed = replace(settings, reuse="reference")
    every = [*rows, *ablated]
    every = saved_rows.with_seeds(committed, every, "", "ablations")
    prompted.sort(key=lambda row: PROMPTS.index(row["student"]))
    here = [row for row in prompted if row["dataset"] == dataset]
    there = [row for row in prompted if row["dataset"] != dataset]
    before, transfer = scotd.scores(here), scotd.across(there)
    two_ways = scotd.scores(two, "choice")
    votes = [row for row in many if "sample" in row]
    found = {
        "main": tables.main_table(rows),
        "seeds": saved_rows.seeds_table(committed),
        "strict": tables.strict_table(rows),
        "by_steps": tables.by_steps(rows),
        "by_group": tables.by_group(rows),
        "socratic_cot_table2": beside("table2", every, scale),
        "socratic_cot_table3": beside("table3", asked, scale),
        "socratic_cot_table5": beside("table5", every, scale),
        "socratic_cot_fig6": beside("fig6", every, scale),
        "socratic_cot_gains": socratic_cot.gains(),
        "papers_power": power.power_table(),
        "many_chains": tables.main_table(greedy(many, "chains_")),
        "filters": tables.main_table(filters),
        "data_size": tables.scores_by(parts, ["student", "share"]),
        "checkpoints": tables.scores_by(steps, ["step", "part"]),
        "before": pd.DataFrame(before),
        "few_shot_or_supervised": tables.main_table(greedy(two)),
        "few_shot_or_supervised_paired": tables.paired_table(greedy(two)),
        "ablations": ablations_table(rows, ablated),
        "scotd_table2a": scotd.beside("table2a", before, **context),
        "scotd_table2b": scotd.beside("table2b", two_ways, **context),
        "scotd_transfer": scotd.beside("transfer", transfer, **context),
    }
    for split in dict.fromkeys(found["main"]["split"]):
        name = "paired" if split == "test" else f"paired_{split}"
        found[name] = tables.paired_table(rows, split)
    if votes:
        flat, balanced = (greedy(many, n) for n in ("chains_08", "pool_balanced"))
        name = "many chains, balanced pool"
        open_choices = [ablations.paired_line(name, balanced, flat)]
        open_choices += checkpoints.compare_choices(steps)
        found["scotd_open_choices"] = pd.DataFrame(open_choices)
        found["votes"] = many_chains.vote_table(settings, votes)
    # 2. tables of the teacher's replies
    if dataset == "gradeschool":
        problems = ablations.problems_of(settings)
        found["prompting"] = prompting.table(settings, problems)
    attempts = {path.name.removesuffix("-attempts.jsonl"): path
                for path in (folder / "chains").glob("*-attempts.jsonl")}  # fmt: skip
    if attempts:
        styles = [style for style in corpus.styles(settings) if style in attempts]
        counts = {style: Counter(row["reason"] for _, row in read_rows(attempts[style]))
                  for style in styles}  # fmt: skip
        found["reasons"] = pd.DataFrame(
            {"style": s, "reason": r, "attempts": counts[s][r]}
            for s in styles for r in REASONS if r != THINKING)  # fmt: skip
    elif SHARED and corpus.styles(settings):
        style = {s: corpus.filtered(settings, s) for s in corpus.styles(settings)}
        found["reasons"] = pd.DataFrame(corpus.reason_rows(style))
    # 3. tables that need the problems
    if dataset == "gradeschool" or SHARED:
        found["claims"] = claims.table(committed)
    if rows and (dataset == "gradeschool" or SHARED):
        splits = dict.fromkeys(row["split"] for row in rows)
        problems = [p for s in splits for p in load_problems(dataset, s)]
        found["errors"] = tables.error_table(rows, problems)
        found["errors_by_steps"] = tables.errors_by_steps(rows, problems)
        found["questions"] = questions_table(rows, ablated, problems)
        rows.sort(key=lambda row: [*STUDENTS].index(row["student"]))
        pairs = contrast_sets.contrast_table(rows, contrast_sets.bases(problems))
        found["contrast"] = pd.DataFrame(pairs)
        sides = scotd.sides(found["contrast"])
        found["scotd_fig5"] = scotd.beside("fig5", sides, **context)
    # 4. a table of another table, which is committed too
    path = folder / "tables" / "questions.csv"
    questions = formats.read_csv(path) if path.exists() else pd.DataFrame()
    found["socratic_cot_table4"] = socratic_cot.questions_beside(
        questions, dataset=dataset, student=settings.student, scale=scale
    )
    return found


def beside(table, rows, scale):
    return socratic_cot.beside(f"socratic_cot_{table}", rows, scale)


def greedy(rows, *starts):
    single = (row for row in rows if "sample" not in row)
    return [row for row in single if row["student"].startswith(starts or "")]


def ablations_table(rows, ablated):
    """Every ablation and its default on the same problems."""
    lines = []
    for arm in ablations.ABLATIONS:
        if own := [row for row in ablated if row["student"] == arm.name]:
            ids = {row["id"] for row in own}
            base = [row for row in rows if row["student"] == arm.default
                    and row["split"] == "test" and row["id"] in ids]  # fmt: skip
            lines.append(ablations.paired_line(arm.name, own, base))
    return pd.DataFrame(lines)


def questions_table(rows, ablated, problems):
    """Questions of the pair and of the ablations that change them, on the same ones."""
    own = [arm.name for arm in ablations.ABLATIONS if arm.default == ablations.PAIR
           and not arm.calculator and arm.questions != "gold"]  # fmt: skip
    asked = [row for name in own for row in ablated if row["student"] == name]
    ids = {row["id"] for row in ablated}
    base = [row for row in rows if row["student"] == ablations.PAIR
            and row["id"] in ids]  # fmt: skip
    return quality_table([*base, *asked], problems)


@pytest.fixture(scope="module")
def tables_of(tmp_path_factory):
    folders = {path.parents[1] for path in COMMITTED}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")  # no committed table drops a row unsaid
        patch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path_factory.mktemp("outputs")))
        data._read_once.cache_clear()
        yield {folder.name: recomputed(folder) for folder in folders}


def name_of(path):
    return f"{path.parents[1].name}-{path.stem}"


@pytest.mark.parametrize("path", COMMITTED, ids=name_of)
def test_committed_tables_are_made_of_the_committed_rows(path, tables_of):
    found = tables_of[path.parents[1].name]
    if path.stem not in found:
        pytest.skip(NEED_DATA[path.stem])  # KeyError: neither made nor exempt
    own = path.with_name("again.csv").name
    own = config.outputs_root() / own
    own.parent.mkdir(exist_ok=True)
    own.write_text(formats.to_csv(found[path.stem]), "utf-8")
    again = formats.read_csv(own)
    pd.testing.assert_frame_equal(again, formats.read_csv(path), check_dtype=False)


@pytest.mark.parametrize("path", COMMITTED, ids=name_of)
def test_committed_tables_for_readers_are_those_of_spreadsheets(path):
    caption = path.with_suffix(".caption").read_text("utf-8").rstrip("\n")
    table = formats.read_csv(path)
    if caption.endswith(", as printed."):  # texts, such as 0.80
        table = printed(path.stem)
    markdown = formats.to_markdown(table, caption)
    assert path.with_suffix(".md").read_text("utf-8") == markdown
    latex = formats.to_latex(table, caption, path.stem)
    assert path.with_suffix(".tex").read_text("utf-8") == latex


@pytest.mark.parametrize("path", COMMITTED, ids=name_of)
def test_committed_tables_have_heads_for_readers_and_no_empty_column(path):
    head, rule, *rows = path.with_suffix(".md").read_text("utf-8").splitlines()[2:]
    heads = head.strip("| ").split(" | ")
    assert rule and all(re.match(r"[A-Z#0-9]|(n|p)\b", name) for name in heads), heads
    assert not [name for name in heads if "_" in name]
    cells = [re.split(r" ?(?<!\\)\| ?", row)[1:-1] for row in rows]
    assert all(any(column) for column in zip(*cells, strict=True))


def test_there_are_committed_tables():
    assert len(COMMITTED) > 50
