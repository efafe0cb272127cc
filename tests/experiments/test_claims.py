"""The claims' arms are arms of experiments, and rows of other seeds are found."""

from dataclasses import replace

import pytest

from socratic_utils import config
from socratic_utils.experiments import claims, corpus, data, saved
from socratic_utils.experiments.arms import main_arms
from socratic_utils.experiments.scotd import (
    data_size,
    few_shot_or_supervised,
    many_chains,
)
from socratic_utils.experiments.socratic_cot import ablations, prompting
from socratic_utils.files import (
    project_root,
    record_settings,
    write_json,
    write_jsonl_rows,
)
from socratic_utils.filtering import keep_if_correct
from socratic_utils.results.claims import CLAIMS
from socratic_utils.results.claims.declared import names_of
from socratic_utils.runner.schedule import NOTEBOOKS

SMALL = config.load("small")
# The paper's scale with a teacher of whom eight chains are recorded.
PAPER = config.load(
    "paper", dataset="gradeschool", teacher=SMALL.teacher, counts=[1, 2, 4, 8],
    teacher_tokens=SMALL.teacher_tokens,
)  # fmt: skip


@pytest.fixture(scope="module")
def known():
    """The names of all arms, by experiment."""
    names = {"": {arm.name for arm in main_arms(SMALL)}}
    names["ablations"] = {a.name for a in ablations.ABLATIONS} | names[""]
    names["prompting"] = {*prompting.WAYS}
    lists = [*many_chains.arms(SMALL), *many_chains.filter_arms(SMALL)]
    lists += [many_chains.whole_pool(SMALL, many_chains.FILTERED)]
    lists += few_shot_or_supervised.arms(SMALL)
    lists += few_shot_or_supervised.voting_arms(SMALL)
    both = replace(PAPER, many=replace(PAPER.many, shares=SMALL.many.shares))
    lists += [arm for one in (SMALL, PAPER, both) for arm in data_size.arms(one)]
    for arm in lists:
        names.setdefault(arm.experiment, set()).add(arm.name)
    return names


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("settings", [SMALL, PAPER], ids=["small", "paper"])
def test_the_arms_of_a_claim_are_arms_of_its_experiment(name, settings, known):
    claim = CLAIMS[name]
    for side in names_of(claim, claims._run(settings)):
        for alternatives in side:
            assert set(alternatives.split(" | ")) <= known[claim.experiment]


def test_a_claim_without_rows_names_a_notebook_that_makes_them():
    numbers = {notebook.number for notebook in NOTEBOOKS}
    for claim in CLAIMS.values():
        number = claim.run.split()[1]
        assert number in numbers and number not in ("07", "15"), claim.name


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (SMALL, "./run_all.sh"),
        (replace(SMALL, seed=2, reuse="reference"), "./run_all.sh --seed 2"),
        (config.load("paper"), "./run_all.sh paper"),
        (config.load("small", dataset="gsm8k"), "./run_all.sh --dataset gsm8k"),
        (config.load("small", dataset="commonsense_qa", teacher="palm-540b"),
         "./run_all.sh --dataset commonsense_qa --teacher palm-540b"),
        (config.load("small", train_limit=20), "./run_all.sh --train-limit 20"),
        (config.load("small", teacher="x", teacher_mode="batch", teacher_tokens=900,
                     max_cost=2.5),  # else it would ask again, live, without a budget
         "./run_all.sh --teacher x --teacher-mode batch --teacher-tokens 900 "
         "--max-cost 2.5"),
    ],
)  # fmt: skip
def test_the_command_is_that_of_the_run(settings, command):
    assert claims.command(settings) == command


# --- rows over seeds ------------------------------------------------------------------


