"""Figures: what they draw, from saved rows."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from socratic_utils.filtering.right_answers import REASONS
from socratic_utils.metrics import errors
from socratic_utils.results import figures
from socratic_utils.results.figures import style
from socratic_utils.students.supervision import (
    OTHER_COLOURS,
    STUDENTS,
    colour_of,
    label_of,
)

mpl.use("Agg")
SCORES = {"n": 10, "correct": 5, "accuracy": 0.5, "ci_low": 0.2366, "ci_high": 0.7634}
NONE = {"n": 10, "correct": 0, "accuracy": 0.0, "ci_low": 0.0, "ci_high": 0.2775}
RUN = {
    "dataset": "gradeschool",
    "split": "test",
    "model": "m",
    "teacher": "t",
    "seed": 0,
}
NAMES = [*STUDENTS, "no_subquestions"]
MAIN = pd.DataFrame(
    [{**RUN, "student": s, **(NONE if s == "cot" else SCORES), "truncated": 0.0}
     for s in NAMES]
)  # fmt: skip
STEPS = pd.concat([MAIN.assign(steps_gold=k) for k in (12, 2)])
SPLITS = pd.concat([MAIN.assign(split=name) for name in ("test", "unseen")])
ERRORS = pd.DataFrame(
    [("test", s, kind, count) for s in ("cot", "answer_only")
     for kind, count in (("wrong arithmetic", 3), ("ran on", 1))]
    + [("test", "gt_steps", "ran on", 0)],
    columns=["split", "student", "error", "count"],
)  # fmt: skip
ATTEMPTS = pd.DataFrame(
    [("cot", "kept", 8), ("cot", "no steps", 2), ("socratic", "kept", 5)],
    columns=["style", "reason", "attempts"],
)
LOGS = {"cot": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}, {"step": 2}]}
FIFTEEN = {"n": 15, "correct": 3, "accuracy": 0.2, "ci_low": 0.07, "ci_high": 0.45}
CHAINS = pd.DataFrame(
    [{**FIFTEEN, "student": how, "chains": count}
     for count in (8, 1) for how in ("greedy", "4 votes")]
)  # fmt: skip
VOTES = pd.DataFrame(
    [{**FIFTEEN, "student": f"chains_{count:02d}", "votes": votes}
     for count in (1, 8) for votes in (1, 2, 30)]
)  # fmt: skip
LABEL = {"student": "answer_only", "n": 15, "accuracy": 0.6, "ci_low": 0.4,
         "ci_high": 0.8}  # fmt: skip
DIFFERENCES = pd.DataFrame(
    [("oracles", "cot, calculator", "cot", 0.05, -0.01, 0.11, "10.0 0.0"),
     ("oracles", "iterative, calculator", "socratic_iterative", 0.1, 0.02, 0.18, ""),
     ("guidance", "iterative, gold steps", "socratic_iterative", 0, 0, 0, "0.0 0.0")],
    columns=["group", "arm", "default", "difference", "ci_low", "ci_high", "by_seed"],
).assign(n=60, seeds=2)  # fmt: skip
DRAWN = {
    "accuracy": lambda scale: figures.accuracy_figure(MAIN, scale),
    "steps": lambda scale: figures.accuracy_by(STEPS, "steps_gold", scale),
    "splits": lambda scale: figures.accuracy_by(SPLITS, "split", scale),
    "errors": lambda scale: figures.error_figure(ERRORS, scale),
    "filter": lambda scale: figures.filter_figure(ATTEMPTS, scale),
    "loss": lambda scale: figures.loss_figure(LOGS, scale),
    "chains": lambda scale: figures.chains_figure(CHAINS, scale, LABEL),
    "votes": lambda scale: figures.accuracy_by(VOTES, "votes", scale),
    "differences": lambda scale: figures.differences_figure(DIFFERENCES, scale),
}


def words(figure):
    """Every text of a figure."""
    figure.draw_without_rendering()
    ticks = [t for axes in figure.axes for t in axes.get_yticklabels()]
    return " | ".join(t.get_text() for t in figure.findobj(mpl.text.Text) + ticks)


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_saved_whole_and_alike(name, tmp_path):
    assert figures.WATERMARK in words(DRAWN[name]("smoke"))
    assert figures.WATERMARK not in words(DRAWN[name]("small"))
    path = figures.save_figure(DRAWN[name]("smoke"), tmp_path, name, "A caption.")
    assert path == tmp_path / f"{name}.png"
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size < 150_000
    pdf = (tmp_path / f"{name}.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-" and b"CreationDate" not in pdf
    assert (tmp_path / f"{name}.caption").read_text() == "A caption.\n"
    figures.save_figure(DRAWN[name]("smoke"), tmp_path, "again")
    assert (tmp_path / "again.png").read_bytes() == path.read_bytes()
    assert (tmp_path / "again.pdf").read_bytes() == pdf
    assert not mpl.pyplot.get_fignums()  # nothing stays open


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_legible_at_the_width_of_a_page(name):
    """Not scaled down in a cell of 860 pixels, where no text is below 9 points."""
    figure = DRAWN[name]("small")
    text = words(figure)
    assert figure.get_figwidth() * figure.dpi <= 840 and text
    drawn = [t for t in figure.findobj(mpl.text.Text) if t.get_text().strip()]
    assert min(t.get_fontsize() for t in drawn) >= 9


def contrast_to_white(colour):
    """The ratio of WCAG 2: 3 for what is large."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in mpl.colors.to_rgb(colour)]  # fmt: skip
    return 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05)


