"""What all figures share: colours and their meaning, axes, legends, files.

A student has the colour of the registry; what a chain is worth has one of MEANINGS,
with a hatch, so that no meaning hangs on colour alone.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from socratic_utils.files import write_atomic
from socratic_utils.students.supervision import colour_of, label_of

from ..formats import TEXTS, percent

# Reason of a filter or first error -> colour and hatch; none is a student's.
MEANINGS = TEXTS["meanings"]
MARKERS = "osD^vPX*<>"
WIDTH = 8.4  # inches: with its margin 860 pixels, the width of a notebook
WATERMARK = "smoke: numbers mean nothing"
STYLE = sns.axes_style("whitegrid")  # a decorator
NO_DATES = dict.fromkeys(("Software", "CreationDate", "Producer", "Creator"))


def save_figure(figure: Figure, folder: str | Path, name: str, caption="") -> Path:
    """Write `<name>.png`, `.pdf` and `.caption`, undated; returns the PNG's path."""
    base = Path(folder) / name
    with plt.rc_context({"pdf.fonttype": 42}):  # text stays text
        for dpi in (130, 100, 75):
            figure.savefig(png := io.BytesIO(), dpi=dpi, metadata=NO_DATES)
            figure.set_layout_engine("none")  # once is enough: a third of the time
            if png.tell() < 150_000:  # bytes
                break
        figure.savefig(pdf := io.BytesIO(), format="pdf", dpi=dpi, metadata=NO_DATES)
    write_atomic(base.with_suffix(".pdf"), pdf.getvalue())
    write_atomic(base.with_suffix(".caption"), (caption or name) + "\n")
    return write_atomic(base.with_suffix(".png"), png.getvalue())


def new_axes(width: float, height: float, scale: str, shares: str = "") -> Axes:
    """Axes of a new figure; `shares` is the one in percent, which alone has a grid."""
    size = min(width, WIDTH), height
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    plt.close(figure)  # so that notebooks show it only once
    sns.despine(ax=axes)
    if shares:
        axis = getattr(axes, f"{shares}axis")
        axis.set_major_formatter(lambda share, _: percent(share, None))
        axes.grid(axis="y" if shares == "x" else "x", visible=False)
    if scale == "smoke":
        style = {"color": "0.35", "alpha": 0.35, "rotation": 12, "size": 22}
        figure.text(0.5, 0.5, WATERMARK, ha="center", va="center", **style)
    return axes


def colours_of(students: Iterable[str]) -> dict[str, str]:
    names = list(dict.fromkeys(students))
    return {name: colour_of(name, names) for name in names}


def of_split(table: pd.DataFrame, once: Sequence[str] = ()) -> tuple:
    """The first split, "" where the table has none, and its rows; ValueError if there
    are none, or if the columns `once` hold something twice."""
    split = ""
    if "split" in table:
        if table.empty:
            raise ValueError("no rows to draw")
        split = table["split"].iloc[0]
        table = table[table["split"] == split]
    if once and table.duplicated(once).any():
        raise ValueError(f"a {' and a '.join(once)} occurs twice: draw one run")
    return split, table


def points(axes, places, rows, colour: str, flat=False, value="accuracy", **style):
    """Values with their intervals, which are horizontal if `flat`, and trainings as
    dots beside them."""
    values = rows[value]
    widths = [(values - rows["ci_low"]).clip(0), (rows["ci_high"] - values).clip(0)]
    place = (values, places, None, widths) if flat else (places, values, widths)
    style = {"fmt": "o", "color": colour, "capsize": 3, "elinewidth": 1.6} | style
    axes.errorbar(*place, clip_on=False, **style)
    beside = (0, -6 / 72) if flat else (5 / 72, 0)  # in inches, down or to the right
    moved = offset_copy(axes.transData, axes.figure, *beside)
    for at, each in zip(places, rows.get("by_seed", ()), strict=False):
        dots = [float(share) / 100 for share in str(each).split()]
        if len(dots) > 1:
            where = (dots, [at] * len(dots))[:: 1 if flat else -1]
            dot = {"alpha": 0.5, "lw": 0, "clip_on": False, "transform": moved}
            axes.scatter(*where, 14, "0.15", **dot)


def whiskers(table: pd.DataFrame) -> str:
    """What whiskers and, where an arm has several seeds, dots are, for the axis."""
    least, *more = sorted({*table.get("seeds", pd.Series([1])).fillna(1).astype(int)})
    dots = f", dots: {'' if more else f'{least} '}trainings" * bool(more or least > 1)
    return f"whiskers: 95 % interval{dots}"


def finish(axes: Axes) -> Figure:
    """The figure of axes, with a legend above them, where it hides nothing."""
    count = len(axes.get_legend_handles_labels()[1])
    columns = count if count <= 3 else (count + 1) // 2
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    axes.legend(ncols=columns, frameon=False, fontsize=9, **place)
    return axes.figure


@STYLE
def loss_figure(logs: dict[str, Sequence[dict]], scale: str = "") -> Figure:
    """Training loss; `logs` maps a student to lines {"step": int, "loss": float}."""
    colours, axes = colours_of(logs), new_axes(7.2, 3.6, scale)
    for marker, (name, log) in zip(MARKERS * len(logs), logs.items(), strict=False):
        steps = pd.DataFrame(log, columns=["step", "loss"]).dropna()
        style = {"marker": marker, "markersize": 4, "color": colours[name]}
        axes.plot("step", "loss", data=steps, label=label_of(name), **style)
    axes.set(xlabel="Optimizer step", ylabel="Training loss (nats per token)")
    axes.set_ylim(bottom=0)
    return finish(axes)
