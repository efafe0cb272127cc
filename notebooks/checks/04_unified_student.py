"""The right answers of notebook 04, computed from a run; docstrings are hints."""

from socratic_utils.experiments import corpus, data, saved
from socratic_utils.metrics.question_quality import questions
from socratic_utils.students import SUPERVISIONS
from socratic_utils.students.base_models import load_tokenizer
from socratic_utils.students.transcript import IGNORED, tokenize


def outputs(settings):
    """The student's rows on the test split; ValueError if they cannot be compared."""
    split = data.test_splits(settings)[0]
    rows = [row for row in saved.main_rows(settings) if row["split"] == split]
    rows = [row for row in rows if row["student"] == "socratic_unified"]
    if not rows or not all(row["steps_gold"] for row in rows):
        raise ValueError("it needs the student's rows on problems with gold steps")
    return rows


def answer_1(settings):
    """`questions` is in `socratic_utils.metrics.question_quality` and returns a list.
    Compare its length with `row["steps_gold"]` for the rows of `rows[0]["split"]`."""
    asked = [
        (sum(line["role"] == "question" for line in row["lines"]), row["steps_gold"])
        for row in outputs(settings)
    ]
    return sum(own == gold for own, gold in asked) / len(asked)


def answer_2(settings):
    """Put the rows of the first split into two groups, by whether the student asks
    `row["steps_gold"]` questions; leave out a group without rows. The accuracy is the
    mean of `row["correct"]`."""
    groups = {True: [], False: []}
    for row in outputs(settings):
        groups[len(questions(row)) == row["steps_gold"]].append(row["correct"])
    return {same: sum(own) / len(own) for same, own in groups.items() if own}


def answer_3(settings):
    """`tokenize(tokenizer, problem, chain, SUPERVISIONS["cot"])["labels"]` has a label
    per token. The pairs are `corpus.corpus(settings, "cot")` and, for this student,
    `corpus.corpus(settings, "socratic")`."""
    tokenizer = load_tokenizer(settings.student)

    def mean(model, style):
        pairs = corpus.corpus(settings, style)
        labels = [tokenize(tokenizer, *p, SUPERVISIONS[model])["labels"] for p in pairs]
        return sum(len(own) - own.count(IGNORED) for own in labels) / len(pairs)

    return mean("socratic_unified", "socratic") / mean("cot", "cot")
