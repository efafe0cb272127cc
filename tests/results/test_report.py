"""The report: one safe page with a finding, made of an executed notebook."""

import base64
import re
from html.parser import HTMLParser
from math import nan

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from socratic_utils.files import write_json
from socratic_utils.results.claims import CLAIMS, claims_table
from socratic_utils.results.report import HINT, caveat, finding, write_report

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
EVIL = "<script>alert(1)</script>"
TABLE = '<table><tbody><tr><td class="number">34.5 %</td></tr></tbody></table>'
RANGE = "<p>9.6 (5.5&#8288;–&#8288;13.6), and a hidden \u202e mark</p>"
WIDE = f"<table><thead><tr>{5 * '<th>a</th>'}</tr></thead></table>"
ACTIVE = (
    '<img src="https://evil.example/x.png" onerror="alert(2)">'
    '<div style="background:url(//evil.example/y)" onclick="alert(3)">box</div>'
    '<div style="background:#eee;position:fixed">box</div>'
    '<a href="javascript:alert(4)">here</a><iframe src="//evil.example"></iframe>'
    "<style>@import '//evil.example/z.css'</style><svg onload=alert(5)></svg>"
)
RUN = {
    "settings": {"scale": "small", "dataset": EVIL, "training": {"epochs": 2.0}},
    "environment": {"packages": {"torch": "2.0"}},
    "notebooks": {"03_baselines": {"seconds": 12.5}, EVIL: {}},
}


def printing(text, **metadata):
    shown = new_output("stream", name="stdout", text=text)
    return new_code_cell("f()", outputs=[shown], metadata=metadata)


@pytest.fixture
def page(tmp_path):
    write_json(tmp_path / "run.json", RUN)
    data = ({"text/html": TABLE}, {"text/html": RANGE},
            {"image/png": PNG, "text/plain": "<Figure>"},
            {"text/html": EVIL + ACTIVE}, {"application/javascript": "alert(6)"},
            {"image/svg+xml": "<svg><script>alert(7)</script></svg>"})  # fmt: skip
    outputs = [new_output("display_data", d) for d in data]
    outputs += [new_output("stream", name="stdout", text=f"wrote {EVIL}\n"),
                new_output("stream", name="stderr", text="a warning"),
                new_output("execute_result", {"text/plain": "42"},
                           execution_count=6)]  # fmt: skip
    text = f"See [it](https://x.org). {EVIL}\n\n<details>x</details>"
    cells = [new_markdown_cell(f"# 07 Results\n\n**Question.** Why {EVIL}?"),
             printing("settings of the run"),
             new_markdown_cell("## The finding\n\nHow it is made.",
                               metadata={"tags": ["remove-cell"]}),
             printing("It helps."),
             new_markdown_cell(f"### A picture\n\n{text}"),
             new_code_cell("secret = 'the code'", outputs=outputs),
             new_markdown_cell(f"## Details {EVIL}\n\nMore prose."),
             new_code_cell("table", outputs=[new_output(
                 "display_data", {"text/html": WIDE})]),
             printing("step 1 of 3", tags=["remove-output"]),
             new_markdown_cell("## Exercises\n\nTry."), printing("not answered"),
             new_markdown_cell("## Exercise 1\n\nTry.")]  # fmt: skip
    nbformat.write(new_notebook(cells=cells), tmp_path / "07_results.ipynb")
    target = write_report(tmp_path / "07_results.ipynb", tmp_path / "report.html")
    assert target == tmp_path / "report.html"
    return target.read_text("utf-8")


def test_nothing_active_survives(page):
    tags = re.findall(r"<\s*(\w+)([^>]*)", page)
    names = {name.lower() for name, _ in tags}
    assert not names & {"script", "iframe", "svg", "object", "link", "form", "embed"}
    assert not re.search(r"\son\w+\s*=", " ".join(rest for _, rest in tags))
    assert "alert(6)" not in page and "@import" not in page and "url(" not in page
    assert page.count("<style") == 1 and "position:" not in page
    assert "wrote &lt;script&gt;alert(1)&lt;/script&gt;" in page  # as text


def test_nothing_is_fetched(page):
    tags = " ".join(re.findall(r"<[^>]*>", page))  # escaped ones are text
    links = re.findall(r"(?:src|href)\s*=\s*[\"']?([^\"'\s>]*)", tags)
    assert links == [f"data:image/png;base64,{PNG}", "#s0", "#s1"]
    assert 'alt="A picture"' in page


def test_results_are_there_and_code_is_not(page):
    assert TABLE in page and "<title>Results</title>" in page
    assert "secret" not in page and "a warning" not in page
    assert "step 1 of 3" not in page and "Out[" not in page
    assert "The finding" not in page and "How it is made" not in page
    assert 'style="background:#eee;"' in page and "<details>" in page


def test_an_interval_does_not_break_and_hidden_marks_are_spelled(page):
    assert "9.6 (5.5\u2060–\u206013.6), and a hidden \\u202e mark" in page
    assert "\\u2060" not in page


def test_the_story_has_an_order(page):
    """Title, question, finding, contents; then the sections, each of them folded."""
    parts = ("<h1>Results</h1>", "Why &lt;script&gt;", "It helps.", "A picture", TABLE,
             "<h2>Contents</h2>", 'href="#s1">What was run', '<div id="s0">',
             "More prose.", '<div id="s1">', "03_baselines")  # fmt: skip
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert page.count('<details class="section">') == 2
    for absent in ("settings of the run", "not answered", "Exercise", "Try."):
        assert absent not in page, absent


