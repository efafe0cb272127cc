"""The documents name functions, notebooks, files and sections that exist."""

import csv
import re
from importlib import import_module

import pytest

from socratic_utils.files import project_root

ROOT = project_root()
PAPERS = (ROOT / "docs" / "papers.md").read_text("utf-8")
TABLE = (ROOT / "docs" / "paper_to_code.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith("| paper ")
]
VALUES = sorted((ROOT / "socratic_utils/results/papers/values").glob("*.csv"))
CODE = re.compile(r"`([^`]+)`")


def exists(dotted: str) -> bool:
    """Whether "results.tables.main_table" is in the package."""
    module, _, name = f"socratic_utils.{dotted}".rpartition(".")
    try:
        return hasattr(import_module(module), name)
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize(
    ("paper", "tables", "figures"), [("Socratic CoT", 6, 7), ("SCoTD", 3, 8)]
)
def test_every_table_and_figure_of_the_papers_has_a_row(paper, tables, figures):
    part = TABLE.split(f"\n## {paper} (")[1].split("\n## ")[0]
    found = set(re.findall(r"^\| (Table \d|Figure \d)", part, re.MULTILINE))
    assert found == {
        *(f"Table {number}" for number in range(1, tables + 1)),
        *(f"Figure {number}" for number in range(1, figures + 1)),
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_names_what_exists(row):
    _paper, notebooks, functions, _file = row
    if not functions.startswith("not made: "):
        assert CODE.findall(functions)
        assert [name for name in CODE.findall(functions) if not exists(name)] == []
    for name in re.findall(r"`(\d\d_\w+)`", f"{notebooks} {functions}"):
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists(), name


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_the_values_that_code_compares_with_are_those_of_the_document(path):
    """Every number of a CSV file stands in docs/papers.md, written the same way."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    numbers = {cell for row in rows for cell in row if re.fullmatch(r"-?[\d.]+", cell)}
    written = set(re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", PAPERS))
    assert numbers and numbers <= written


def test_the_documents_name_files_that_exist():
    paths = re.findall(r"`((?:socratic_utils|tools|outputs/reference)/[^`]*)`",
                       PAPERS + TABLE)  # fmt: skip
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_sections_that_are_cited_exist():
    headings = set(re.findall(r"^## (.+)$", PAPERS, re.MULTILINE))
    cited = {
        section
        for folder in ("socratic_utils", "tests", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for section in re.findall(
            r'papers\.md[`,:\s]+"([^"]+)"', path.read_text("utf-8")
        )
    }
    assert cited and cited <= headings


def test_notebooks_save_the_output_files_that_the_table_names():
    sources = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("socratic_utils/**/*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources).replace('\\"', '"')
    saved = re.findall(r"`(?:tables|figures)/(\w+)\.(?:csv|png)`", TABLE)
    assert saved and [name for name in saved if f'"{name}"' not in text] == []