@pytest.fixture
def seeds(tmp_path, monkeypatch):
    """Runs with the committed rows under seeds 0, 1 and 4, and others beside them."""
    rows = saved.rows_on_disk(config.load("small", reuse="reference"))
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path))

    def write(settings, **changes):
        mark = {"seed": settings.seed, "settings": settings.hash} | changes
        own = [row | mark for row in rows]
        write_jsonl_rows(settings.folder / "predictions" / "rows.jsonl", own)

    for seed in (0, 1, 4):
        write(replace(SMALL, seed=seed))
    write(replace(SMALL, seed=2, test_limit=9))  # in its folder, with another hash
    write(replace(SMALL, train_limit=9), student="cot")
    write(config.load("small", dataset="gsm8k"), student="cot")
    return len(rows)


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_rows_of_runs_that_differ_in_nothing_but_the_seed(seeds, seed, capsys):
    settings = replace(SMALL, seed=seed)
    rows = saved.rows_over_seeds(settings)
    found = [row["seed"] for row in rows]
    assert [found.count(number) for number in (0, 1, 4)] == [seeds] * 3
    assert len(rows) == 3 * seeds
    assert "rows of other settings are skipped" in capsys.readouterr().out


def test_claims_are_judged_over_the_seeds_beside_a_run(seeds, capsys):
    table = claims.table(SMALL).set_index("claim")
    line = table.loc["chains beat answers"]
    assert (line["n"], line["seeds"]) == (300, 3)
    assert line["p_holm"] >= line["p"] > 0
    capsys.readouterr()
    claims.learnt(SMALL, ["chains beat answers", "guidance helps"])
    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert (
        first.startswith("Chains beat answers: +34.7 points (") and "3 seeds" in first
    )
    command = "./run_all.sh --only 06 --ablations all"
    assert second == f"Guidance helps: not run ({command})."


def test_committed_runs_of_other_seeds_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr("socratic_utils.config.project_root", lambda: tmp_path)
    one = config.load("small", reuse="reference")
    runs = [one, replace(one, seed=1), replace(one, seed=2)]
    for run, limit in zip(runs, (None, None, 3), strict=True):
        write_jsonl_rows(run.source / "predictions" / "a.jsonl", [{"seed": run.seed}])
        kept = record_settings(replace(run, test_limit=limit))
        write_json(run.source / "run.json", {"settings": kept["settings"]})
    found = [row["seed"] for row in saved.rows_over_seeds(runs[1])]
    assert found == [0, 1]  # the run of seed 2 had other test problems


# --- the committed run ----------------------------------------------------------------


def test_the_committed_run_judges_the_claims_of_its_rows():
    table = claims.table(config.load("small", reuse="reference")).set_index("claim")
    assert (table["verdict"] != "not run").sum() >= len(table) / 2
    assert table.loc["iterative beats CoT", "n"] == 300
    assert table.loc["iterative beats CoT", "seeds"] >= 3
    prompted = table.loc["prompted sub-questions beat CoT"]
    if prompted["verdict"] != "not run":
        assert prompted["p"] < 0.1 and prompted["arms"] == "sub-questions against CoT"


def test_a_name_that_is_not_declared_is_refused():
    with pytest.raises(ValueError, match="no such claims.*iterative beats CoT"):
        claims.learnt(SMALL, ["iterative beats the teacher"])


def test_every_claim_is_said_by_the_notebook_that_makes_its_rows():
    folder = project_root() / "notebooks"
    said = {path.name[:2]: path.read_text("utf-8") for path in folder.glob("*.ipynb")}
    for claim in CLAIMS.values():
        papers = {"Socratic CoT": "07", "SCoTD": "15"}
        assert f'= \\"{claim.paper}\\", f' in said[papers[claim.paper]]
        makers = {claim.run.split()[1], "13"}  # which compares changed questions
        assert any(f'\\"{claim.name}\\"' in said[n] for n in makers), claim.name


def test_a_style_is_scored_by_the_problems_that_have_a_kept_chain():
    settings = config.load("small", reuse="reference", train_limit=40)
    problems = data.train_problems(settings)
    found = keep_if_correct(problems, data.teacher_of(settings), "cot", 0)
    [line] = corpus.kept_rows({"cot": found})
    assert (line["n"], line["correct"]) == (40, len(found.kept))
    assert 0 < line["ci_low"] < line["accuracy"] < line["ci_high"] < 1


def test_what_a_published_teacher_cannot_give_is_no_command(outputs):
    table = claims.table(config.load("small", teacher="palm-540b")).set_index("claim")
    note = table.loc["filters are alike", "note"]
    assert note == "needs a teacher that can be sampled"
    assert "--only 12" in table.loc["chains beat gold labels", "note"]
