"""What notebooks show, as escaped HTML: chains, predictions, loss masks and tables.

Texts of models, servers and files are made `visible` before they are shown.
"""

import ast
from collections.abc import Iterable, Sequence

import pandas as pd
from IPython.display import HTML, Code, display

from socratic_utils.files import project_root, visible
from socratic_utils.metrics import line_marks
from socratic_utils.problems import Chain, Problem
from socratic_utils.students.supervision import label_of
from socratic_utils.students.transcript import IGNORED

from .formats import PARTS, percent, to_html


def show_source(name: str) -> Code:
    """The source of a function or class of the package; nothing is imported."""
    module, _, own = name.rpartition(".")
    path = project_root() / f"socratic_utils/{module.replace('.', '/')}.py"
    nodes = {getattr(n, "name", ""): n for n in ast.parse(path.read_text("utf-8")).body}
    source = ast.get_source_segment(path.read_text("utf-8"), nodes[own])
    return Code(source, language="python")


def print_text(*texts: object) -> None:
    """Print texts of a model, a server or a file, one below the other."""
    print(*map(visible, texts), sep="\n")


def show_table(table: pd.DataFrame, command: str = "") -> None:
    """A table as people read it, below its caption, if `attrs` has one; of an empty
    table, or one of a paper without ours, the `command` that makes the rows."""
    caption = table.attrs.get("caption", "")
    if command and table.attrs.get("only printed"):
        caption += f" Not run here: {command} adds our rows."
    if caption or len(table):
        _show(PARTS.captioned(caption, to_html(table) if len(table) else ""))
    else:
        print("No rows with these settings" + f"; {command} makes them" * bool(command))


def print_scores(
    table: pd.DataFrame, by: Sequence[str] = ("student",), score: str = "accuracy",
    n: str = "n", interval: str = "ci",
) -> None:  # fmt: skip
    """A line per score that is not missing, named by the columns `by`.  Example: "cot:
    9.0 % of 200 (95 % interval 5.8 % to 13.8 %)"."""
    for row in table.to_dict("records"):
        if not pd.isna(row[score]):
            who = visible(", ".join(str(row[name]) for name in by))
            low, high = (percent(row[f"{interval}_{end}"]) for end in ("low", "high"))
            print(f"{who}: {percent(row[score])} of {row[n]}"
                  f" (95 % interval {low} to {high})")  # fmt: skip


def print_reproduction(table: pd.DataFrame) -> None:
    """A sentence per score of `reproduction_table`, and one about all of them."""
    for row in table.to_dict("records"):
        score, low, high, mean = (percent(row[name]) for name in
                                  ("accuracy", "from", "to", "mean"))  # fmt: skip
        lies = "within" if row["within"] == "yes" else "outside"
        print(f"{visible(label_of(row['student']))}, {row['split']}: {score} of "
              f"{row['n']} lies {lies} the {low} to {high} that {row['seeds']} "
              f"committed seeds predict for one more (mean {mean}).")  # fmt: skip
    within, count = (table["within"] == "yes").sum(), len(table)
    print(f"{within} of {count} scores lie within their range; by chance, about "
          f"{0.95 * count:.0f} do.")  # fmt: skip


def show_lines(lines: Iterable[tuple[str, str]]) -> None:
    """(role, text) pairs as coloured lines."""
    _show(PARTS.lines(lines))


def show_chain(problem: Problem, chain: Chain) -> None:
    """A problem and a chain of a teacher (or of the benchmark)."""
    steps = [line for step in chain.steps for line in
             (("question", step.question), ("solution", step.solution))
             if line != ("question", "")]  # fmt: skip
    answer = f"{chain.answer} (gold: {problem.answer})"
    show_lines([("problem", problem.text), *steps, ("answer", answer)])


def show_prediction(row: dict) -> None:
    """The prompt of a prediction row and the student's output, line by line."""
    verdict = "right" if row["correct"] else f"wrong, gold is {row['gold']}"
    lines = [(line["role"], line["text"]) for line in row["lines"]]
    answer = f"read as {row['extracted']}: {verdict}"
    shown = row["prompt"] or "(its text is not in the committed rows)"
    show_lines([("problem", shown), *lines, ("answer", answer)])


def show_side_by_side(rows: Iterable[dict], problem: Problem) -> None:
    """One problem and every student's marked output (Socratic CoT, Figures 5 and 7)."""
    columns = []
    for row in rows:
        verdict, lines = "right" if row["correct"] else "wrong", []
        marks = line_marks(row["lines"], problem)
        for line, mark in zip(row["lines"], marks, strict=True):
            mark = verdict if line["role"] == "answer" else mark
            lines.append((line["role"], line["text"], mark))
        columns.append((label_of(row["student"]), lines))
    _show(PARTS.side_by_side(problem, columns))


def most_divisive_problems(rows: Iterable[dict]) -> list[str]:
    """Ids of all problems; those that half of the students solve come first."""
    verdicts = pd.DataFrame(rows, columns=["id", "correct"]).astype({"correct": float})
    shares = verdicts.groupby("id", sort=False)["correct"].mean()
    return (shares - 0.5).abs().sort_values(kind="stable").index.tolist()


def show_mask(tokenizer, example: dict[str, list[int]]) -> None:
    """A training sequence token by token; those in bold and green have a loss."""
    pairs = zip(example["input_ids"], example["labels"], strict=True)
    _show(PARTS.mask([(visible(tokenizer.decode([token])), target != IGNORED)
                      for token, target in pairs]))  # fmt: skip


def _show(html: str) -> None:
    display(HTML(str(html)))
