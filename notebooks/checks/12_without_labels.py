"""The right answers of notebook 12, computed from a run; docstrings are hints."""

from collections import Counter

from socratic_utils.answers import is_correct
from socratic_utils.experiments import corpus, saved
from socratic_utils.experiments.scotd import few_shot_or_supervised
from socratic_utils.students import SUPERVISIONS
from socratic_utils.students.base_models import load_tokenizer
from socratic_utils.students.transcript import IGNORED, tokenize


def answer_1(settings):
    """`is_correct(answer, gold, kind)` of `socratic_utils.answers` compares two
    answers: the chain's, `problem.answer` and `problem.kind`."""
    problems, chains = corpus.first_chains(settings)
    gold = {problem.id: problem for problem in problems}
    right = 0
    for chain in chains:
        problem = gold[chain.problem_id]
        right += is_correct(chain.answer, problem.answer, problem.kind)
    return right / len(problems)


def answer_2(settings):
    """Count `row["extracted"]` of the rows whose student is `full_label`, for example
    with `collections.Counter`, and divide the largest count by the number of rows."""
    rows = saved.rows_on_disk(settings, few_shot_or_supervised.EXPERIMENT)
    own = [row["extracted"] for row in rows if row["student"] == "full_label"]
    if not own:
        raise ValueError("full_label has no rows on disk")
    return max(Counter(own).values()) / len(own)


def answer_3(settings):
    """An arm's chains are `corpus.pool_of(settings, arm.pool)`, which returns problems
    and a pool; `corpus.paired(problems, pool.chains)` has the pairs. Tokenize each with
    `SUPERVISIONS[arm.models[0]]`, as notebook 03 does, and count the labels."""
    tokenizer = load_tokenizer(settings.student)
    arms = {arm.name: arm for arm in few_shot_or_supervised.arms(settings)}

    def mean(arm):
        problems, pool = corpus.pool_of(settings, arm.pool)
        pairs, model = corpus.paired(problems, pool.chains), SUPERVISIONS[arm.models[0]]
        labels = [tokenize(tokenizer, *pair, model)["labels"] for pair in pairs]
        return sum(len(own) - own.count(IGNORED) for own in labels) / len(pairs)

    return mean(arms["full_cot"]) / mean(arms["full_label"])
