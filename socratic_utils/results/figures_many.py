"""P2's figures: accuracy against chains and votes, and the bars of its filters.

    figure = chains_figure(many_chains.by_chains(rows), "small", label_only)

Drawn as in `plots`, from saved rows only.  The numbers of P2's Figs 2 (supervised) and
7 are not in its text (PAPERS.md 2.3), so nothing of the paper's is drawn.  Fig 3 is
`plots.shares_figure`, Fig 4 `plots.sizes_figure`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .figures import PALETTE, framed, label, legend, offsets, point

FILTER = "filter_"  # what the students of filters are called


def chains_figure(
    table: pd.DataFrame, scale: str = "", label_only: dict[str, Any] | None = None
) -> Figure:
    """Accuracy against chains a problem, one mark for each way of decoding (Fig 2).

    `label_only` is the score of a student of answers on the same problems: a line, with
    its interval as a band.
    """
    title = "Chains sampled a problem; the right ones are learnt"
    figure = offsets(table, "chains", title, scale)
    if label_only:
        axes, grey = figure.axes[0], PALETTE[7]
        name = f"{label(label_only['student'])} (n = {label_only['n']})"
        low, high = label_only["ci_low"], label_only["ci_high"]
        axes.axhline(label_only["accuracy"], color=grey, linestyle="--", label=name)
        axes.axhspan(low, high, color=grey, alpha=0.15, linewidth=0)
        axes.set_ylim(0, min(1, max(axes.get_ylim()[1], 1.05 * high)))
        legend(axes)
    return figure


def votes_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Accuracy against votes a problem (Table 3): `many_chains.score_votes`."""
    return offsets(table, "votes", "Solutions that vote on a problem", scale)


def filters_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """A bar and Wilson interval for each filter, in colour, and for whom they are
    compared with, in grey (Fig 7): `results.main_table`."""
    rows = table.to_dict("records")
    with framed(max(4.8, 1.4 * len(rows) + 1.2), 3.6, scale) as (figure, axes):
        for place, row in enumerate(rows):
            filtered = row["student"].startswith(FILTER)
            colour = PALETTE[0] if filtered else PALETTE[7]
            axes.bar(place, row["accuracy"], 0.62, color=colour, alpha=0.8)
            point(axes, place, row, "0.15", fmt="none")
        names = [label(row["student"].removeprefix(FILTER)) for row in rows]
        sizes = [f"(n = {row['n']})" for row in rows]
        ticks = [f"{a}\n{b}" for a, b in zip(names, sizes, strict=True)]
        axes.set_xticks(range(len(rows)), ticks)
        axes.set_ylim(0, min(1, max(0.1, table["ci_high"].max() * 1.05)))
        axes.set_ylabel("Accuracy (95 % interval)")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(axis="x", visible=False)
    return figure