def test_tables_scroll_in_a_box_and_wide_ones_say_so(page):
    box = '<div class="box" tabindex="0">'
    assert f"{box}{TABLE}</div>" in page
    assert f"{HINT}{box}{WIDE}</div>" in page and page.count(HINT) == 1


def test_it_is_made_for_narrow_screens(page):
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert "img{max-width:100%" in page and "overflow-x:auto" in page


def test_tags_are_balanced(page):
    """Every tag that needs an end has one, in order."""
    open_tags, single = [], {"meta", "img"}

    class Checker(HTMLParser):
        def handle_starttag(self, tag, attrs):
            open_tags.extend([] if tag in single else [tag])

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Checker().feed(page)
    assert open_tags == []


def test_what_was_run_stands_at_the_end(page):
    end = page.rpartition("What was run")[2]
    for text in ("03_baselines", "12.5", "settings training epochs", "packages torch"):
        assert text in end, text
    assert "<td>&lt;script&gt;" in end


def test_smoke_says_that_its_numbers_mean_nothing(tmp_path):
    nbformat.write(new_notebook(), tmp_path / "07_results.ipynb")
    page = write_report(tmp_path / "07_results.ipynb", tmp_path / "report.html")
    text = page.read_text("utf-8")
    assert "mean nothing" not in text and "What was run" not in text
    assert "<title>07_results</title>" in text
    write_json(tmp_path / "run.json", {"settings": {"scale": "smoke"}})
    page = write_report(tmp_path / "07_results.ipynb", tmp_path / "report.html")
    assert "The numbers mean nothing" in page.read_text("utf-8")


# --- the finding ----------------------------------------------------------------------


def judged_with(rows_of=lambda experiment: (), **line):
    """A table of claims in which "iterative beats CoT" has this line."""
    table = claims_table(rows_of)
    for name, value in line.items():
        table.loc[table["claim"] == "iterative beats CoT", name] = value
    return table


CAVEAT = f"Caveat: {CLAIMS['iterative beats CoT'].caveat}."
NUMBERS = {"n": 300, "seeds": 5, "difference": 0.032, "ci_low": -0.01, "ci_high": 0.074,
           "note": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ({"verdict": "holds"}, "so the claim holds."),
        ({"verdict": "reversed"}, "so our students show the opposite."),
        ({"verdict": "no difference larger than 5 points"},
         "so there is no difference larger than 5 points."),
        ({"verdict": "cannot tell", "least_visible": 0.06, "p_holm": 0.0527},
         "which is inconclusive (adjusted p = 0.053); a true difference of 6.0 points "
         "would be detected with 80 % power."),
        ({"verdict": "cannot tell", "least_visible": 0.06, "p_holm": 0.2,
          "note": "without seed 3, whose rows are incomplete"},
         "which is inconclusive (without seed 3, whose rows are incomplete; adjusted "
         "p = 0.200); a true difference of 6.0 points would be detected with 80 % "
         "power."),
        ({"verdict": "cannot tell", "note": "one seed: a comparison of checkpoints"},
         "which is inconclusive (one seed: a comparison of checkpoints)."),
    ],
)  # fmt: skip
def test_the_finding_is_a_sentence_about_the_main_claim(line, end):
    text = finding(judged_with(**(NUMBERS | line)), "Socratic CoT", "gpt2 on gsm8k")
    first, counts = text.split("\n\n")
    assert first == (
        "Claim: iterative beats CoT. With gpt2 on gsm8k the difference in accuracy is "
        f"+3.2 points (95 % interval -1.0 to +7.4; 300 problems, 5 seeds), {end} "
        f"{CAVEAT}"
    )
    assert counts == ("Tested here: 1 of the 9 declared claims of Socratic CoT "
                      f"({line['verdict']}: 1).")  # fmt: skip


@pytest.mark.parametrize(("seeds", "words"), [
    ([nan], "none"), ([1, 1], "1"), ([3, nan, 1], "1 or 3"), ([5, 3, 1], "1, 3 or 5")
])  # fmt: skip
def test_the_caveat_counts_trainings(seeds, words):
    judged = pd.DataFrame({"paper": "SCoTD", "seeds": [float(n) for n in seeds]})
    judged.loc[len(judged)] = "Other", 9.0
    said = caveat(judged, "SCoTD", "tiny", "a teacher", "gsm8k")
    assert said.startswith(f"Trainings per student (tiny): {words}, with chains of a ")
    said = caveat(judged, "SCoTD", "tiny", "none", "gsm8k")
    assert f"(tiny): {words}, with gold steps on gsm8k." in said


def test_the_finding_counts_claims_that_lack_seeds_apart():
    judged = judged_with(**NUMBERS, verdict="cannot tell")
    judged.loc[judged["claim"] == "guidance helps", "seeds"] = 2
    judged.loc[judged["claim"] == "guidance helps", "verdict"] = "cannot tell"
    text = finding(judged, "Socratic CoT", "gpt2 on gsm8k")
    assert text.endswith("2 of the 9 declared claims of Socratic CoT (cannot tell: 1, "
                         "too few seeds: 1).")  # fmt: skip


def test_without_rows_the_finding_says_so():
    words = "No claim of SCoTD has been tested with gpt2 on gsm8k."
    assert finding(judged_with(), "SCoTD", "gpt2 on gsm8k") == words
