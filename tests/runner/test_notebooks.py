"""The notebooks as files, and those of Socratic CoT at smoke scale.

./run_all.sh test tests/runner/test_notebooks.py
"""

import ast
import csv
import json
import re
from runpy import run_path

import nbformat
import pytest

from socratic_utils.files import project_root
from socratic_utils.runner.execute import read_parameters
from socratic_utils.runner.schedule import SOCRATIC_COT
from tests.helpers.notebook_runs import (
    check_copies,
    check_solutions,
    notebooks_of,
    printed_by,
    second_run,
    smoke_run,
    solutions_of,
)

NOTEBOOKS = sorted((project_root() / "notebooks").glob("*.ipynb"))
STUDENTS = {
    "answer_only",
    "gt_steps",
    "cot",
    "socratic_unified",
    "socratic_iterative",
}
COLUMNS = (
    "dataset, split, student, model, teacher, seed, n, correct, accuracy, ci_low, "
    "ci_high, truncated"
).split(", ")
ROW_KEYS = {
    "id",
    "prompt",
    "output",
    "extracted",
    "gold",
    "correct",
    "truncated",
    "seconds",
}
USUAL_LINES, MOST_LINES, MOST_COLUMNS = 15, 30, 79

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def of_type(path, cell_type):
    return [c for c in cells_of(path) if c["cell_type"] == cell_type]


# --- source notebooks ---------------------------------------------------------------


def test_the_story_is_there_and_numbered():
    names = [path.name for path in NOTEBOOKS]
    assert names, "no notebooks in notebooks/"
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", name) for name in names), names
    numbers = [name[:2] for name in names]
    assert len(set(numbers)) == len(numbers)
    assert {"00", "01", "02", "03", "04", "05", "07"} <= set(numbers)


@each_notebook
def test_one_parameters_cell_of_commented_literals(path):
    cells = [c for c in cells_of(path) if "parameters" in c["metadata"].get("tags", [])]
    assert len(cells) == 1
    source = cells[0]["source"]
    assert "scale" in read_parameters(path)  # raises on anything but literals
    for statement in ast.parse(source).body:
        last = source.splitlines()[statement.end_lineno - 1]
        assert re.search(r"  # \S", last), f"no comment: {last}"


@each_notebook
def test_source_has_no_outputs_and_the_plain_kernel(path):
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "papermill" not in notebook["metadata"]
    for cell in of_type(path, "code"):
        assert cell["outputs"] == [] and cell["execution_count"] is None


@each_notebook
def test_code_cells_are_short(path):
    sources = [cell["source"] for cell in of_type(path, "code")]
    lengths = [len(source.strip().splitlines()) for source in sources]
    assert max(lengths) <= MOST_LINES
    assert [n for n in lengths if n > USUAL_LINES] == []
    wide = [x for s in sources for x in s.splitlines() if len(x) > MOST_COLUMNS]
    assert wide == []


@each_notebook
def test_prose_outweighs_code_and_there_are_no_magics(path):
    code, prose = of_type(path, "code"), of_type(path, "markdown")
    assert len(prose) >= len(code)
    for cell in code:
        ast.parse(cell["source"])  # a magic or a shell line is no Python


def test_the_map_links_every_notebook_once_and_links_lead_somewhere():
    links = {
        path.name: re.findall(r"\]\((\w+\.ipynb)\)", path.read_text("utf-8"))
        for path in NOTEBOOKS
    }
    names = [path.name for path in NOTEBOOKS]
    assert links["00_start_here.ipynb"] == names
    assert {link for found in links.values() for link in found} <= set(names)


def paragraphs(path):
    """The paragraphs of prose, without headings, tables, pictures and link targets."""
    for cell in of_type(path, "markdown"):
        for text in cell["source"].split("\n\n"):
            if not re.match(r"[#|`!]", text):
                yield re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)


@each_notebook
def test_paragraphs_are_short_enough_to_be_read_aloud(path):
    lengths = {text: len(text.split()) for text in paragraphs(path)}
    assert {text: n for text, n in lengths.items() if not 15 <= n <= 40} == {}


def test_first_uses_of_terms_are_linked_to_the_glossary():
    prose = "\n".join(c["source"] for c in of_type(NOTEBOOKS[0], "markdown"))
    terms = re.findall(r"^### (.+)$", prose, re.MULTILINE)
    used = set()
    for path in NOTEBOOKS:
        links = re.findall(r"\]\((?:00_start_here\.ipynb)?#([^)]+)\)", path.read_text())
        assert links and len(set(links)) == len(links), "once in a notebook"
        used |= set(links)
    assert used == {term.replace(" ", "-") for term in terms}


# --- exercises ----------------------------------------------------------------------


