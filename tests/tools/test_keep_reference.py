"""Runs that are kept as committed references: whole, and later seeds in short."""

import re
import sys

import pytest

from socratic_utils.files import (
    project_root,
    read_json,
    write_json,
    write_jsonl_rows,
)
from socratic_utils.problems import read_rows
from socratic_utils.results.claims import sentence
from socratic_utils.results.formats import read_csv
from tools import keep_reference

ROW = {"id": "p", "dataset": "gradeschool", "prompt": "2 + 3?", "output": "5.",
       "lines": [{"role": "answer", "text": "5."}], "correct": True}  # fmt: skip


@pytest.fixture
def tool(tmp_path, monkeypatch):
    monkeypatch.setattr(keep_reference, "project_root", lambda: tmp_path)
    return keep_reference


@pytest.fixture
def runs(tmp_path):
    """A finished run of three seeds."""
    folders = []
    for seed in range(3):
        folder = tmp_path / "out" / ("small" + f"-seed{seed}" * bool(seed))
        settings = {"seed": seed, "teacher": "t", "dataset": "gradeschool"}
        write_json(folder / "run.json", {"settings": settings})
        write_jsonl_rows(folder / "predictions" / "a.jsonl", [ROW])
        write_jsonl_rows(folder / "chains" / "cot-attempts.jsonl", [{"reason": "kept"}])
        write_json(folder / "tables" / "main.csv", seed)
        made_from = {"autocast": ["bfloat16", "none", "none"][seed]}
        write_json(folder / "students/cot/training.json", {"made_from": made_from})
        metadata = {"papermill": {"exception": seed == 2}}
        picture = "![](../../../notebooks/data_flow/03.svg), [04](04_unified.ipynb)"
        cells = [{"id": "1", "cell_type": "markdown", "source": [picture],
                  "metadata": {}}]  # fmt: skip
        executed = {"metadata": metadata, "cells": cells}
        write_json(folder / "notebooks" / "03_baselines.ipynb", executed)
        folders.append(folder)
    return folders


def keep(tool, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["keep_reference.py", *map(str, words)])
    tool.main()


def kept(tmp_path, name):
    folder = tmp_path / "outputs" / "reference" / name
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))


def test_later_seeds_are_kept_in_short(tool, runs, tmp_path, monkeypatch):
    keep(tool, monkeypatch, *runs)
    assert kept(tmp_path, "small") == [
        "chains/cot-attempts.jsonl", "notebooks/03_baselines.ipynb",
        "predictions/a.jsonl", "run.json", "tables/main.csv"]  # fmt: skip
    reference = tmp_path / "outputs" / "reference"
    for seed in (1, 2):
        name = f"small-seed{seed}"
        short = ["predictions/a.jsonl.gz", "run.json", "tables/main.csv"]
        assert kept(tmp_path, name) == short
        [(_, row)] = read_rows(reference / name / "predictions" / "a.jsonl.gz")
        assert row == ROW | {"prompt": ""}
        assert read_json(reference / name / "tables" / "main.csv") == seed
    [(_, row)] = read_rows(reference / "small" / "predictions" / "a.jsonl")
    assert row == ROW
    used = [read_json(reference / f"{n}/run.json")["precision"]
            for n in ("small", "small-seed1")]  # fmt: skip
    assert used == [["bfloat16"], ["float32"]]
    # A link to a notebook that has no copy leads to the notebook.
    copy = read_json(reference / "small" / "notebooks" / "03_baselines.ipynb")
    assert "[04](../../../../notebooks/04_unified.ipynb)" in copy["cells"][0]["source"]


def test_the_precision_of_a_run_stays_when_its_weights_are_gone(
    tool, runs, tmp_path, monkeypatch
):
    keep(tool, monkeypatch, runs[0])
    (runs[0] / "students/cot/training.json").unlink()
    keep(tool, monkeypatch, runs[0], "--add")
    record = read_json(tmp_path / "outputs" / "reference" / "small" / "run.json")
    assert record["precision"] == ["bfloat16"]


def test_a_later_seed_brings_the_notebooks_that_the_first_lacks(
    tool, runs, tmp_path, monkeypatch
):
    written = (runs[1] / "notebooks" / "03_baselines.ipynb").read_text()
    (runs[1] / "notebooks" / "06_ablations.ipynb").write_text(written)
    keep(tool, monkeypatch, *runs[:2])
    assert "notebooks/06_ablations.ipynb" in kept(tmp_path, "small-seed1")
    assert "notebooks/03_baselines.ipynb" not in kept(tmp_path, "small-seed1")


def test_a_copys_prose_is_that_of_its_notebook(tmp_path):
    path = project_root() / "notebooks" / "03_baselines.ipynb"
    source = read_json(path)
    copy = read_json(path)
    for cell in copy["cells"]:
        cell["source"] = "as it was"
    keep_reference.renew_prose(copy, tmp_path / path.name)
    for old, new in zip(source["cells"], copy["cells"], strict=True):
        if old["cell_type"] == "code":
            assert new["source"] == "as it was"  # what was run
        else:
            first = "".join(old["source"])[:9]
            assert new["source"].startswith(first)