def test_a_colour_has_one_meaning_and_is_seen_on_white():
    students = {s.colour for s in STUDENTS.values()} | {*OTHER_COLOURS}
    meanings = style.MEANINGS.values()
    assert not students & {colour for colour, _ in meanings}
    for kind in ("kept", *errors.ERRORS, *REASONS[1:-1]):
        assert kind in style.MEANINGS
    looks = {tuple(look) for look in meanings}
    assert len(looks) == len(style.MEANINGS) - 2  # reading is reasoning; no steps
    assert all(contrast_to_white(colour) > 2.4 for colour in students)
    assert contrast_to_white("#ece133") < 2  # yellow


def test_names_keep_their_capitals():
    assert label_of("gt_steps, calculator") == "Ground-truth steps, calculator"
    assert label_of("iterative, QG sees solutions") == "Iterative, QG sees solutions"
    assert label_of("qg") == "Question generator (QG)"


def test_no_colour_stands_for_two_settings():
    def colours(count):
        rows = [{**RUN, **SCORES, "student": f"setting {i}"} for i in range(count)]
        figure = figures.accuracy_figure(pd.DataFrame(rows))
        return {line.get_color() for line in figure.axes[0].lines}

    few = len(OTHER_COLOURS)
    assert len(colours(few)) == few and len(colours(few + 1)) == 1


def test_accuracy_figure_says_what_it_shows():
    text = words(figures.accuracy_figure(MAIN))
    for student in NAMES:
        assert f"{label_of(student)}\n(n = 10)" in text
    assert "50.0 %" in text and "0.0 %" in text and "95 % interval)" in text
    two = pd.concat([MAIN, MAIN.assign(seed=1)])
    assert "CoT, seed 1\n(n = 10)" in words(figures.accuracy_figure(two))
    with pytest.raises(ValueError, match="no rows to draw"):
        figures.accuracy_figure(MAIN[:0])


def test_a_dot_stands_for_each_training():
    """Of several seeds; a mean of one is its own dot."""
    means = {"seeds": 3, "sd": 0.1, "min": 0.4, "max": 0.9, "by_seed": "40.0 45.0 90.0"}
    one = {"seeds": 1, "min": 0.0, "max": 0.0, "by_seed": "0.0"}
    rows = [{**SCORES, **means, "student": "gt_steps"},
            {**NONE, **one, "student": "cot"}]  # fmt: skip
    table = pd.DataFrame(rows).assign(split="test", steps_gold=2)

    def dots(figure):
        found = [c.get_offsets() for c in figure.axes[0].collections
                 if isinstance(c, mpl.collections.PathCollection)]  # fmt: skip
        return [offsets.tolist() for offsets in found]

    flat = figures.accuracy_figure(table)
    assert dots(flat) == [[[0.4, 0], [0.45, 0], [0.9, 0]]]
    assert "Ground-truth steps\n(n = 10, 3 seeds)" in words(flat)
    assert "dots: trainings" in words(flat) and flat.axes[0].get_xlim()[1] > 0.9
    assert [text.xy[0] for text in flat.axes[0].texts] == [0.9, 0.2775]  # beside all
    [upright] = dots(figures.accuracy_by(table, "steps_gold"))
    assert [y for _, y in upright] == [0.4, 0.45, 0.9]
    assert len({x for x, _ in upright}) == 1
    assert len(dots(figures.differences_figure(DIFFERENCES))) == 2