@each_notebook
def test_each_of_two_to_four_exercises_has_an_answer_a_check_and_a_solution(path):
    cells, number = cells_of(path), 0
    for place, cell in enumerate(cells):
        if cell["source"].startswith("## Exercise "):
            number, task = number + 1, cell["source"].split("\n\n", 1)
            assert task[0] == f"## Exercise {number}"
            assert 15 <= len(task[1].split()) <= 40
            answer, check = (c["source"] for c in cells[place + 1 : place + 3])
            assert answer.endswith(f"\nanswer_{number} = ...")
            assert answer.splitlines()[-2].startswith("# your answer: ")
            assert check.endswith(f'check("{path.stem[:2]}.{number}", globals())')
    assert 2 <= number <= 4
    assert list(solutions_of(path)) == list(range(1, number + 1))
    names = run_path(path.parent / "checks" / f"{path.stem}.py")
    own = [name for name in names if name.startswith("answer_")]
    assert own == [f"answer_{n}" for n in range(1, number + 1)]
    assert all(len(names[name].__doc__.split()) > 5 for name in own), "no hint"


@each_notebook
def test_solutions_run_their_notebook_and_are_explained(path):
    solutions = path.parent / "solutions" / path.name
    code, prose = of_type(solutions, "code"), of_type(solutions, "markdown")
    assert code[0]["source"] == f"%%capture\n%run ../{path.name}"
    assert (solutions.parent / f"../{path.name}").exists()
    assert all(cell["outputs"] == [] for cell in code)
    for cell in code[1:]:
        lines = cell["source"].splitlines()
        assert len(lines) <= USUAL_LINES and max(map(len, lines)) <= MOST_COLUMNS
    for cell in prose[1:]:
        assert 15 <= len(cell["source"].split("\n\n", 1)[1].split()) <= 40


# --- the whole sequence -------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished smoke run of Socratic CoT's notebooks."""
    yield from smoke_run(tmp_path_factory, SOCRATIC_COT)


def rows_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_notebook_leaves_its_executed_copy(run):
    check_copies(run, SOCRATIC_COT)


def test_main_table_has_the_fixed_columns_and_students(run):
    with (run / "tables" / "main.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    assert STUDENTS <= {row["student"] for row in rows}
    for row in rows:
        n, correct = int(row["n"]), int(row["correct"])
        assert float(row["accuracy"]) == pytest.approx(correct / n, abs=1e-3)
        low, high = float(row["ci_low"]), float(row["ci_high"])
        assert 0 <= low <= correct / n <= high <= 1
        assert 0 <= float(row["truncated"]) <= 1


def test_paired_table_has_the_fixed_columns(run):
    with (run / "tables" / "paired.csv").open(encoding="utf-8", newline="") as file:
        fields = csv.DictReader(file).fieldnames or []
    assert {"student_a", "student_b", "only_a", "only_b", "p_value"} <= set(fields)


@pytest.mark.parametrize("student", sorted(STUDENTS))
def test_predictions_have_one_full_row_per_problem(run, student):
    rows = rows_of(run / "predictions" / f"gradeschool-test-{student}.jsonl")
    assert rows and all(set(row) >= ROW_KEYS for row in rows)
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)


def test_table_counts_what_the_predictions_hold(run):
    with (run / "tables" / "main.csv").open(encoding="utf-8", newline="") as file:
        table = [row for row in csv.DictReader(file) if row["split"] == "test"]
    for row in table:
        path = run / "predictions" / f"gradeschool-test-{row['student']}.jsonl"
        if path.exists():
            rows = rows_of(path)
            assert int(row["n"]) == len(rows)
            assert int(row["correct"]) == sum(r["correct"] for r in rows)


def test_report_is_one_file_that_needs_no_other(run):
    page = (run / "report.html").read_text("utf-8")
    sources = re.findall(r"""\bsrc\s*=\s*["']([^"']*)""", page)
    assert all(source.startswith("data:") for source in sources), sources
    links = re.findall(r"""\bhref\s*=\s*["']([^"']*)""", page)
    assert all(re.match(r"#|https?://", link) for link in links), links
    assert "<link" not in page and "file://" not in page
    assert "@import" not in page


def test_unanswered_exercises_let_a_run_pass_and_say_so(run):
    for path in notebooks_of(SOCRATIC_COT):
        text = printed_by(run / "notebooks" / path.name)
        assert text.count("not answered yet") == len(solutions_of(path))


@pytest.fixture(scope="module")
def again(run):
    return second_run(run, SOCRATIC_COT)


def test_a_second_run_trains_and_decodes_nothing_again(again):
    _, made_again = again
    assert made_again == set()


@pytest.mark.parametrize("path", notebooks_of(SOCRATIC_COT), ids=lambda p: p.stem)
def test_solutions_are_right_and_wrong_answers_are_not(path, again, run):
    check_solutions(path, again[0][path.stem], run)
