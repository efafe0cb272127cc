"""What all figures share: colours and their meaning, axes, legends, files.

A student has the colour of the registry; what a chain is worth has one of MEANINGS,
with a hatch, so that no meaning hangs on colour alone.
"""

import io
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from socratic_utils.files import write_atomic
from socratic_utils.students.supervision import colour_of

from ..formats import percent

# Reason of a filter or first error -> colour and hatch; none is a student's.
MEANINGS = {
    "kept": ("#332288", ""), "wrong arithmetic": ("#882255", "//"),
    "wrong reasoning": ("#cc6677", "\\\\"), "wrong reading": ("#cc6677", "\\\\"),
    "wrong question": ("#999933", ".."), "stopped early": ("#8c8c8c", "--"),
    "ran on": ("#4d4d4d", "++"), "no steps": ("#bfbfbf", ""),
    "no chain": ("#bfbfbf", ""), "no final answer": ("#6e6e6e", "xx"),
}  # fmt: skip
MARKERS = "osD^vPX*<>"
WIDTH = 8.6  # inches: 860 pixels, a notebook's cell
WATERMARK = "smoke: numbers mean nothing"
STYLE = sns.axes_style("whitegrid")  # a decorator
NO_DATES = dict.fromkeys(("Software", "CreationDate", "Producer", "Creator"))


def save_figure(figure: Figure, folder: str | Path, name: str, caption="") -> Path:
    """Write `<name>.png`, `.pdf` and `.caption`, undated; returns the PNG's path."""

    def drawn(kind: str, dpi: int) -> bytes:
        buffer = io.BytesIO()
        with plt.rc_context({"pdf.fonttype": 42}):  # text stays text
            figure.savefig(buffer, format=kind, dpi=dpi, metadata=NO_DATES)
        return buffer.getvalue()

    base = Path(folder) / name
    for dpi in (130, 100, 75):
        png = drawn("png", dpi)
        if len(png) < 150_000:  # bytes
            break
    write_atomic(base.with_suffix(".pdf"), drawn("pdf", dpi))
    write_atomic(base.with_suffix(".caption"), (caption or name) + "\n")
    return write_atomic(base.with_suffix(".png"), png)


def new_axes(width: float, height: float, scale: str, shares: str = "") -> Axes:
    """Axes of a new figure; `shares` is the one in percent, which alone has a grid."""
    size = (min(width, WIDTH), height)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    plt.close(figure)  # so that notebooks show it only once
    sns.despine(ax=axes)
    if shares:
        formatter = FuncFormatter(lambda share, _: percent(share, None))
        getattr(axes, f"{shares}axis").set_major_formatter(formatter)
        axes.grid(axis="y" if shares == "x" else "x", visible=False)
    if scale == "smoke":
        style = {"color": "0.35", "alpha": 0.35, "rotation": 12, "size": 22}
        figure.text(0.5, 0.5, WATERMARK, ha="center", va="center", **style)
    return axes


def colours_of(students: Iterable[str]) -> dict[str, str]:
    names = list(dict.fromkeys(students))
    return {name: colour_of(name, names) for name in names}


def of_split(table: pd.DataFrame, split: str) -> tuple[str, pd.DataFrame]:
    """A split and its rows; by default the first, which is test if there."""
    split = split or next(iter(table["split"]), "test")
    rows = table[table["split"] == split]
    if rows.empty:
        raise ValueError(f"no rows of split {split!r} to draw")
    return split, rows


def check_once(table: pd.DataFrame, columns: list[str]) -> None:
    if table.duplicated(columns).any():
        raise ValueError(f"a {' and a '.join(columns)} occurs twice: draw one run")


def points(
    axes: Axes, places, rows: pd.DataFrame, colour: str, flat=False,
    value: str = "accuracy", **style,
) -> None:  # fmt: skip
    """Values with their intervals, which are horizontal if `flat`; dots: trainings."""
    values = rows[value]
    widths = [(values - rows["ci_low"]).clip(0), (rows["ci_high"] - values).clip(0)]
    place = (values, places, None, widths) if flat else (places, values, widths)
    style = {"fmt": "o", "color": colour, "capsize": 3, "elinewidth": 1.6} | style
    axes.errorbar(*place, clip_on=False, **style)
    for at, each in zip(places, rows.get("by_seed", ()), strict=False):
        dots = [float(share) / 100 for share in str(each).split()]
        if len(dots) > 1:
            where = (dots, [at] * len(dots)) if flat else ([at] * len(dots), dots)
            axes.scatter(*where, 14, "0.15", alpha=0.5, lw=0, zorder=3, clip_on=False)


def legend(axes: Axes) -> None:
    """Draw the legend above the axes, where it hides nothing."""
    count = len(axes.get_legend_handles_labels()[1])
    columns = count if count <= 3 else (count + 1) // 2
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    axes.legend(ncols=columns, frameon=False, fontsize=9, **place)
