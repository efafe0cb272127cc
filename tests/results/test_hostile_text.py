"""Texts of models, servers and files reach screens, pages and spreadsheets harmless."""

import csv
import io
import re

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from socratic_utils.experiments.human_judgement import Judge, Pair, Side
from socratic_utils.experiments.human_judgement.panel import JudgePanel
from socratic_utils.files import visible
from socratic_utils.problems import Chain, Problem, Step
from socratic_utils.results import display, formats, tables
from socratic_utils.results.report import write_report
from socratic_utils.runner.execute import Shown, tidy

ACTS = {
    "a colour": "\x1b[31mred",
    "the clipboard (OSC 52)": "\x1b]52;c;ZXZpbA==\x07",
    "a C1 control": "\x9b2Jgone",
    "backspaces": "wrong\b\b\b\b\bright",
    "a carriage return": "wrong\rright",
    "a direction": "\u202egnorw\u202c \u2066x\u2069",
    "no width": "ri\u200bght\ufeff\u200d",
    "a separator": "a\u2028b\x85c",
    "a null": "a\0b",
    "a delete": "a\x7fb",
    "a tag": "a\U000e0041b",
}
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)
hostile = pytest.mark.parametrize("text", ACTS.values(), ids=ACTS)


@hostile
def test_what_acts_on_a_screen_is_written_out(text):
    assert FORBIDDEN.search(text)
    seen = visible(text)
    assert not FORBIDDEN.search(seen) and "\\" in seen
    kept = [c for c in text if not FORBIDDEN.match(c)]
    assert [c for c in kept if c not in seen] == []
    assert visible(seen) == seen  # once is enough


@pytest.mark.parametrize(
    "text", ["", "2 * 3 = 6\n\tso: 6", "1\u00a0000 € – é 漢字 ✓ 😀", "back\\slash"]
)
def test_harmless_text_stays_as_it_is(text):
    assert visible(text) == text


def test_line_ends_of_windows_and_lone_surrogates():
    assert visible("a\r\nb") == "a\nb"
    assert visible("a\ud800b").encode() == b"a\\ud800b"
    assert visible(3.5) == "3.5"


# --- what notebooks show --------------------------------------------------------------


