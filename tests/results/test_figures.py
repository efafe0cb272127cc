"""Figures from saved rows, and the report that holds them."""

import re
from html.parser import HTMLParser

import matplotlib as mpl
import pandas as pd
import pytest

from socratic_utils.results import figures as plots
from socratic_utils.results.report import write_report
from socratic_utils.results.tables import save_table

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
NAMES = [*plots.LABELS, "no_subquestions"]
MAIN = pd.DataFrame(
    [{**RUN, "student": s, **(NONE if s == "cot" else SCORES), "truncated": 0.0}
     for s in NAMES]
)  # fmt: skip
STEPS = pd.concat([MAIN.assign(steps_gold=k) for k in (12, 2)])
GROUPS = pd.concat(
    [MAIN.assign(grouping="family", group=g) for g in ("seen", "unseen")]
)
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
DRAWN = {
    "accuracy": lambda scale: plots.accuracy_figure(MAIN, scale),
    "steps": lambda scale: plots.steps_figure(STEPS, scale),
    "groups": lambda scale: plots.group_figure(GROUPS, scale),
    "errors": lambda scale: plots.error_figure(ERRORS, scale),
    "filter": lambda scale: plots.filter_figure(ATTEMPTS, scale),
    "loss": lambda scale: plots.loss_figure(LOGS, scale),
}


def words(figure):
    """Every text of a figure."""
    figure.draw_without_rendering()
    ticks = [t for axes in figure.axes for t in axes.get_yticklabels()]
    return " | ".join(t.get_text() for t in figure.findobj(mpl.text.Text) + ticks)


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_saved_whole_and_alike(name, tmp_path):
    figure = DRAWN[name]("smoke")
    assert plots.WATERMARK in words(figure)
    assert plots.WATERMARK not in words(DRAWN[name]("small"))
    path = plots.save_figure(figure, tmp_path, name, "A caption.")
    assert path == tmp_path / f"{name}.png"
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size < 150_000
    pdf = (tmp_path / f"{name}.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-" and b"CreationDate" not in pdf
    assert (tmp_path / f"{name}.caption").read_text() == "A caption.\n"
    plots.save_figure(DRAWN[name]("smoke"), tmp_path, "again")
    assert (tmp_path / "again.png").read_bytes() == path.read_bytes()
    assert (tmp_path / "again.pdf").read_bytes() == pdf
    assert not mpl.pyplot.get_fignums()  # nothing stays open


def test_names_keep_their_capitals():
    assert plots.label("gt_steps, calculator") == "Ground-truth steps, calculator"
    assert plots.label("iterative, QG sees solutions") == "Iterative, QG sees solutions"
    assert plots.label("qg") == "Question generator (QG)"


def test_no_colour_stands_for_two_settings():
    def colours(count):
        rows = [{**RUN, **SCORES, "student": f"setting {i}"} for i in range(count)]
        figure = plots.accuracy_figure(pd.DataFrame(rows))
        return {line.get_color() for line in figure.axes[0].lines}

    few = len(plots.OTHERS)
    assert len(colours(few)) == few and len(colours(few + 1)) == 1


def test_accuracy_figure_says_what_it_shows():
    text = words(plots.accuracy_figure(MAIN))
    for student in NAMES:
        assert f"{plots.label(student)}  (n = 10)" in text
    assert "50.0%" in text and "0.0%" in text and "95 % Wilson" in text
    two = pd.concat([MAIN, MAIN.assign(seed=1)])
    assert "CoT, seed 1  (n = 10)" in words(plots.accuracy_figure(two))
    with pytest.raises(ValueError, match="'challenge'"):
        plots.accuracy_figure(MAIN, split="challenge")


def test_colours_are_fixed():
    few, all_ = plots._colours(["cot", "new"]), plots._colours(NAMES)
    assert few["cot"] == all_["cot"] == plots.COLOURS["cot"]
    assert len(set(all_.values())) == len(NAMES)


def test_steps_are_ordered_as_numbers():
    ticks = plots.steps_figure(STEPS).axes[0].get_xticklabels()
    assert [t.get_text().split("\n")[0] for t in ticks] == ["2", "12"]


def test_stacked_bars_sum_to_one():
    axes = plots.error_figure(ERRORS).axes[0]
    assert len(axes.get_yticklabels()) == 2  # gt_steps made no error
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(2)
    text = words(plots.filter_figure(ATTEMPTS))
    assert "80%" in text and "(10 attempts)" in text and "100%" in text


EVIL = "<script>alert('x')</script>"
SETTINGS = {"scale": "small", "dataset": EVIL, "training": {"epochs": 2.0}, "seed": 0}
RECORD = {
    "packages": {"torch": "2.0"},
    "device": EVIL,
    "notebooks": {"03_baselines": {"seconds": 12.5, "peak_memory_gb": 1.25}, EVIL: {}},
}


@pytest.fixture
def page(tmp_path):
    main = MAIN.assign(teacher=EVIL)
    save_table(main, tmp_path / "tables", "main", f"Caption {EVIL}", "small")
    save_table(main[:0], tmp_path / "tables", "strict", "Nothing differs.")
    figure = plots.accuracy_figure(MAIN)
    plots.save_figure(figure, tmp_path / "figures", "accuracy", f'"{EVIL}"')
    return write_report(tmp_path, SETTINGS, RECORD).read_text("utf-8")


def test_report_is_one_self_contained_file(page):
    links = re.findall(r"(?:src|href)\s*=\s*[\"']?([^\"'\s>]*)", page)
    allowed = ("data:image/png;base64,", "https://arxiv.org/abs/")
    assert len(links) == 3 and all(link.startswith(allowed) for link in links)
    assert not re.search(r"<(script|link|iframe|object)|@import|url\(", page)


def test_report_escapes_everything(page):
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    assert 'alt="&quot;&lt;script' in page


def test_report_tags_are_balanced(page):
    """Every tag that needs an end has one, in order."""
    open_tags, single = [], {"meta", "img"}

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            open_tags.extend([] if tag in single else [tag])

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Checker().feed(page)
    assert open_tags == []


def test_report_holds_the_run(page):
    for text in (
        "What was run", "training epochs", "packages torch", "03_baselines", "12.5",
        "50.0 %", "No rows.", "can and cannot say", "One seed was trained",
        "width=device-width", "@media print",
    ):  # fmt: skip
        assert text in page, text
    # half widths: 13.9 points at 0 of 10, 26.3 at 5 of 10
    assert "reaches 13.9 to 26.3 points" in page
    assert page.count("<table") == page.count("</table>") == 3


def test_report_of_an_empty_folder(tmp_path):
    page = write_report(tmp_path, {"scale": "smoke", "dataset": "d"}).read_text()
    assert "The numbers mean nothing" in page and "Not recorded" in page
