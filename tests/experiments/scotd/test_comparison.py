"""When a run is SCoTD's own, and the runs of other student models next to it."""

import shutil
from dataclasses import replace

from socratic_utils import config
from socratic_utils.experiments.saved import sizes_table
from socratic_utils.experiments.scotd.few_shot_or_supervised import (
    EXPERIMENT,
    STUDENT,
    comparison,
)
from socratic_utils.files import record_settings, write_jsonl_rows
from socratic_utils.results import figures


def test_scotds_recipe_is_the_default_on_its_benchmarks():
    paper = config.load("paper", dataset="commonsense_qa")
    training = paper.training
    assert paper.student == STUDENT
    assert training.learning_rate == 2e-5 and training.batch_size == 32
    assert paper.many.steps == 20_000 and paper.many.balanced
    assert training.warmup_share * paper.many.steps == 500
    assert training.max_grad_norm == 0.5 and training.adam_epsilon == 1e-5
    flat = config.load("paper", dataset="commonsense_qa", balanced=False)
    assert comparison(paper)["comparable"] and not comparison(flat)["comparable"]
    other = config.load("paper")
    assert other.student == "openai-community/gpt2"  # Socratic CoT's stay
    assert other.training.max_grad_norm == 1.0 and other.training.adam_epsilon == 1e-8


def sizes(settings):
    return sizes_table(settings, EXPERIMENT)


def save(settings, *students):
    """Notebook 12's rows of a run, as far as sizes are made of them."""
    rows = [{"dataset": settings.dataset, "split": "test", "student": student,
             "model": settings.student, "seed": settings.seed, "teacher": "t",
             "settings": settings.hash, "id": str(i), "correct": i < 3}
            for student in students for i in range(9)]  # fmt: skip
    write_jsonl_rows(settings.folder / "predictions" / EXPERIMENT / "a.jsonl", rows)
    record_settings(settings)


def test_runs_of_other_students_have_folders_of_their_own(settings):
    other = replace(settings, student="facebook/opt-125m")
    assert other.folder.name == "smoke-opt-125m"
    assert replace(settings, seed=3).folder.name == "smoke-seed3"
    for one in (settings, other, replace(settings, dataset="gsm8k")):
        save(one, "full_cot")
    copy = settings.folder.with_name(f"{settings.folder.name}-reused")
    shutil.copytree(settings.folder, copy)
    for one in (settings, other):
        assert sorted(sizes(one)["model"]) == ["facebook/opt-125m", "tiny"]


def test_sizes_go_up(settings):
    assert sizes(settings).empty
    for name in ("facebook/opt-350m", "facebook/opt-1.3b", "facebook/opt-125m"):
        save(replace(settings, student=name), "few_shot_cot", "full_label", "full_cot")
    found = sizes(settings)
    assert len(found) == 9
    assert found["model"].drop_duplicates().tolist() == [
        "facebook/opt-125m", "facebook/opt-350m", "facebook/opt-1.3b",
    ]  # fmt: skip
    axes = figures.accuracy_by(found, "model").axes[0]
    ticks = [t.get_text().split("\n")[0] for t in axes.get_xticklabels()]
    assert ticks == ["opt-125m", "opt-350m", "opt-1.3b"]
