"""`report.html`: the executed results notebook without its code, as one safe file.

    write_report(folder / "notebooks" / "07_results.ipynb", folder / "report.html")

Images are inside the page; there are no scripts, no links and nothing to fetch, so that
it can be mailed, read on a phone and printed.  What a model wrote cannot become active:
the whole page passes an allow-list of tags, attributes and styles (bleach).

Not covered: widgets, formulas, and figures other than PNG or JPEG.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from socratic_utils.files import read_json, write_atomic

from .formats import to_html

TAGS = set(
    "h1 h2 h3 h4 h5 h6 p a ul ol li blockquote hr br pre code b strong i em sub sup del"
    " div span img table thead tbody tr th td details summary".split()
)
STYLES = set(
    "background background-color border border-radius color display flex flex-wrap"
    " font-family font-weight gap margin padding text-align white-space".split()
)
IMAGE = re.compile(r"data:image/(png|jpeg);base64,")
SMOKE = (
    '<p class="warn">Smoke scale: a random tiny model. The numbers mean nothing.</p>'
)
STYLE = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem 1rem 4rem;color:#1d2733;
 background:#fff;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.7rem;line-height:1.2}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;border-bottom:2px solid #d9dfe6}
p,ul,ol,details{max-width:46rem;overflow-wrap:anywhere}
.warn{background:#fff3d6;border-left:4px solid #d98e00;padding:.6rem .9rem}
img{max-width:100%;height:auto}
pre,table{max-width:100%;overflow-x:auto}
table{display:block;border-collapse:collapse;font-size:.88rem;
 font-variant-numeric:tabular-nums}
th,td{padding:.3rem .65rem;text-align:left;border-bottom:1px solid #d9dfe6;
 vertical-align:top}
thead th{border-bottom:2px solid #1d2733;white-space:nowrap}
tbody tr:nth-child(even){background:#f4f6f9}
.number{text-align:right;white-space:nowrap}
td:last-child:not(.number){min-width:10rem}
@media print{body{max-width:none;padding:0;font-size:10pt}table{font-size:7.5pt}
 tr,img{break-inside:avoid}h2{break-after:avoid}}
"""


def write_report(notebook: Path, target: Path) -> Path:
    """Write the page of an executed notebook to `target`; returns `target`.

    Below the notebook stand what `target`'s folder has of a run: the table over all
    runs (`tables/paper_grid.csv`), and settings, packages and times (`run.json`).
    """
    import nbformat
    from nbconvert import HTMLExporter

    content, heading = nbformat.read(notebook, as_version=4), "figure"
    for cell in content.cells:
        headings = re.findall(r"(?m)^#+ (.*)", cell.source)
        if cell.cell_type == "markdown":
            heading = headings[-1] if headings else heading
        cell.metadata.setdefault("alt", heading)  # the text for its images
        outputs = cell.get("outputs", [])  # progress bars and warnings are no results
        cell.outputs = [o for o in outputs if o.get("name") != "stderr"]
        if "remove-output" in cell.metadata.get("tags", []):  # as Jupyter Book does
            cell.outputs = []
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(content)
    body = _clean(body)
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
    title = re.sub("<[^>]*>", "", heading[1]) if heading else Path(notebook).stem
    run = read_json(target.parent / "run.json", {})
    smoke = run.get("settings", {}).get("scale") == "smoke"
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n"
        f"{SMOKE if smoke else ''}{body}{_all_runs(target.parent / 'tables')}"
        f"{_what_was_run(run)}\n</body></html>\n"
    )
    return write_atomic(target, page)


def _clean(body: str) -> str:
    """HTML of allowed tags, attributes and styles; other tags are shown as text."""
    from bleach import Cleaner
    from bleach.css_sanitizer import CSSSanitizer

    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "style":  # no url(...), nor an escape that could spell it
            return not re.search(r"[\\(@]", value)
        if name == "src":
            return tag == "img" and bool(IMAGE.match(value))
        return name in ("class", "alt", "colspan", "rowspan")

    body = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", body)
    styles = CSSSanitizer(allowed_css_properties=STYLES)
    cleaner = Cleaner(TAGS, allowed, {"data"}, css_sanitizer=styles)
    return cleaner.clean(body)


def _all_runs(tables: Path) -> str:
    if not (tables / "paper_grid.csv").exists():
        return ""
    caption = (tables / "paper_grid.caption").read_text("utf-8")
    table = to_html(pd.read_csv(tables / "paper_grid.csv"))
    return f"<h2>All runs</h2><p>{escape(caption)}</p>{table}"


def _what_was_run(run: dict[str, Any]) -> str:
    if not run:
        return ""
    notebooks = sorted(run.pop("notebooks", {}).items())
    times = pd.DataFrame([{"notebook": name, **use} for name, use in notebooks])
    facts = pd.json_normalize(run, sep=" ").T.dropna().reset_index()
    facts = facts.set_axis(["what", "value"], axis="columns").astype(str)
    return (
        f"<h2>What was run</h2>{to_html(times)}{to_html(facts[facts['value'] != ''])}"
    )
