"""P2's figures: what they draw, from saved rows."""

import matplotlib as mpl
import pandas as pd
import pytest

from socratic_utils.results import figures as plots
from socratic_utils.results import figures_many as plots_many
from tests.results.test_figures import words

mpl.use("Agg")
SCORES = {"n": 15, "correct": 3, "accuracy": 0.2, "ci_low": 0.07, "ci_high": 0.45}
CHAINS = pd.DataFrame(
    [{**SCORES, "student": how, "chains": count}
     for count in (8, 1) for how in ("greedy", "4 votes")]
)  # fmt: skip
VOTES = pd.DataFrame(
    [{**SCORES, "student": f"chains_{count:02d}", "votes": votes}
     for count in (1, 8) for votes in (1, 2, 30)]
)  # fmt: skip
LABEL = {"student": "answer_only", "n": 15, "accuracy": 0.6, "ci_low": 0.4,
         "ci_high": 0.8}  # fmt: skip
FILTERS = pd.DataFrame(
    [{**SCORES, "student": "chains_08"},
     {**SCORES, "student": "filter_random", "accuracy": 0.25},
     {**SCORES, "student": "filter_open_endedness", "accuracy": 0.1, "n": 14}]
)  # fmt: skip
DRAWN = {
    "chains": lambda scale: plots_many.chains_figure(CHAINS, scale, LABEL),
    "votes": lambda scale: plots_many.votes_figure(VOTES, scale),
    "filters": lambda scale: plots_many.filters_figure(FILTERS, scale),
}


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_saved_whole_and_alike(name, tmp_path):
    figure = DRAWN[name]("smoke")
    assert plots.WATERMARK in words(figure)
    assert plots.WATERMARK not in words(DRAWN[name]("small"))
    path = plots.save_figure(figure, tmp_path, name, "A caption.")
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size < 150_000
    plots.save_figure(DRAWN[name]("smoke"), tmp_path, "again")
    assert (tmp_path / "again.png").read_bytes() == path.read_bytes()
    assert not mpl.pyplot.get_fignums()  # nothing stays open


def ticks(figure):
    figure.draw_without_rendering()
    return [t.get_text().split("\n")[0] for t in figure.axes[0].get_xticklabels()]


def test_the_label_only_line_is_drawn_where_there_is_one():
    figure = plots_many.chains_figure(CHAINS, "", LABEL)
    text = words(figure)
    assert "Answer only (n = 15)" in text and "Greedy" in text and "4 votes" in text
    axes = figure.axes[0]
    [line] = [x for x in axes.lines if str(x.get_label()).startswith("Answer only")]
    assert list(line.get_ydata()) == [0.6, 0.6]
    assert axes.get_ylim()[1] >= 0.8  # its interval is within the axes
    [band] = [p for p in axes.patches if p.get_height() == pytest.approx(0.4)]
    assert band.get_y() == pytest.approx(0.4)
    without = plots_many.chains_figure(CHAINS)
    assert "Answer only" not in words(without) and not without.axes[0].patches
    assert ticks(figure) == ["1", "8"]


def test_votes_are_ordered_as_numbers():
    figure = plots_many.votes_figure(VOTES)
    assert ticks(figure) == ["1", "2", "30"]
    assert "Chains 01" in words(figure) and "Chains 08" in words(figure)


def test_a_bar_and_an_interval_for_each_filter():
    figure = plots_many.filters_figure(FILTERS)
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0.2, 0.25, 0.1]
    assert ticks(figure) == ["Chains 08", "Random", "Open endedness"]
    assert "(n = 14)" in words(figure)
    grey, *coloured = [bar.get_facecolor() for bar in axes.patches]
    assert coloured[0] == coloured[1] != grey
    whiskers = [c for c in axes.collections if hasattr(c, "get_segments")]
    heights = [seg[:, 1].tolist() for c in whiskers for seg in c.get_segments()]
    assert heights == [[pytest.approx(0.07), pytest.approx(0.45)]] * 3
