"""Accuracies: of every student, by a column of a table, by chains, of filters."""

import pandas as pd
from matplotlib.figure import Figure

from socratic_utils.students.supervision import OTHER_COLOURS, colour_of, label_of

from ..formats import TEXTS, percent
from . import style
from .style import MARKERS, STYLE, colours_of, finish, new_axes, of_split, points


@STYLE
def accuracy_figure(main: pd.DataFrame, scale: str = "") -> Figure:
    """A point with its interval per student of the first split of a table."""
    split, rows = of_split(main)
    runs = [c for c in ("dataset", "model", "seed") if len({*rows.get(c, ())}) > 1]
    if rows.duplicated(["student", *runs]).any():
        runs.append("teacher")
    colours, names = colours_of(rows["student"]), []
    if len(set(colours.values())) < len(colours):  # too many for one each
        colours = dict.fromkeys(colours, OTHER_COLOURS[0])
    ends = rows.filter(["ci_high", "max"]).max(axis=1).tolist()
    axes = new_axes(5.4, 1.3 + 0.46 * len(rows), scale, shares="x")
    for place, row in enumerate(rows.to_dict("records")):
        points(axes, [place], rows.iloc[[place]], colours[row["student"]], flat=True)
        look = {"va": "center", "bbox": {"fc": "white", "ec": "none", "pad": 1}}
        axes.annotate(percent(row["accuracy"]), (ends[place], place), (6, 0),
                      textcoords="offset points", **look)  # fmt: skip
        words = [label_of(row["student"]), *(f"{c} {row[c]}" for c in runs)]
        trained = f", {row['seeds']} seeds" if row.get("seeds", 1) > 1 else ""
        names.append(f"{', '.join(words)}\n(n = {row['n']}{trained})")
    label = f"Accuracy, {split} split\n({style.whiskers(rows)})"
    axes.set_yticks(range(len(rows)), names)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=label,
             xlim=(0, min(1.12, max(0.1, max(ends) * 1.15))))  # fmt: skip
    return axes.figure


@STYLE
def accuracy_by(table: pd.DataFrame, column: str, scale="") -> Figure:
    """Accuracy by the values of a column, the students next to each other.  ValueError
    if a student has several scores for one value, or another n than others."""
    title = TEXTS["axes"][column]
    if column != "split":
        split, table = of_split(table, ["student", column])
        title = f"{title}, {split}" if split else title
    if (table.groupby(column)["n"].nunique() > 1).any():
        raise ValueError(f"scores of one {column} differ in n: not the same problems")
    values = list(table[column].unique())
    if not isinstance(values[0], str):
        values.sort()
    colours, sizes = colours_of(table["student"]), table.groupby(column)["n"].max()
    axes = new_axes(max(5.4, 1.1 * len(values) + 1.4), 3.9, scale, shares="y")
    for number, (student, colour) in enumerate(colours.items()):
        shift = 0.7 * ((number + 0.5) / len(colours) - 0.5)
        own = table[table["student"] == student]
        places = [values.index(value) + shift for value in own[column]]
        look = {"fmt": MARKERS[number % len(MARKERS)], "label": label_of(student)}
        points(axes, places, own, colour, markersize=5, **look)
    names = (percent(v, None) if column == "share" else str(v) for v in values)
    names = (name.rpartition("/")[2].replace("_", " ") for name in names)
    ticks = [f"{a}\n(n = {sizes[v]})" for a, v in zip(names, values, strict=True)]
    axes.set_xticks(range(len(values)), ticks)
    top = min(1, max(0.1, table.filter(["ci_high", "max"]).max(axis=None) * 1.05))
    axes.set(xlim=(-0.5, len(values) - 0.5), xlabel=title, ylim=(0, top),
             ylabel=f"Accuracy\n({style.whiskers(table)})")  # fmt: skip
    for edge in range(1, len(values)):
        axes.axvline(edge - 0.5, color="0.85", linewidth=0.8)
    return finish(axes)


def chains_figure(table: pd.DataFrame, scale="", label_only=None) -> Figure:
    """Accuracy by chains per problem; a line for the score `label_only`, if given."""
    figure = accuracy_by(table, "chains", scale)
    if label_only:
        if {label_only["n"]} != set(table["n"]):
            raise ValueError("the student of labels has another n than the others")
        axes, look = figure.axes[0], {"color": colour_of(label_only["student"])}
        name = f"{label_of(label_only['student'])} (n = {label_only['n']})"
        low, high = label_only["ci_low"], label_only["ci_high"]
        axes.axhline(label_only["accuracy"], linestyle="--", label=name, **look)
        axes.axhspan(low, high, alpha=0.15, linewidth=0, **look)
        axes.set_ylim(0, min(1, max(axes.get_ylim()[1], 1.05 * high)))
        finish(axes)
    return figure
