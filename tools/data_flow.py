"""Draw the data flow: docs/data_flow.svg, the handout's, and one per notebook.

    python tools/data_flow.py

The pictures in notebooks/data_flow/ show where a notebook stands in it.
"""

import re
from dataclasses import dataclass

from socratic_utils.files import project_root, write_atomic
from socratic_utils.runner.schedule import NOTEBOOKS

WIDTH, GAP, MARGIN = 118, 28, 6  # of a box, between two, and on the left
BOLD = 'font-weight="bold"'
NOTE = ("Every arrow is skipped when its result is on disk and nothing that went into "
        "it has changed.")  # fmt: skip
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" \
font-family="Helvetica, Arial, sans-serif" role="img" aria-label="{label}">
<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" \
markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="#555"/></marker></defs>
<rect width="860" height="{height}" fill="#fff"/>
{body}
</svg>
"""


@dataclass(frozen=True)
class Stage:
    """A box: its name, its folder of the package, the arrow to it, its notebooks."""

    name: str
    folder: str
    arrow: str
    colour: str
    notebooks: str  # their numbers


STAGES = (
    Stage("Problem", "benchmarks/", "", "#eceff1", "00"),
    Stage("Chain", "teacher/", "sampled", "#d6eaf8", "01 10"),
    Stage("Kept chain", "filtering/", "right answer?", "#d5f5e3", "02 10 11 12"),
    Stage("Student", "students/", "fine-tuned", "#fcf3cf", "03 04 05 06 10 11 12 13"),
    Stage("Predictions", "experiments/", "decoded", "#e8daef",
          "03 04 05 06 10 11 12 13 14"),
    Stage("Tables, figures", "results/", "scored", "#fadbd8", "07 14 15"),
)  # fmt: skip


def description(number: str = "") -> str:
    """The text for those who do not see the picture."""
    names = ", ".join(stage.name.lower() for stage in STAGES)
    here = [s.name.lower() for s in STAGES if number and number in s.notebooks]
    return f"Data flow: {names}" + (
        f". You are here: {', '.join(here)}" if here else ""
    )


def picture(number: str = "") -> str:
    """The data flow as SVG; of a notebook, with its stages marked.

    The numbers of the notebooks stand in the whole picture and in that of notebook 00.
    """
    parts, here, is_map = [], [], number in ("", "00")
    for place, stage in enumerate(STAGES):
        x = MARGIN + place * (WIDTH + GAP)
        middle, is_here = x + WIDTH / 2, bool(number) and number in stage.notebooks
        if stage.arrow:
            parts.append(_line(x - GAP + 3, x - 3, 52, "#555", 'marker-end="url(#a)"'))
            parts.append(_text(x - GAP / 2, 16, stage.arrow))
        box = f'x="{x}" y="26" width="{WIDTH}" height="52" rx="8" fill="{stage.colour}"'
        own = [
            f'<rect {box} stroke="#222" stroke-width="{3 if is_here else 1}"/>',
            _text(middle, 49, stage.name, 14, BOLD),
            _text(middle, 67, stage.folder, style='font-family="monospace"'),
        ]
        if is_map:
            several = "notebooks" if " " in stage.notebooks else "notebook"
            own.append(_text(middle, 96, several))
            own.append(_text(middle, 111, ranges(stage.notebooks)))
        here += [x] * is_here
        opacity = 1 if is_here or is_map else 0.45
        parts.append(f'<g opacity="{opacity}">{"".join(own)}</g>')
    bottom = 119 if is_map else 87
    if here:
        first, last = here[0], here[-1] + WIDTH
        parts.append(_line(first, last, bottom, "#222"))
        parts.append(_text((first + last) / 2, bottom + 17, "you are here", 13, BOLD))
    else:
        parts.append(_text(430, bottom + 17, NOTE))
    label, body = description(number), "\n".join(parts)
    return SVG.format(height=bottom + 25, label=label, body=body)


def _text(x: float, y: float, text: str, size: int = 12, style: str = "") -> str:
    where = f'x="{x:g}" y="{y}" text-anchor="middle" font-size="{size}"'
    return f'<text {where} fill="#111" {style}>{text}</text>'


def _line(first: float, last: float, y: int, colour: str, end: str = "") -> str:
    where = f'x1="{first:g}" y1="{y}" x2="{last:g}" y2="{y}"'
    return f'<line {where} stroke="{colour}" stroke-width="2" {end}/>'


def ranges(numbers: str) -> str:
    """Numbers in words.

    >>> ranges("02 10 11 12"), ranges("07 14 15")
    ('02, 10 to 12', '07, 14, 15')
    """
    runs: list[list[str]] = []
    for number in numbers.split():
        if runs and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = (run if len(run) < 3 else [f"{run[0]} to {run[-1]}"] for run in runs)
    return ", ".join(word for own in words for word in own)


def files() -> dict[str, str]:
    """Every file that shows the data flow, by its path in the project."""
    docs, whole = project_root() / "docs", picture()
    page = (docs / "handout.html").read_text("utf-8")
    handout = re.sub(r"<svg.*?</svg>\n", lambda _: whole, page, flags=re.DOTALL)
    numbers = [notebook.number for notebook in NOTEBOOKS]
    return {"docs/data_flow.svg": whole, "docs/handout.html": handout} | {
        f"notebooks/data_flow/{number}.svg": picture(number) for number in numbers
    }


if __name__ == "__main__":
    for name, text in files().items():
        write_atomic(project_root() / name, text)
