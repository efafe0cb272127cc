"""`report.html`: an executed results notebook as a story, in one safe file.

    write_report(folder / "notebooks" / "07_results.ipynb", folder / "report.html")
    print(finding(judged, "Socratic CoT", "SmolLM2-135M-Instruct on gradeschool"))

The notebook's first section is the finding and stands open; the contents follow, and
the other sections are folded.  Code, what precedes the finding, and exercises are
omitted.  Images (PNG, JPEG) are embedded, and the content passes an allow-list of tags,
attributes and styles (bleach).  Not covered: widgets, formulas.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from socratic_utils.files import read_json, visible, write_atomic
from socratic_utils.metrics.comparison import FEWEST_SEEDS

from .claims import NOT_RUN, ending, in_words
from .formats import TEMPLATES, TEXTS, read_csv, to_html

TAGS, STYLES = (set(names.split()) for names in TEXTS["html"].values())
IMAGE = r"data:image/(png|jpeg);base64,"
MOST_COLUMNS = 4  # of a table that a phone can show whole
HINT = '<p class="hint">scroll sideways: more columns →</p>'


def finding(judged: pd.DataFrame, paper: str, where: str, runs: str = "here") -> str:
    """A sentence about a paper's main claim, and a paragraph that counts all verdicts.
    `judged` is the table of claims, `where` names student and benchmark, `runs` what
    was judged."""
    own = judged[judged["paper"] == paper]
    tested = own[own["verdict"] != NOT_RUN]
    if tested.empty:
        return f"No claim of {paper} has been tested with {where}."
    lines = {line["claim"]: line for line in tested.to_dict("records")}
    main = TEXTS["finding"]["main"]  # or what stands in for it
    line = lines[next(name for name in (*main, *lines) if name in lines)]
    (_, (difference, low, high), seeds), verdict = in_words(line), line["verdict"]
    so = TEXTS["finding"].get(verdict, f"so there is {verdict}") + ending(line)
    verdicts = tested["verdict"].mask(tested["seeds"] < FEWEST_SEEDS, "too few seeds")
    counted = verdicts.value_counts(sort=False)
    counts = ", ".join(f"{name}: {count}" for name, count in counted.items())
    return (f"Claim: {line['claim']}. With {where} the difference in accuracy is "
            f"{difference} points (95 % interval {low} to {high}; {line['n']:.0f} "
            f"problems{seeds}), {so}\n\nTested {runs}: {len(tested)} of the "
            f"{len(own)} declared claims of {paper} ({counts}).")  # fmt: skip


def caveat(
    judged: pd.DataFrame, paper: str, model: str, teacher: str, dataset: str
) -> str:
    """Sentences on what stands behind `finding`: how many trainings, and of what."""
    seeds = judged.loc[judged["paper"] == paper, "seeds"].dropna().astype(int)
    count = ", ".join(map(str, sorted({*seeds}))) or "none"
    taught = "gold steps" if teacher == "none" else f"chains of {teacher}"
    count = re.sub(r", (?=\d+$)", " or ", count)
    return (f"Trainings per student ({model}): {count}, with {taught} on {dataset}. "
            "The verdicts are about these students; where the paper's own numbers can "
            "be compared with ours, the tables below say so.")  # fmt: skip


def write_report(notebook: Path, target: Path) -> Path:
    """Write the page of an executed notebook, and of `run.json` next to `target`."""
    import nbformat
    from nbconvert import HTMLExporter

    (_, head), *sections = _sections(nbformat.read(notebook, as_version=4).cells)
    exporter = HTMLExporter(
        template_name="basic", exclude_input=True, exclude_output_prompt=True,
        exclude_anchor_links=True)  # fmt: skip
    text = "\n".join(c.source for c in head if c.cell_type == "markdown")
    title, *_ = *re.findall(r"(?m)^# (?:\d+ )?(.*)", text), Path(notebook).stem
    question, *_ = *re.findall(r"\*\*Question\.\*\* (.*)", text), ""
    first, *others = sections or [(title, head)]
    run = read_json(target.parent / "run.json", {})
    folded = [(name, _html(exporter, name, cells)) for name, cells in others]
    folded += _the_run(target.parent, run)
    return write_atomic(target, TEMPLATES.get_template("report.html").render(
        title=title, question=question, finding=_html(exporter, *first),
        folded=folded, scale=run.get("settings", {}).get("scale")))  # fmt: skip


def _sections(cells: Iterable[Any]) -> list[tuple[str, list]]:
    """(heading, cells) of what precedes the first `## `, then of every section up to
    the exercises."""
    found: list[tuple[str, list]] = [("", [])]
    for cell in cells:
        if cell.cell_type == "markdown" and (named := re.match("## (.*)", cell.source)):
            if named[1].startswith("Exercise"):
                break
            found.append((named[1], []))
            cell.source = cell.source[named.end() :]
        if "remove-cell" not in cell.metadata.get("tags", []):  # as Jupyter Book
            found[-1][1].append(cell)
    return found


def _html(exporter: Any, heading: str, cells: Sequence[Any]) -> Markup:
    """The prose and the outputs of a section as clean HTML; tables in boxes."""
    from nbformat.v4 import new_notebook

    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata.setdefault("alt", heading)  # the text for its images
            hidden = "remove-output" in cell.metadata.get("tags", [])
            outputs = [] if hidden else cell.outputs
            cell.outputs = [o for o in outputs if o.get("name") != "stderr"]
        else:
            heading = [heading, *re.findall(r"(?m)^#+ (.*)", cell.source)][-1]
            cell.source = re.sub(r"!\[.*?\]\(.*?\)", "", cell.source)  # other files
    body = exporter.from_notebook_node(new_notebook(cells=cells))[0]
    # What joins the ends of an interval is the only invisible mark that is ours.
    return _boxed(visible(_clean(body)).replace(r"\u2060", "\u2060"))


def _boxed(body: str) -> Markup:
    """Tables in boxes that scroll, with a hint on phones where they are wide."""

    def box(found: re.Match) -> str:
        wide = found[0].partition("</tr>")[0].count("<th") > MOST_COLUMNS
        return f'{HINT * wide}<div class="box" tabindex="0">{found[0]}</div>'

    return Markup(re.sub(r"(?s)<table.*?</table>", box, body))


def _clean(body: str) -> str:
    """HTML of allowed tags, attributes and styles; other tags are shown as text."""
    from bleach import Cleaner
    from bleach.css_sanitizer import CSSSanitizer

    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "style":  # no url(...), nor an escape that could spell it
            return not re.search(r"[\\(@]", value)
        if name == "src":
            return tag == "img" and bool(re.match(IMAGE, value))
        return name in ("class", "alt", "colspan", "rowspan")

    body = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", body)
    styles = CSSSanitizer(allowed_css_properties=STYLES)
    return Cleaner(TAGS, allowed, {"data"}, css_sanitizer=styles).clean(body)


def _the_run(folder: Path, run: dict[str, Any]) -> list[tuple[str, Markup]]:
    """Sections: the table over all runs, and the run's settings, packages and times."""
    grid, parts = folder / "tables" / "paper_grid.csv", []
    if grid.exists():
        caption = grid.with_suffix(".caption").read_text("utf-8")
        table = _boxed(to_html(read_csv(grid)))
        parts.append(("All runs", Markup("<p>{}</p>").format(visible(caption)) + table))
    if run:
        notebooks = sorted(run.pop("notebooks", {}).items())
        times = pd.DataFrame([{"notebook": name, **use} for name, use in notebooks])
        facts = pd.json_normalize(run, sep=" ").T.dropna().reset_index().astype(str)
        facts = facts.set_axis(["what", "value"], axis="columns").query("value != ''")
        parts.append(("What was run", _boxed(to_html(times) + to_html(facts))))
    return parts
