"""The right answers of notebook 03, computed from a run; docstrings are hints."""

from collections import Counter

from socratic_utils.experiments import data, saved
from socratic_utils.results.tables import paired_table


def outputs(settings, *students):
    """Rows of these students on the test split; ValueError if one has none."""
    split = data.test_splits(settings)[0]
    rows = [row for row in saved.main_rows(settings) if row["split"] == split]
    found = {row["student"] for row in rows}
    if missing := [name for name in students if name not in found]:
        raise ValueError(f"{' and '.join(missing)} has no rows on disk")
    return [row for row in rows if row["student"] in students]


def answer_1(settings):
    """Count `row["extracted"]` with `collections.Counter` over the rows of
    `answer_only` whose split is `rows[0]["split"]`, add up the three largest counts,
    and divide by the number of these rows."""
    rows = outputs(settings, "answer_only")
    counts = sorted(Counter(row["extracted"] for row in rows).values())
    return sum(counts[-3:]) / len(rows)


def answer_2(settings):
    """Count `problem.answer` over `data.train_problems(settings)`. The accuracy is the
    share of problems in `test` whose answer is the most frequent one."""
    golds = Counter(p.answer for p in data.train_problems(settings))
    test = [problem.answer for problem in data.test_problems(settings)]
    best = max(golds.values())
    shares = [test.count(a) / len(test) for a, n in golds.items() if n == best]
    return lambda share: any(abs(share - right) < 0.001 for right in shares)


def answer_3(settings):
    """Collect the ids that each student solves in a set, subtract the sets both ways,
    and give the two counts to `mcnemar` of `socratic_utils.metrics`."""
    line = paired_table(outputs(settings, "answer_only", "gt_steps")).iloc[0]
    return int(line["only_a"]), int(line["only_b"]), float(line["p_value"])
