"""Shares of a whole, as stacked bars, and the training loss."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from socratic_utils.students.supervision import label_of

from ..formats import percent
from .style import (
    MARKERS,
    MEANINGS,
    STYLE,
    check_once,
    colours_of,
    legend,
    new_axes,
    of_split,
)


def filter_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Kept and dropped chains per prompt style: columns style, reason, attempts."""
    counts = table.pivot_table("attempts", "style", "reason", "sum", sort=False)
    counts = counts.rename(label_of)
    return _stacked(counts, "attempts", "Share of attempts", scale)


def error_figure(table: pd.DataFrame, scale: str = "", split: str = "") -> Figure:
    """First errors as shares of the wrong answers, from `tables/errors.csv`."""
    split, rows = of_split(table, split)
    check_once(rows, ["student", "error"])
    counts = rows.pivot_table("count", "student", "error", "sum", sort=False)
    counts = counts[counts.sum(axis=1) > 0].rename(label_of)
    return _stacked(counts, "wrong", f"Share of wrong answers, {split}", scale)


@STYLE
def loss_figure(logs: dict[str, Sequence[dict]], scale: str = "") -> Figure:
    """Training loss; `logs` maps a student to lines {"step": int, "loss": float}."""
    colours, axes = colours_of(logs), new_axes(7.2, 3.6, scale)
    for marker, (name, log) in zip(MARKERS * len(logs), logs.items(), strict=False):
        points = pd.DataFrame(log, columns=["step", "loss"]).dropna()
        style = {"marker": marker, "markersize": 4, "color": colours[name]}
        axes.plot("step", "loss", data=points, label=label_of(name), **style)
    axes.set(xlabel="Optimizer step", ylabel="Training loss (nats per token)")
    axes.set_ylim(bottom=0)
    legend(axes)
    return axes.figure


@STYLE
def _stacked(counts: pd.DataFrame, unit: str, title: str, scale: str) -> Figure:
    """Horizontal bars of shares; those of 5 % and more are written into them."""
    sums = counts.sum(axis=1)
    shares = counts.fillna(0).div(sums, axis=0)
    shares.index = [f"{name}\n({int(n)} {unit})" for name, n in sums.items()]
    kinds = sorted(shares.columns[shares.any()], key=[*MEANINGS, *shares].index)
    axes, left = new_axes(7.2, 1.6 + 0.55 * len(shares), scale, shares="x"), 0.0
    for kind, values in shares[kinds].items():
        colour, hatch = MEANINGS.get(kind, ("0.85", "oo"))
        style = {"color": colour, "hatch": hatch, "edgecolor": "white"}
        bars = axes.barh(shares.index, values, 0.66, left, label=kind, **style)
        texts = [percent(v, 0) if v >= 0.05 else "" for v in values]
        for text in axes.bar_label(bars, texts, label_type="center", fontsize=9):
            if text.get_text():
                text.set_bbox({"fc": "white", "ec": "none", "pad": 1})
        left += values
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel=title)
    legend(axes)
    return axes.figure