def test_changed_cells_of_a_copy_are_those_of_a_run_that_reused_its_rows(tool):
    def cell(name, source, text, **more):
        return {"id": name, "cell_type": "code", "source": [source], "metadata": more,
                "outputs": [{"text": text}]}  # fmt: skip

    given = {"tags": ["injected-parameters"]}
    copy = [cell("x", "reuse = ''", "", **given), cell("gone", "print()", ""),
            cell("a", "train()", "loss"), cell("b", "old()", "1"),
            cell("c", "losses(1)", "a figure")]  # fmt: skip
    again = [cell("y", "reuse = 'reference'", "", **given),
             cell("a", "train()", "reused"), cell("new", "more()", "3"),
             cell("b", "now()", "2"),
             cell("c", "losses(2)", "'nothing was trained'")]  # fmt: skip
    notebook = {"cells": copy}
    tool.renew_cells(notebook, {"cells": again})
    assert notebook["cells"] == [copy[0], copy[2], again[2], again[3], copy[4]]


def test_a_run_that_reused_a_kept_one_renews_what_was_made_of_its_rows(
    tool, runs, tmp_path, monkeypatch
):
    keep(tool, monkeypatch, runs[0])
    reused = runs[0].with_name("small-reused")
    runs[0].rename(reused)
    (reused / "figures").mkdir()
    write_json(reused / "tables" / "main.csv", "again")
    write_json(reused / "tables" / "another.csv", "not kept before")
    path = reused / "notebooks" / "03_baselines.ipynb"
    write_json(path, read_json(path) | {"metadata": {}})
    renewed = read_json(path)["cells"]
    renewed[0]["source"] = ["Prose of now."]
    write_json(tmp_path / "notebooks" / path.name, {"cells": renewed})
    (reused / "report.html").write_text("of now")
    folder = tmp_path / "outputs" / "reference" / "small"
    (folder / "report.html").write_text("before")
    keep(tool, monkeypatch, reused)
    assert (folder / "report.html").read_text() == "of now"
    assert read_json(folder / "tables" / "main.csv") == "again"
    assert not (folder / "tables" / "another.csv").exists()
    copy = read_json(folder / "notebooks" / "03_baselines.ipynb")
    assert "papermill" in copy["metadata"]
    assert ["".join(cell["source"]) for cell in copy["cells"]] == ["Prose of now."]
    assert kept(tmp_path, "small-reused") == []


def test_a_copys_claims_are_renewed_and_it_is_not_compared_with_itself(tool):
    before = "Chains beat answers: +9.0 points (3 seeds): holds.\n"
    printed = {"output_type": "stream", "name": "stdout", "text": [before, "9 of 9\n"]}
    not_compared = {"text": "It is not compared."}
    beside = "beside = saved.reproduction(settings, rows)"
    cells = [{"source": [], "outputs": [printed]}, {"source": "# prose"},
             {"source": [beside], "outputs": [printed]},
             {"source": [beside], "outputs": [not_compared]}]  # fmt: skip
    now = "Chains beat answers: +8.0 points (5 seeds): holds."
    tool.renew_claims({"cells": cells}, [now, "Unified beats CoT: not run (x)."])
    assert cells[0]["outputs"][0]["text"] == [f"{now}\n", "9 of 9\n"]
    assert cells[2]["outputs"] == [] and len(cells[3]["outputs"]) == 1


def test_committed_rows_of_later_seeds_have_their_chains():
    """The reference mode shows them, and finds the first error in them."""
    folder = project_root() / "outputs" / "reference"
    paths = [*folder.glob("*-seed*/predictions/**/*.gz")]
    assert paths
    for path in paths:
        for _, row in read_rows(path):
            output = [text for text in row["output"].split("\n") if text]
            assert [line["text"] for line in row["lines"]] == output, path


COPIES = sorted((project_root() / "outputs" / "reference").glob("*/notebooks/*.ipynb"))


PAGES = [*COPIES, *(project_root() / "outputs" / "reference").glob("*/*.html")]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: f"{p.parts[-2]}-{p.stem}")
def test_nothing_committed_names_a_folder_of_one_machine(path):
    assert not re.search(
        r"PosixPath|[\s'\"(>]/(tmp|home|root|Users)/", path.read_text()
    )


@pytest.mark.parametrize("path", COPIES, ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_committed_copies_print_the_committed_claims(path):
    first = re.sub(r"-seed\d+$", "", path.parts[-3])  # whose claims are of all seeds
    table = path.parents[2] / first / "tables" / "claims.csv"
    judged = read_csv(table).to_dict("records")
    claims = {text.partition(": ")[0]: f"{text}\n" for text in map(sentence, judged)}
    for cell in read_json(path)["cells"]:
        for output in cell.get("outputs", ()):
            for line in "".join(output.get("text", "")).splitlines(keepends=True):
                assert line == claims.get(line.partition(": ")[0], line)


def test_a_seed_alone_is_kept_whole(tool, runs, tmp_path, monkeypatch, capsys):
    keep(tool, monkeypatch, runs[2])
    assert "chains/cot-attempts.jsonl" in kept(tmp_path, "small-seed2")
    assert "03_baselines.ipynb stopped in the middle" in capsys.readouterr().out
    assert not [n for n in kept(tmp_path, "small-seed2") if n.endswith("ipynb")]
    write_json(runs[2] / "tables" / "seeds.csv", 1)
    keep(tool, monkeypatch, runs[2], "--add")
    assert "tables/seeds.csv" in kept(tmp_path, "small-seed2")


def test_an_unfinished_run_is_refused_before_anything_is_copied(
    tool, runs, tmp_path, monkeypatch, capsys
):
    (runs[1] / "run.json").unlink()
    with pytest.raises(SystemExit):
        keep(tool, monkeypatch, *runs)
    assert (
        "small-seed1 is no finished run: it lacks run.json" in capsys.readouterr().err
    )
    assert not kept(tmp_path, "small")
