"""Differences with a line at zero: ablations from their defaults, published values."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from socratic_utils.students.supervision import label_of

from .style import MARKERS, STYLE, WIDTH, colours_of, legend, new_axes, points


@STYLE
def differences_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Arms minus their defaults (`tables.differences`), by group; a colour and a marker
    per default."""
    colours, places, ticks, at = colours_of(table["default"]), [], {}, 0
    for group, rows in table.groupby("group", sort=False):
        ticks[at] = group.upper()
        for name in rows["arm"]:
            at += 1
            places.append(at)
            ticks[at] = label_of(name)
        at += 1
    axes = new_axes(WIDTH, 1.6 + 0.3 * at, scale)
    axes.axvline(0, color="0.2", linewidth=1)
    for number, (default, colour) in enumerate(colours.items()):
        own = (table["default"] == default).tolist()
        at_own = [place for place, is_own in zip(places, own, strict=True) if is_own]
        style = {"fmt": MARKERS[number], "label": f"minus {label_of(default)}"}
        points(axes, at_own, table[own], colour, True, "difference", **style)
    axes.set_yticks([*ticks], ticks.values())
    for place, label in zip(ticks, axes.get_yticklabels(), strict=True):
        label.set_weight("normal" if place in places else "bold")
    axes.set_ylim(at - 0.5, -0.7)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * x:+.4g}" if x else "0")
    )
    sizes, seeds = ({*table[name]} for name in ("n", "seeds"))
    most = f"{min(sizes)} problems" if len(sizes) == 1 else "their shared problems"
    trained = (
        f", {max(seeds)} seeds; dots: trainings" if max(seeds) > 1 else ", one seed"
    )
    axes.set_xlabel(f"Difference in points (95 % interval) on {most}{trained}")
    legend(axes)
    return axes.figure


@STYLE
def power_figure(table: pd.DataFrame) -> Figure:
    """Published differences (`papers.power`) in a panel per benchmark: 95 % intervals,
    thick if students are paired as assumed there, thin if they are not."""
    claims, models, data = (
        list(dict.fromkeys(table[name])) for name in ("claim", "model", "dataset")
    )
    figure, panels = plt.subplots(
        1, len(data), figsize=(WIDTH, 0.5 * len(claims) + 1.4), sharey=True,
        layout="constrained", squeeze=False,
    )  # fmt: skip
    plt.close(figure)
    colours, step = colours_of(table["arm"]), 0.75 / len(models)
    for axes, name in zip(panels[0], data, strict=True):
        rows = table[table["dataset"] == name]
        for row in rows.to_dict("records"):
            order = models.index(row["model"])
            place = claims.index(row["claim"]) + step * (order - len(models) / 2 + 0.5)
            style = {"color": colours[row["arm"]]}
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
    figure.legend(handles=handles, loc="outside lower center", ncols=len(models))
    return figure
