"""Figures, drawn from the tables of `results`, never from a model.

    figure = accuracy_figure(pd.read_csv("tables/main.csv"), scale="small")
    save_figure(figure, "figures", "accuracy", "Accuracy of every student.")

Whiskers are 95 % intervals, dots trainings, and n stands beside every score.  SCoTD's
Figures 2 and 7 are `chains_figure` and `filters_figure`; its Figure 3 and Figure 4 of
both papers are `accuracy_by`.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from socratic_utils.files import read_json, write_atomic
from socratic_utils.metrics.errors import ERRORS
from socratic_utils.students.supervision import colour_of, label_of

PALETTE = sns.color_palette("colorblind", 10).as_hex()
KINDS = dict(zip(ERRORS, [PALETTE[i] for i in (0, 1, 2, 4, 9, 7)], strict=True))
REASONS = {
    "kept": PALETTE[2], "wrong reasoning": PALETTE[1], "wrong arithmetic": PALETTE[3],
    "no steps": PALETTE[9], "no final answer": PALETTE[7],
}  # fmt: skip
# Column of a table -> title; "group" is called as its column `grouping`.
AXES = read_json(Path(__file__).with_name("texts.json"))["axes"]
MARKERS = "osD^vPX*<>"
WATERMARK = "smoke: numbers mean nothing"
FILTER = "filter_"  # prefix of the students of a filter
STYLE = sns.axes_style("whitegrid")  # a decorator
NO_DATES = dict.fromkeys(("Software", "CreationDate", "Producer", "Creator"))


@STYLE
def accuracy_figure(main: pd.DataFrame, scale: str = "", split: str = "") -> Figure:
    """A point with its interval per student of `split` (`main_table`, `over_seeds`)."""
    split, rows = _of_split(main, split)
    runs = [c for c in ("dataset", "model", "seed") if len({*rows.get(c, ())}) > 1]
    if rows.duplicated(["student", *runs]).any():
        runs.append("teacher")
    colours, names = _colours(rows["student"]), []
    if len(set(colours.values())) < len(colours):  # too many for one each
        colours = dict.fromkeys(colours, PALETTE[3])
    ends = rows.filter(["ci_high", "max"]).max(axis=1).tolist()
    axes = _axes(5.4, 1.3 + 0.46 * len(rows), scale, shares="x")
    for place, row in enumerate(rows.to_dict("records")):
        _points(axes, place, rows.iloc[[place]], colours[row["student"]], flat=True)
        style = {"va": "center", "bbox": {"fc": "white", "ec": "none", "pad": 1}}
        axes.annotate(f"{row['accuracy']:.1%}", (ends[place], place), (6, 0),
                      textcoords="offset points", **style)  # fmt: skip
        words = [label_of(row["student"]), *(f"{c} {row[c]}" for c in runs)]
        trained = f", {row['seeds']} seeds" if row.get("seeds", 1) > 1 else ""
        names.append(f"{', '.join(words)}\n(n = {row['n']}{trained})")
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, min(1.12, max(0.1, max(ends) * 1.15)))
    dots = ", dots: trainings" if "seeds" in rows and rows["seeds"].max() > 1 else ""
    axes.set_xlabel(f"Accuracy, {split} split\n(whiskers: 95 % interval{dots})")
    return axes.figure


@STYLE
def accuracy_by(table: pd.DataFrame, column: str, scale="", split="") -> Figure:
    """Accuracy by the values of one of AXES, the students next to each other.

    ValueError if a student has several scores for one value, or another n than others.
    """
    title = AXES.get(column) or str(table["grouping"].iloc[0]).capitalize()
    if "split" in table:
        split, table = _of_split(table, split)
        title = f"{title}, {split}"
    _check_once(table, ["student", column])
    if (table.groupby(column)["n"].nunique() > 1).any():
        raise ValueError(f"scores of one {column} differ in n: not the same problems")
    values = list(table[column].unique())
    if not isinstance(values[0], str):
        values.sort()
    colours, sizes = _colours(table["student"]), table.groupby(column)["n"].max()
    axes = _axes(max(5.4, 1.1 * len(values) + 1.4), 3.9, scale, shares="y")
    for number, (student, colour) in enumerate(colours.items()):
        shift = 0.7 * ((number + 0.5) / len(colours) - 0.5)
        own = table[table["student"] == student]
        places = [values.index(value) + shift for value in own[column]]
        style = {"fmt": MARKERS[number % len(MARKERS)], "label": label_of(student)}
        _points(axes, places, own, colour, markersize=5, **style)
    names = [f"{v:.0%}" if column == "share" else str(v) for v in values]
    names = [name.rpartition("/")[2].replace("_", " ") for name in names]
    ticks = [f"{a}\n(n = {sizes[v]})" for a, v in zip(names, values, strict=True)]
    axes.set_xticks(range(len(values)), ticks)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_xlabel(title)
    _accuracy_axis(axes, table)
    for edge in range(1, len(values)):
        axes.axvline(edge - 0.5, color="0.85", linewidth=0.8)
    _legend(axes)
    return axes.figure


def filter_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """Kept and dropped chains per prompt style: columns style, reason, attempts."""
    counts = table.pivot_table("attempts", "style", "reason", "sum", sort=False)
    return _stacked(counts, "attempts", REASONS, "Share of attempts", scale)


def error_figure(table: pd.DataFrame, scale: str = "", split: str = "") -> Figure:
    """First errors as shares of the wrong answers, from `tables/errors.csv`."""
    split, rows = _of_split(table, split)
    _check_once(rows, ["student", "error"])
    counts = rows.pivot_table("count", "student", "error", "sum", sort=False)
    counts = counts[counts.sum(axis=1) > 0].rename(label_of)
    return _stacked(counts, "wrong", KINDS, f"Share of wrong answers, {split}", scale)


@STYLE
def loss_figure(logs: dict[str, Sequence[dict]], scale: str = "") -> Figure:
    """Training loss; `logs` maps a student to lines {"step": int, "loss": float}."""
    colours, axes = _colours(logs), _axes(7.2, 3.6, scale)
    for marker, (name, log) in zip(MARKERS * len(logs), logs.items(), strict=False):
        points = pd.DataFrame(log, columns=["step", "loss"]).dropna()
        style = {"marker": marker, "markersize": 4, "color": colours[name]}
        axes.plot("step", "loss", data=points, label=label_of(name), **style)
    axes.set(xlabel="Optimizer step", ylabel="Training loss (nats per token)")
    axes.set_ylim(bottom=0)
    _legend(axes)
    return axes.figure


def chains_figure(table: pd.DataFrame, scale="", label_only=None) -> Figure:
    """Accuracy by chains per problem; a line for the score `label_only`, if given."""
    figure = accuracy_by(table, "chains", scale)
    if label_only:
        if {label_only["n"]} != set(table["n"]):
            raise ValueError("the student of labels has another n than the others")
        axes, grey = figure.axes[0], PALETTE[7]
        name = f"{label_of(label_only['student'])} (n = {label_only['n']})"
        low, high = label_only["ci_low"], label_only["ci_high"]
        axes.axhline(label_only["accuracy"], color=grey, linestyle="--", label=name)
        axes.axhspan(low, high, color=grey, alpha=0.15, linewidth=0)
        axes.set_ylim(0, min(1, max(axes.get_ylim()[1], 1.05 * high)))
        _legend(axes)
    return figure


@STYLE
def filters_figure(table: pd.DataFrame, scale: str = "") -> Figure:
    """A bar with its Wilson interval per filter; the reference student is grey."""
    colours = [PALETTE[0 if s.startswith(FILTER) else 7] for s in table["student"]]
    names = [label_of(student.removeprefix(FILTER)) for student in table["student"]]
    ticks = [f"{a}\n(n = {n})" for a, n in zip(names, table["n"], strict=True)]
    axes = _axes(max(4.8, 1.4 * len(table) + 1.2), 3.6, scale, shares="y")
    axes.bar(range(len(table)), table["accuracy"], 0.62, color=colours, alpha=0.8)
    _points(axes, range(len(table)), table, "0.15", fmt="none")
    axes.set_xticks(range(len(table)), ticks)
    _accuracy_axis(axes, table)
    return axes.figure


@STYLE
def power_figure(table: pd.DataFrame) -> Figure:
    """Published differences (`papers.power`) in a panel per benchmark: 95 % intervals,
    thick if students are paired as assumed there, thin if they are not."""
    claims, models, data = (
        list(dict.fromkeys(table[name])) for name in ("claim", "model", "dataset")
    )
    figure, panels = plt.subplots(
        1, len(data), figsize=(3.4 * len(data) + 2, 0.5 * len(claims) + 1.4),
        sharey=True, layout="constrained",
    )  # fmt: skip
    plt.close(figure)
    colours, step = _colours(table["arm"]), 0.75 / len(models)
    for axes, name in zip(panels, data, strict=True):
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


def _axes(width: float, height: float, scale: str, shares: str = "") -> Axes:
    """Axes of a new figure; `shares` is the one in percent, which alone has a grid."""
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    plt.close(figure)  # so that notebooks show it only once
    sns.despine(ax=axes)
    if shares:
        formatter = PercentFormatter(1, 0 if shares == "x" else None)
        getattr(axes, f"{shares}axis").set_major_formatter(formatter)
        axes.grid(axis="y" if shares == "x" else "x", visible=False)
    if scale == "smoke":
        style = {"color": "0.35", "alpha": 0.35, "rotation": 12, "size": 22}
        figure.text(0.5, 0.5, WATERMARK, ha="center", va="center", **style)
    return axes


def _colours(students: Iterable[str]) -> dict[str, str]:
    names = list(dict.fromkeys(students))
    return {name: colour_of(name, names) for name in names}


def _of_split(table: pd.DataFrame, split: str) -> tuple[str, pd.DataFrame]:
    """A split and its rows; by default the first, which is test if there."""
    split = split or next(iter(table["split"]), "test")
    rows = table[table["split"] == split]
    if rows.empty:
        raise ValueError(f"no rows of split {split!r} to draw")
    return split, rows


def _check_once(table: pd.DataFrame, columns: list[str]) -> None:
    if table.duplicated(columns).any():
        raise ValueError(f"a {' and a '.join(columns)} occurs twice: draw one run")


def _points(axes: Axes, places, rows: pd.DataFrame, colour: str, flat=False, **style):
    """Accuracies with their intervals, which are horizontal if `flat`."""
    values = rows["accuracy"]
    widths = [(values - rows["ci_low"]).clip(0), (rows["ci_high"] - values).clip(0)]
    place = (values, places, None, widths) if flat else (places, values, widths)
    style = {"fmt": "o", "color": colour, "capsize": 3, "elinewidth": 1.6} | style
    axes.errorbar(*place, clip_on=False, **style)
    places = [places] if flat else places
    for at, each in zip(places, rows.get("by_seed", ()), strict=False):
        dots = [float(share) / 100 for share in str(each).split()]
        if len(dots) > 1:
            where = (dots, [at] * len(dots)) if flat else ([at] * len(dots), dots)
            axes.scatter(*where, 14, "0.15", alpha=0.5, lw=0, zorder=3, clip_on=False)


def _accuracy_axis(axes: Axes, rows: pd.DataFrame) -> None:
    """A vertical axis of accuracies that has room for every interval."""
    top = rows.filter(["ci_high", "max"]).max(axis=None)
    axes.set_ylim(0, min(1, max(0.1, top * 1.05)))
    axes.set_ylabel("Accuracy (95 % interval)")


@STYLE
def _stacked(counts, unit: str, colours: dict, title: str, scale: str) -> Figure:
    """Horizontal bars of shares; shares of 5 % and more are written into them."""
    sums = counts.sum(axis=1)
    shares = counts.fillna(0).div(sums, axis=0)
    shares.index = [f"{name}\n({int(n)} {unit})" for name, n in sums.items()]
    kinds = sorted(shares.columns[shares.any()], key=[*colours, *shares].index)
    axes, left = _axes(7.2, 1.6 + 0.55 * len(shares), scale, shares="x"), 0.0
    for kind, values in shares[kinds].items():
        colour = colours.get(kind, "0.6")
        bars = axes.barh(shares.index, values, 0.66, left, color=colour, label=kind)
        texts = [f"{v:.0%}" if v >= 0.05 else "" for v in values]
        ink = "white" if colour in (PALETTE[0], PALETTE[3]) else "black"
        axes.bar_label(bars, texts, label_type="center", color=ink, fontsize=9)
        left += values
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel=title)
    _legend(axes)
    return axes.figure


def _legend(axes: Axes) -> None:
    """Draw the legend above the axes, where it hides nothing."""
    count = len(axes.get_legend_handles_labels()[1])
    columns = count if count <= 3 else (count + 1) // 2
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    axes.legend(ncols=columns, frameon=False, fontsize=9, **place)
