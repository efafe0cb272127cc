"""`report.html`: the executed results notebook without its code, as one safe file.

    write_report(folder / "notebooks" / "07_results.ipynb", folder / "report.html")

Images are embedded, and the whole page passes an allow-list of tags, attributes and
styles (bleach).  Not covered: widgets, formulas, images other than PNG or JPEG.
"""

import re
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from socratic_utils.files import read_json, visible, write_atomic

from .formats import as_html, read_csv, to_html

TAGS = set(
    "h1 h2 h3 h4 h5 h6 p a ul ol li blockquote hr br pre code b strong i em sub sup del"
    " div span img table thead tbody tr th td details summary".split()
)
STYLES = set(
    "background background-color border border-radius color display flex flex-wrap"
    " font-family font-weight gap margin padding text-align white-space".split()
)
SMOKE = "Smoke scale: a tiny random model. The numbers mean nothing."
PAGE = Template(Path(__file__).with_name("report.html").read_text("utf-8"))


def write_report(notebook: Path, target: Path) -> Path:
    """Write the page of an executed notebook, and of `run.json` next to `target`."""
    import nbformat
    from nbconvert import HTMLExporter

    content, heading = nbformat.read(notebook, as_version=4), "figure"
    for cell in content.cells:
        if cell.cell_type == "markdown":
            heading = [heading, *re.findall(r"(?m)^#+ (.*)", cell.source)][-1]
            cell.source = re.sub(r"!\[.*?\]\(.*?\)", "", cell.source)  # other files
        cell.metadata.setdefault("alt", heading)  # the text for its images
        hidden = "remove-output" in cell.metadata.get("tags", [])  # as Jupyter Book
        outputs = [] if hidden else cell.get("outputs", [])
        cell.outputs = [o for o in outputs if o.get("name") != "stderr"]
    exporter = HTMLExporter(
        template_name="basic", exclude_input=True, exclude_output_prompt=True,
        exclude_anchor_links=True,
    )  # fmt: skip
    body = visible(_clean(exporter.from_notebook_node(content)[0]))
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
    title = re.sub("<[^>]*>", "", heading[1]) if heading else Path(notebook).stem
    run = read_json(target.parent / "run.json", {})
    smoke = run.get("settings", {}).get("scale") == "smoke"
    page = PAGE.substitute(title=title, warning=SMOKE if smoke else "", body=body,
                           run=_the_run(target.parent, run))  # fmt: skip
    return write_atomic(target, page)


def _clean(body: str) -> str:
    """HTML of allowed tags, attributes and styles; other tags are shown as text."""
    from bleach import Cleaner
    from bleach.css_sanitizer import CSSSanitizer

    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "style":  # no url(...), nor an escape that could spell it
            return not re.search(r"[\\(@]", value)
        if name == "src":
            image = re.match(r"data:image/(png|jpeg);base64,", value)
            return tag == "img" and bool(image)
        return name in ("class", "alt", "colspan", "rowspan")

    body = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", body)
    styles = CSSSanitizer(allowed_css_properties=STYLES)
    cleaner = Cleaner(TAGS, allowed, {"data"}, css_sanitizer=styles)
    return cleaner.clean(body)


def _the_run(folder: Path, run: dict[str, Any]) -> str:
    """The table over all runs, and the run's settings, packages and times, if any."""
    grid, parts = folder / "tables" / "paper_grid.csv", []
    if grid.exists():
        caption = as_html(grid.with_suffix(".caption").read_text("utf-8"))
        table = to_html(read_csv(grid))
        parts.append(f"<h2>All runs</h2><p>{caption}</p>{table}")
    if run:
        notebooks = sorted(run.pop("notebooks", {}).items())
        times = pd.DataFrame([{"notebook": name, **use} for name, use in notebooks])
        facts = pd.json_normalize(run, sep=" ").T.dropna().reset_index().astype(str)
        facts = facts.set_axis(["what", "value"], axis="columns").query("value != ''")
        parts.append(f"<h2>What was run</h2>{to_html(times)}{to_html(facts)}")
    return "".join(parts)
