"""Draw the data flow: docs/data_flow.svg, the handout's, and one per notebook.

    python tools/data_flow.py

The pictures in notebooks/data_flow/ show where a notebook stands in it.
"""

import re
from dataclasses import dataclass

from socratic_utils.files import project_root, write_atomic
from socratic_utils.runner.schedule import NOTEBOOKS

WIDTH, HEIGHT, GAP, TOP, MARGIN = 118, 52, 28, 26, 6  # of a box, and around it
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
    """The data flow as SVG; of a notebook, with its stages marked."""
    parts, here = [], []
    for place, stage in enumerate(STAGES):
        x = MARGIN + place * (WIDTH + GAP)
        is_here = number in stage.notebooks
        here += [x] if number and is_here else []
        if stage.arrow:
            parts += [_line(x - GAP + 3, x - 3, TOP + HEIGHT / 2, "#555",
                            ' marker-end="url(#a)"'),
                      _text(x - GAP / 2, 16, 12, stage.arrow)]  # fmt: skip
        own = [
            f'<rect x="{x}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" rx="8" '
            f'fill="{stage.colour}" stroke="#222" '
            f'stroke-width="{3 if number and is_here else 1}"/>',
            _text(x + WIDTH / 2, TOP + 23, 14, stage.name, ' font-weight="bold"'),
            _text(
                x + WIDTH / 2, TOP + 41, 12, stage.folder, ' font-family="monospace"'
            ),
        ]
        if not number:
            several = "notebooks" if " " in stage.notebooks else "notebook"
            numbers = ranges(stage.notebooks)
            own.append(_text(x + WIDTH / 2, TOP + 70, 12, several))
            own.append(_text(x + WIDTH / 2, TOP + 85, 12, numbers))
        parts.append(f'<g opacity="{1 if is_here else 0.45}">{"".join(own)}</g>')
    if here:
        first, last, y = here[0], here[-1] + WIDTH, TOP + HEIGHT + 9
        middle = min(max((first + last) / 2, 50), 810)
        parts.append(_line(first, last, y, "#222"))
        bold = ' font-weight="bold"'
        parts.append(_text(middle, y + 17, 13, "you are here", bold))
    else:
        parts.append(_text(430, 136, 12, NOTE))
    height, label = 108 if here else 146, description(number)
    return SVG.format(height=height, label=label, body="\n".join(parts))


def _text(x: float, y: float, size: int, text: str, style: str = "") -> str:
    where = f'x="{x:g}" y="{y:g}" text-anchor="middle" font-size="{size}"'
    return f'<text {where} fill="#111"{style}>{text}</text>'


def _line(first: float, last: float, y: float, colour: str, end: str = "") -> str:
    where = f'x1="{first:g}" y1="{y:g}" x2="{last:g}" y2="{y:g}"'
    return f'<line {where} stroke="{colour}" stroke-width="2"{end}/>'


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
