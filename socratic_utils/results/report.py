"""How results are shown: Markdown, LaTeX, HTML, and `report.html` of a whole run.

The report is one file without scripts or links to other files: style and images are
inside, so that it can be mailed, read on a phone and printed.  Everything that comes
from a file is escaped:

    >>> show("accuracy", 0.345), show("p_value", 0.000012), show("n", 200)
    ('34.5 %', '<0.0001', '200')

Reads `tables/*.csv` and `figures/*.png` with their `*.caption`, and `run.json`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from socratic_utils.files import read_json, write_atomic

SHARES = {
    "accuracy", "ci_low", "ci_high", "truncated", "share", "paper", "acceptance",
    "accuracy_flexible", "accuracy_strict", "default_accuracy", "mean", "sd",
}  # fmt: skip
ORDER = (
    "main", "paper_grid", "beside_paper", "beside_ablations", "beside_questions",
    "paired", "by_steps", "by_group", "errors", "errors_by_steps", "strict",
)  # fmt: skip
PAPERS = (
    ("P1", "Distilling Reasoning Capabilities into Smaller Language Models",
     "https://arxiv.org/abs/2212.00193"),
    ("P2", "Symbolic Chain-of-Thought Distillation",
     "https://arxiv.org/abs/2306.14050"),
)  # fmt: skip
SMOKE = (
    '<p class="warn">Smoke scale: a random tiny model. The numbers mean nothing.</p>'
)
STYLE = """
:root{--ink:#1d2733;--soft:#5b6775;--line:#d9dfe6;--band:#f4f6f9;--mark:#0b63a8}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;color:var(--ink);
 background:#fff;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-bottom:.3rem;
 border-bottom:2px solid var(--line)}
p{max-width:46rem}a{color:var(--mark)}.soft{color:var(--soft)}
.warn{background:#fff3d6;border-left:4px solid #d98e00;padding:.6rem .9rem}
figure{margin:1.5rem 0;break-inside:avoid}img{max-width:100%;height:auto}
figcaption{color:var(--soft);font-size:.92rem;margin-bottom:.4rem;max-width:46rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .65rem;text-align:left;border-bottom:1px solid var(--line);
 vertical-align:top}
thead th{border-bottom:2px solid var(--ink);white-space:nowrap}
tbody tr:nth-child(even){background:var(--band)}
.number{text-align:right;white-space:nowrap}
.wide td:last-child:not(.number){min-width:16rem}
.facts th{font-weight:600;color:var(--soft);white-space:nowrap}
.facts td{overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0;font-size:10pt}table{font-size:7.5pt}
 .wide{overflow:visible}th,td{padding:.15rem .3rem}thead th{white-space:normal}
 tr{break-inside:avoid}h2{break-after:avoid}}
"""


# Not a column where it is the same in every row.
SAID_ONCE = ("dataset", "model", "teacher", "seed", "paper_dataset")


def show(column: str, value: Any) -> str:
    """One cell as people read it: shares in percent, small p-values as "<0.0001"."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return str(value)
    if column in SHARES:  # the paper's as printed there
        return f"{100 * value:.{2 if column == 'paper' else 1}f} %"
    if column == "difference":
        return f"{100 * value:+.1f} points"
    if column == "p_value":
        return "<0.0001" if value < 0.0001 else f"{value:.4f}"
    return str(int(value)) if float(value).is_integer() else f"{value:.4g}"


def to_markdown(table: pd.DataFrame, caption: str) -> str:
    """A pipe table under its caption."""
    lines = [list(table.columns), ["---"] * len(table.columns), *_cells(table)]
    text = [[c.replace("|", r"\|").replace("\n", " ") for c in line] for line in lines]
    return f"{caption}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in text)