def test_the_axis_says_how_many_trainings_the_dots_are():
    table = pd.DataFrame({"student": ["cot", "gt_steps"], "accuracy": 0.5})
    assert style.whiskers(table) == "whiskers: 95 % interval"
    assert style.whiskers(table.assign(seeds=1)) == "whiskers: 95 % interval"
    several = style.whiskers(table.assign(seeds=3))
    assert several == "whiskers: 95 % interval, dots: 3 trainings"
    mixed = style.whiskers(table.assign(seeds=[1, 3]))
    assert mixed == "whiskers: 95 % interval, dots: trainings"
    votes = table.assign(seeds=[1, float("nan")])  # which are of one seed
    assert style.whiskers(votes) == "whiskers: 95 % interval"


def test_colours_are_fixed():
    few, all_ = style.colours_of(["cot", "new"]), style.colours_of(NAMES)
    assert few["cot"] == all_["cot"] == colour_of("cot")
    assert len(set(all_.values())) == len(NAMES)


def test_steps_are_ordered_as_numbers():
    ticks = figures.accuracy_by(STEPS, "steps_gold").axes[0].get_xticklabels()
    assert [t.get_text().split("\n")[0] for t in ticks] == ["2", "12"]


def test_stacked_bars_sum_to_one():
    axes = figures.error_figure(ERRORS).axes[0]
    assert len(axes.get_yticklabels()) == 2  # gt_steps made no error
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(2)
    text = words(figures.filter_figure(ATTEMPTS))
    assert "80 %" in text and "(10 attempts)" in text and "100 %" in text
    hatches = {bar.get_hatch() for bar in axes.patches}
    assert len(hatches) == 2  # not by colour alone


# --- many chains, votes and filters ---------------------------------------------------


def ticks(figure):
    figure.draw_without_rendering()
    return [t.get_text().split("\n")[0] for t in figure.axes[0].get_xticklabels()]


def test_the_label_only_line_is_drawn_where_there_is_one():
    figure = figures.chains_figure(CHAINS, "", LABEL)
    text = words(figure)
    assert "Answer only (n = 15)" in text and "Greedy" in text and "4 votes" in text
    axes = figure.axes[0]
    [line] = [x for x in axes.lines if str(x.get_label()).startswith("Answer only")]
    assert list(line.get_ydata()) == [0.6, 0.6]
    assert axes.get_ylim()[1] >= 0.8  # its interval is within the axes
    [band] = [p for p in axes.patches if p.get_height() == pytest.approx(0.4)]
    assert band.get_y() == pytest.approx(0.4)
    without = figures.chains_figure(CHAINS)
    assert "Answer only" not in words(without) and not without.axes[0].patches
    assert ticks(figure) == ["1", "8"]


def test_votes_are_ordered_as_numbers():
    figure = figures.accuracy_by(VOTES, "votes")
    assert ticks(figure) == ["1", "2", "30"]
    assert "1 chain" in words(figure) and "8 chains" in words(figure)


def test_ticks_are_not_rounded():
    """2.5 and 7.5 % are not 2 and 8 %."""
    axes = figures.accuracy_by(VOTES, "votes").axes[0]
    formatter = axes.yaxis.get_major_formatter()
    assert [formatter(share) for share in (0.025, 0.075, 0.1)] == [
        "2.5 %", "7.5 %", "10 %"]  # fmt: skip


def test_ablations_are_differences_in_groups_with_a_line_at_zero():
    figure = figures.differences_figure(DIFFERENCES)
    text = words(figure)
    axes = figure.axes[0]
    labels = {t.get_text(): t.get_weight() for t in axes.get_yticklabels()}
    assert [name for name in labels if labels[name] == "bold"] == [
        "ORACLES", "GUIDANCE"]  # fmt: skip
    places = dict(zip(labels, axes.get_yticks(), strict=True))
    assert sorted(places, key=places.get) == [
        "ORACLES", "CoT, calculator", "Iterative, calculator", "GUIDANCE",
        "Iterative, gold steps"]  # fmt: skip
    assert any(list(line.get_xdata()) == [0, 0] for line in axes.lines)
    assert "minus CoT" in text and "minus Socratic iterative" in text
    assert "on 60 problems, 2 seeds; dots: trainings" in text
    markers = {line.get_marker() for line in axes.lines} - {"None", "|", "_"}
    assert {"o", "s"} <= markers  # a default has a marker, not only a colour
    one = figures.differences_figure(DIFFERENCES.assign(seeds=1, n=[60, 30, 60]))
    assert "on their shared problems, one seed" in words(one)
