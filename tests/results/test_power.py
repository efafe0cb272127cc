"""What the published numbers can tell, checked by hand and by drawing."""

import itertools

import numpy as np
import pytest
from scipy import stats

from socratic_utils.benchmarks import known_size
from socratic_utils.files import project_root
from socratic_utils.problems import read_rows
from socratic_utils.results import figures, formats
from socratic_utils.results.papers import power, socratic_cot

REFERENCE = project_root() / "outputs" / "reference"


@pytest.fixture(scope="module")
def table():
    return power.power_table()


def line(table, claim, dataset, model):
    rows = table.query("claim == @claim and dataset == @dataset and model == @model")
    return rows.iloc[0]


def test_the_numbers_of_test_problems_are_those_of_the_benchmarks():
    names = {
        theirs: ours
        for ours, theirs in socratic_cot.DATASETS.items()
        if ours != "svamp"
    }  # the paper's SVAMP is our multistep
    assert power.SIZES == {n: known_size(names[n], "test") for n in power.SIZES}


def test_unpaired_it_is_the_z_test_of_two_proportions(table):
    found = line(table, "iterative beats CoT", "GSM8K", "GPT-2 Small")
    old, new, n = 0.0470, 0.0598, 1319
    error = (old * (1 - old) / n + new * (1 - new) / n) ** 0.5
    p = 2 * stats.norm.sf((new - old) / error)
    assert found["p"] == pytest.approx(p, rel=1e-3) and round(p, 2) == 0.14
    half = stats.norm.ppf(0.975) * error
    assert found["ci_low"] == pytest.approx(new - old - half, abs=1e-6)
    assert found["ci_high"] == pytest.approx(new - old + half, abs=1e-5)


def test_paired_it_has_the_error_of_correlated_verdicts():
    """Verdicts with that correlation, drawn; their difference varies as is said."""
    rng = np.random.default_rng(0)
    old, new, n = 0.4, 0.5, 200
    both = old * new + power.PAIRING * (old * (1 - old) * new * (1 - new)) ** 0.5
    cells = [both, old - both, new - both, 1 - old - new + both]
    counts = rng.multinomial(n, cells, 20_000)
    drawn = (counts[:, 2] - counts[:, 1]) / n
    found = power.difference(old, new, n, power.PAIRING)
    assert found.error == pytest.approx(drawn.std(), rel=0.02)
    assert found.error < power.difference(old, new, n).error


def test_what_is_clear_on_gsm8k(table):
    own = table[table["dataset"] == "GSM8K"].set_index(["claim", "model"])
    for model, verdict in (
        ("GPT-2 Small", "cannot tell"), ("GPT-2 Medium", "holds"),
        ("GPT-2 Large", "holds"),
    ):  # fmt: skip
        found = own.loc[("iterative beats CoT", model)]
        assert found["verdict"] == found["verdict_paired"] == verdict
        found = own.loc[("unified beats CoT", model)]
        assert found["verdict"] == found["verdict_paired"] == "cannot tell"


def test_no_socratic_comparison_is_visible_on_the_small_benchmarks(table):
    own = table[(table["dataset"] != "GSM8K") & (table["arm"] != "cot")]
    assert set(own["verdict"]) == set(own["verdict_paired"]) == {"cannot tell"}
    visible = own[own["dataset"] == "StrategyQA"]
    assert visible["least_visible"].between(0.12, 0.135).all()
    assert visible["least_visible_paired"].between(0.085, 0.095).all()


def test_the_assumed_pairing_is_more_than_that_of_most_of_our_own_students():
    right = {}
    for path in REFERENCE.glob("*/predictions/*-test-*.jsonl*"):
        rows = [row for _, row in read_rows(path)]
        own = right.setdefault(path.parents[1].name, {})
        own[rows[0]["student"]] = [row["correct"] for row in rows]
    found = [
        np.corrcoef(own[a], own[b])[0, 1]
        for own in right.values() for a, b in itertools.combinations(own, 2)
        if len(own[a]) == len(own[b]) and any(own[a]) and any(own[b])
    ]  # fmt: skip
    assert len(found) > 15 and np.quantile(found, 0.9) < power.PAIRING


def test_the_margin_is_below_every_gain_that_it_could_hide(table):
    own = table.query("claim == 'iterative beats CoT' and dataset == 'GSM8K'")
    assert own["difference"].min() > power.MARGIN


def test_the_figure_has_a_point_and_two_intervals_per_comparison(table):
    figure = figures.power_figure(table)
    drawn = [line for axes in figure.axes for line in axes.lines]
    assert len(drawn) == 3 * len(table) + len(figure.axes)  # and a line at zero
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["GSM8K (n = 1,319)", "StrategyQA (n = 229)", "SVAMP (n = 237)"]
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == list(dict.fromkeys(table["claim"]))


def test_the_ends_of_a_paired_interval_are_points_as_those_of_the_other(table):
    heads, line, *_ = formats.to_markdown(table, "caption").splitlines()[2::2]
    for name, low in (("from", "ci_low"), ("to", "ci_high")):
        place = heads.split(" | ").index(f"95 % interval if paired, {name}")
        value = 100 * table[f"{low}_paired"].iloc[0]
        assert line.split(" | ")[place] == f"{value:+.1f} points"
