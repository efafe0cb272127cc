"""Shares of a whole as stacked bars; differences with a line at zero."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from socratic_utils.students.supervision import colour_of, label_of

from ..formats import percent
from .style import MARKERS, MEANINGS, STYLE, WIDTH, finish, new_axes, of_split, points


def filter_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Kept and dropped chains per prompt style: columns style, reason, attempts."""
    counts = table.pivot_table("attempts", "style", "reason", "sum", sort=False)
    return _stacked(counts.rename(label_of), "attempts", "Share of attempts", scale)


def error_figure(table: pd.DataFrame, scale: str = "") -> Figure | None:
    """First errors as shares of wrong answers (`tables/errors.csv`); None without."""
    if not table["count"].sum():
        return None
    split, rows = of_split(table, ["student", "error"])
    counts = rows.pivot_table("count", "student", "error", "sum", sort=False)
    counts = counts[counts.sum(axis=1) > 0].rename(label_of)
    return _stacked(counts, "wrong", f"Share of wrong answers, {split}", scale)


@STYLE
def differences_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Arms minus defaults (`tables.differences`), by group; a colour per default."""
    first = table["group"] != table["group"].shift()  # which has a line for its head
    table = table.assign(place=first.cumsum() + [*range(len(table))])
    heads, last = table[first], table["place"].max()
    ticks = [*(heads["place"] - 1), *table["place"]]
    names = [*heads["group"].str.upper(), *map(label_of, table["arm"])]
    axes = new_axes(WIDTH, 1.9 + 0.3 * last, scale)
    axes.axvline(0, color="0.2", linewidth=1)
    defaults = list(dict.fromkeys(table["default"]))
    for marker, name in zip(MARKERS, defaults, strict=False):
        own, colour = table[table["default"] == name], colour_of(name, defaults)
        style = {"fmt": marker, "label": f"minus {label_of(name)}"}
        points(axes, own["place"], own, colour, True, "difference", **style)
    axes.set_yticks(ticks, names)
    for label in axes.get_yticklabels()[: len(heads)]:
        label.set_weight("bold")
    axes.set_ylim(last + 0.5, -0.7)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:+.4g}" if x else "0")
    sizes, (least, seeds) = {*table["n"]}, table["seeds"].agg(["min", "max"])
    most = f"{min(sizes)} problems" if len(sizes) == 1 else "their shared problems"
    count = seeds if least == seeds else f"{least} to {seeds}"
    trained = f"{count} seeds; dots: trainings" if seeds > 1 else "one seed"
    axes.set_xlabel(f"Difference in points (95 % interval) on {most}, {trained}")
    return finish(axes)


@STYLE
def power_figure(table: pd.DataFrame) -> Figure:
    """Published differences (`papers.power`) in a panel per benchmark: 95 % intervals,
    thick if students are paired as assumed there, thin if they are not."""
    names = ("claim", "model", "dataset", "arm")
    claims, models, data, arms = ([*table[name].unique()] for name in names)
    figure, panels = plt.subplots(
        1, len(data), figsize=(WIDTH, 0.5 * len(claims) + 1.4), sharey=True,
        layout="constrained", squeeze=False)  # fmt: skip
    plt.close(figure)
    step, students = 0.75 / len(models), table.groupby("claim")["model"].unique()
    for axes, name in zip(panels[0], data, strict=True):
        rows = table[table["dataset"] == name]
        for row in rows.to_dict("records"):
            order, own = models.index(row["model"]), [*students[row["claim"]]]
            shift = own.index(row["model"]) - (len(own) - 1) / 2
            place = claims.index(row["claim"]) + step * shift
            style = {"color": colour_of(row["arm"], arms)}
            for end, width in (("", 1), ("_paired", 3)):
                ends = [100 * row[f"ci_{side}{end}"] for side in ("low", "high")]
                axes.plot(ends, [place, place], linewidth=width, **style)
            axes.plot(100 * row["difference"], place, MARKERS[order], ms=5, mec="black",
                      label=row["model"], **style)  # fmt: skip
        axes.axvline(0, color="0.2", linewidth=1)
        axes.set(title=f"{name} (n = {row['n']:,})", xlabel="Difference (points)")
    axes.set_yticks(range(len(claims)), claims)
    axes.set_ylim(len(claims) - 0.5, -0.5)
    handles = [plt.Line2D([], [], marker=mark, color="0.4", ls="", label=model)
               for mark, model in zip(MARKERS, models, strict=False)]  # fmt: skip
    for width, label in ((1, "unpaired"), (3, "paired, as assumed")):
        handles.append(plt.Line2D([], [], color="0.4", linewidth=width, label=label))
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


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
    return finish(axes)