def to_latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A `table` with booktabs rules: needs no package but booktabs."""
    rows = [" & ".join(map(_tex, line)) + r" \\" for line in _cells(table)]
    columns = "".join("r" if is_numeric_dtype(table[c]) else "l" for c in table.columns)
    lines = [
        r"\begin{table}\centering",
        rf"\caption{{{_tex(caption)}}}\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{columns}}}\toprule",
        " & ".join(map(_tex, table.columns)) + r" \\ \midrule",
        *rows,
        r"\bottomrule\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_html(table: pd.DataFrame) -> str:
    """A `<table>`, numbers to the right, everything escaped."""
    kinds = [
        ' class="number"' if is_numeric_dtype(table[c]) else "" for c in table.columns
    ]

    def line(cells: Sequence[str], tag: str) -> str:
        pairs = zip(cells, kinds, strict=True)
        return "".join(f"<{tag}{kind}>{escape(c)}</{tag}>" for c, kind in pairs)

    head = line([c.replace("_", " ") for c in table.columns], "th")
    body = "\n".join(f"<tr>{line(cells, 'td')}</tr>" for cells in _cells(table))
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def write_report(
    folder: str | Path, settings: dict[str, Any], run: dict[str, Any] | None = None
) -> Path:
    """Write `<folder>/report.html` from what is on disk; returns its path.

    `settings` is `dataclasses.asdict(Settings)`; `run` is `run.json`, read from the
    folder when not given.  Missing tables or figures are left out.
    """
    folder = Path(folder)
    run = read_json(folder / "run.json", {}) if run is None else run
    scale, data = str(settings.get("scale", "")), str(settings.get("dataset", ""))
    title = f"Socratic distillation: {data} at {scale} scale"
    links = (f'{key}: <a href="{url}">{escape(name)}</a>' for key, name, url in PAPERS)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">After {", ".join(links)}.</p>',
        SMOKE if scale == "smoke" else "",
        "<h2>Tables</h2>",
        *(_table(path) for path in _ordered(folder / "tables")),
        "<h2>Figures</h2>",
        *(_image(path) for path in sorted((folder / "figures").glob("*.png"))),
        "<h2>Time and memory</h2>",
        _notebooks(run.get("notebooks") or {}),
        "<h2>What these numbers can and cannot say</h2>",
        *(f"<p>{escape(text)}</p>" for text in _limits(folder, scale)),
        "<h2>What was run</h2>",
        _facts([*_flat(settings), *_flat({**run, "notebooks": {}, "settings": {}})]),
    ]
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
    )
    page = head + "\n".join(filter(None, parts)) + "\n</body></html>\n"
    return write_atomic(folder / "report.html", page)


def _limits(folder: Path, scale: str) -> list[str]:
    """The plain reading of the intervals, with this run's own widths."""
    texts, path = [], folder / "tables" / "main.csv"
    if path.exists() and len(main := pd.read_csv(path)):
        half = 50 * (main["ci_high"] - main["ci_low"])
        fewest, most = int(main["n"].min()), int(main["n"].max())
        texts.append(
            f"Every student met {fewest} to {most} problems a split. With so many, a"
            f" 95 % Wilson interval reaches {half.min():.1f} to {half.max():.1f} points"
            " to either side. A smaller gap between two students may be chance; the"
            " paired table is the better judge, for there both met the same problems."
        )
        if main["seed"].nunique() < 2:
            texts.append(
                "One seed was trained. The intervals cover the choice of problems, not"
                " what another seed, teacher or set of hyperparameters would change."
            )
    texts.append(
        "P-values are not corrected for the number of pairs. The paper reports means of"
        " three runs or more, without deviations or tests, so that a difference from"
        " it can be judged only by our own interval, and only where dataset and model"
        " correspond."
    )
    if scale == "small":
        texts.append(
            "This scale shows the method on made-up school problems with a small model."
            " It can show whether a supervision helps here; it cannot confirm or refute"
            " the paper's accuracies."
        )
    return texts


def _table(path: Path) -> str:
    """The table; what is the same in every row is said once, above it."""
    table = pd.read_csv(path)
    same = [c for c in SAID_ONCE if c in table and table[c].nunique() == 1]
    said = "".join(f" {_words(c)}: {table[c].iloc[0]}." for c in same)
    table = table.drop(columns=same)
    shown = to_html(table) if len(table) else '<p class="soft">No rows.</p>'
    caption = escape(_caption(path) + said)
    return f"<figure><figcaption>{caption}</figcaption>{shown}</figure>"


def _words(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _image(path: Path) -> str:
    caption, data = escape(_caption(path)), base64.b64encode(path.read_bytes()).decode()
    image = f'<img alt="{caption}" src="data:image/png;base64,{data}">'
    return f"<figure><figcaption>{caption}</figcaption>{image}</figure>"


def _caption(path: Path) -> str:
    """The text kept in `<name>.caption`, or else the name."""
    kept = path.with_suffix(".caption")
    return kept.read_text("utf-8").strip() if kept.exists() else path.stem


def _ordered(folder: Path) -> list[Path]:
    rank = {name: number for number, name in enumerate(ORDER)}
    return sorted(folder.glob("*.csv"), key=lambda p: (rank.get(p.stem, 99), p.stem))


def _notebooks(records: dict[str, dict]) -> str:
    lines = [{"notebook": name, **record} for name, record in sorted(records.items())]
    return to_html(pd.DataFrame(lines)) if lines else "<p>Not recorded.</p>"


def _facts(pairs: Iterable[tuple[str, str]]) -> str:
    rows = (f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in pairs)
    return f'<div class="wide"><table class="facts">{"".join(rows)}</table></div>'


def _flat(values: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Nested settings as lines: {"a": {"b": 1}} -> [("a b", "1")]; empty ones out."""
    pairs = []
    for key, value in values.items():
        name = re.sub("_", " ", f"{above} {key}".strip())
        if isinstance(value, dict):
            pairs += _flat(value, name)
        elif value not in (None, ""):
            pairs.append((name, str(value)))
    return pairs


def _cells(table: pd.DataFrame) -> list[list[str]]:
    rows = table.to_dict("records")
    return [[show(name, row[name]) for name in table.columns] for row in rows]


def _tex(text: str) -> str:
    special = {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }  # fmt: skip
    return "".join(special.get(sign, sign) for sign in text.replace("\n", " "))