@hostile
def test_displays_and_prints_are_harmless(text, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(display, "display", lambda html: shown.append(html.data))
    problem = Problem("p", "toy", "test", f"{text} <b>$5 and $6", f"{text}7")
    chain = Chain("p", "cot", (Step(text, text, ""),), text, "t")
    row = {"student": text, "prompt": text, "output": text, "extracted": text,
           "gold": text, "correct": False,
           "lines": [{"role": "solution", "text": text}]}  # fmt: skip
    display.show_chain(problem, chain)
    display.show_prediction(row)
    display.show_side_by_side([row], problem)
    display.show_table(pd.DataFrame({f"column {text}": [text]}))
    scores = {"student": text, "accuracy": 0.5, "n": 2, "ci_low": 0.1, "ci_high": 0.9}
    display.print_scores(pd.DataFrame([scores]))
    display.print_text(text, text)
    page, printed = "".join(shown), capsys.readouterr().out
    assert len(shown) == 4 and not FORBIDDEN.search(page + printed)
    assert "<b>$5" not in page and "&lt;b&gt;$5" in page
    assert all("mathjax_ignore" in html for html in shown)  # dollars, not formulas
    assert printed.count("\\") >= 3


@hostile
def test_the_judging_panel_is_harmless(text, tmp_path):
    sides = Side("a", f"{text}\n<i>", True), Side("b", f"other {text}", False)
    panel = JudgePanel(
        Judge("anna", [Pair("p", "toy", f"<i>{text}", *sides)], tmp_path)
    )
    values = panel.shown["problem"] + panel.shown["left"] + panel.shown["right"]
    assert not FORBIDDEN.search(values) and values.count("<i>") == 2
    # as text: the browser is never given a page of them
    assert "innerHTML" not in panel._esm and "textContent" in panel._esm


@hostile
def test_executed_notebooks_and_the_report_are_harmless(text, tmp_path):
    outputs = [
        new_output("stream", name="stdout", text=f"50%|\rsaid {text}\n"),
        new_output("execute_result", {"text/plain": text, "text/html": text}),
    ]
    cells = [new_code_cell("f()", outputs=outputs)]
    path = tmp_path / "07_results.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    report = write_report(path, tmp_path / "report.html").read_text("utf-8")
    assert not FORBIDDEN.search(report)
    tidy(path, path)
    [cell] = nbformat.read(path, as_version=4).cells
    stream, result = cell.outputs
    texts = stream.text + result.data["text/plain"] + result.data["text/html"]
    assert not FORBIDDEN.search(texts) and "right" in texts or "right" not in text


@hostile
def test_what_a_notebook_prints_reaches_the_terminal_harmless(text, capsys):
    Shown().write(f"it says {text}\n")
    out = capsys.readouterr().out
    assert not FORBIDDEN.search(out.replace("\r\x1b[K", ""))
    Shown().write("10%\r20%\rdone\n")  # the last state of a line
    assert capsys.readouterr().out.strip() == "done"


# --- tables ---------------------------------------------------------------------------

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=HYPERLINK(\"//x\")",
    "'=1", "''=1", "＝1", "－2", "a;=1+1", "x\n=1", "-", "-3.5 apples", "=",
]  # fmt: skip
TEXTS = [*FORMULAS, "cot", "it's", "'", "'cot'", "a, b", 'say "x"', "NA", "None",
         "nan", "a\r\nb", "iterative, gold steps", *ACTS.values()]  # fmt: skip


def saved(table, tmp_path):
    return tables.save_table(table, tmp_path, "hostile", "Caption.")


def test_spreadsheets_calculate_no_cell_and_our_reader_gives_the_text_back(tmp_path):
    table = pd.DataFrame(
        {"student": TEXTS, "difference": -3.5, "=n": range(len(TEXTS))}
    )
    path = saved(table, tmp_path)
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["student", "difference", "'=n"]
    for student, difference, _ in rows:
        assert not re.match(r"[=+@\t\r\n＝＋－＠-]", student), student
        assert not re.search(r";=", student) and difference == "-3.5"
    again = formats.read_csv(path)
    pd.testing.assert_frame_equal(again, table, check_dtype=False)
    assert pd.read_csv(path)["difference"].tolist() == [-3.5] * len(TEXTS)


@pytest.mark.parametrize("number", ["-3.5", "-2", "+4", "-1e-05"])
def test_numbers_stay_numbers_in_a_column_of_texts(number, tmp_path):
    path = saved(pd.DataFrame({"value": [number, "cot"]}), tmp_path)
    assert path.read_text().splitlines()[1] == number


def test_our_tables_are_the_bytes_that_pandas_writes():
    texts = {"student": ["cot", "a, b"], "covered": ["yes", None]}
    table = pd.DataFrame({**texts, "n": [1, 2], "p": [0.1, None], "on": [True, False]})
    assert formats.to_csv(table) == table.to_csv(index=False)
    read = formats.read_csv(io.StringIO(table.to_csv(index=False)))
    pd.testing.assert_frame_equal(read, table, check_dtype=False)


def test_a_cell_of_markdown_is_one_cell_of_plain_text(tmp_path):
    cells = ["a|b", "a\nb", "`rm`", "$x$", "*x*", "_x_ a_b", "[x](//evil)", "~~x~~",
             "<script>x</script>", "&lt;", "p < 0.05 & q", "a\\|b"]  # fmt: skip
    saved(pd.DataFrame({"cell": cells, "n": 1}), tmp_path)
    lines = (tmp_path / "hostile.md").read_text("utf-8").splitlines()[2:]
    assert len(lines) == len(cells) + 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
    assert [line[2:-6] for line in lines[2:]] == [
        r"a\|b", "a b", r"\`rm\`", r"\$x\$", r"\*x\*", r"\_x\_ a_b", r"\[x\](//evil)",
        r"\~\~x\~\~", "&lt;script>x&lt;/script>", "&amp;lt;", "p < 0.05 & q",
        r"a\\\|b",
    ]  # fmt: skip


def test_latex_has_no_command_of_a_cell(tmp_path):
    cells = [r"\input{x}", "a & b", "50 %", "#1", "a_b^c~d", "{x}", "$x$", "[2cm] x",
             "* x", "a|b"]  # fmt: skip
    saved(pd.DataFrame({"a_b": cells}), tmp_path)
    text = (tmp_path / "hostile.tex").read_text("utf-8")
    rows = text.partition("\\midrule\n")[2].partition("\\bottomrule")[0]
    assert rows.splitlines() == [
        r"\textbackslash{}input\{x\} \\", r"a \& b \\", r"50 \% \\", r"\#1 \\",
        r"a\_b\textasciicircum{}c\textasciitilde{}d \\", r"\{x\} \\", r"\$x\$ \\",
        r"{[}2cm{]} x \\", r"{*} x \\", r"a\textbar{}b \\",
    ]  # fmt: skip


@hostile
def test_tables_for_readers_show_what_acts(text, tmp_path):
    saved(pd.DataFrame({"student": [text]}), tmp_path)
    for suffix in (".md", ".tex"):
        written = (tmp_path / f"hostile{suffix}").read_text("utf-8")
        assert not FORBIDDEN.search(written)
