"""The documents name functions, notebooks, files and sections that exist."""

import csv
import re
from ast import literal_eval
from importlib import import_module

import pytest

from socratic_utils.answers import parse_chain
from socratic_utils.config import load
from socratic_utils.files import project_root, usage
from socratic_utils.problems import Chain, Problem
from socratic_utils.runner.options import asked, parser
from socratic_utils.students import SUPERVISIONS
from socratic_utils.teacher.prompts import load_prompt

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


FOLDERS = ("", "docs", "tools", "outputs/reference")
DOCUMENTS = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.md")]


def anchors(path) -> set[str]:
    """The anchors that GitHub gives the headings of a Markdown file."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w -]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_lead_to_files_and_headings_that_exist(path):
    links = re.findall(r"\]\(((?!https?:)[^)\s]+)\)", path.read_text("utf-8"))
    for link in links:
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_document_is_linked_from_another():
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    names = {path.name for path in (ROOT / "docs").iterdir()}
    assert {name for name in names if f"{name})" not in text} == set()


# --- the workshop and its handout -----------------------------------------------------

TEACHING = (ROOT / "docs" / "teaching.md").read_text("utf-8")
HANDOUT = (ROOT / "docs" / "handout.html").read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"^\| (\d\d_\w+) \| ([^G]+) GB", TEACHING,
                                            re.MULTILINE))  # fmt: skip
def test_minutes_and_memory_are_those_of_the_committed_run(line):
    stem, stated = line
    minutes, memory = usage(ROOT / "outputs/reference/small", stem)
    assert stated == f"{minutes:.0f} | {memory:.1f}"


@pytest.mark.parametrize("command", re.findall(r"\./run_all\.sh([^`\n<,]*)",
                                               TEACHING + HANDOUT))  # fmt: skip
def test_the_runner_takes_the_commands_of_the_workshop(command):
    words = command.replace(" N", " 3").split()
    assert words == ["student-notebooks"] or parser().parse_args(words)


def test_the_small_pair_is_what_the_workshop_loads_in_class():
    words = re.search(r"\./run_all\.sh (--only 04,05 .*)", TEACHING)[1].split()
    trained = load(**asked(parser().parse_args(words)))
    overrides = literal_eval(re.search(r"(?m)^overrides = (.*)", TEACHING)[1])
    assert load("small", **overrides) == trained


def test_the_workshop_names_headings_of_its_notebooks():
    for notebooks, task in re.findall(
        r"^\| \d[^|]*\|([^|]*)\|[^|]*\|([^|]*)\|$", TEACHING, re.MULTILINE
    ):
        for heading in re.findall(r'"([^"=]+)"', task):
            number = re.search(r"\d\d", notebooks)[0]
            [path] = ROOT.glob(f"notebooks/{number}_*.ipynb")
            assert f'"## {heading}' in path.read_text("utf-8"), heading


def test_the_handout_shows_the_data_flow_and_what_each_model_learns():
    assert (ROOT / "docs" / "data_flow.svg").read_text("utf-8").strip() in HANDOUT
    problem, reply = load_prompt("gradeschool", "socratic").exemplars[0]
    steps, answer = parse_chain(reply, "socratic")
    problem = Problem("", "gradeschool", "train", problem, answer)
    chain = Chain("", "socratic", tuple(steps), answer, "by hand")
    table = HANDOUT.split('<table class="example">')[1].split("</table>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
    models = ("answer_only", "cot", "socratic_unified", "qg", "qa")
    for place, model in enumerate(models, 1):
        lines = SUPERVISIONS[model].transcript(problem, chain)
        learnt = [(line.text, "writes" if own else "reads") for line, own in lines]
        assert [(row[0], row[place]) for row in rows if row[place]] == learnt
