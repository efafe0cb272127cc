"""The right answers of notebook 10, computed from a run; docstrings are hints."""

from collections import Counter

from socratic_utils.answers import is_correct
from socratic_utils.experiments import corpus, data, saved
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.metrics.self_consistency import majority


def answer_1(settings):
    """`judge(problem, chain)` returns `KEPT` or a reason. The problem of a chain has
    the id `chain.problem_id`."""
    _, chains = data.sampled(settings)
    right = many_chains.whole_pool(settings).pool
    return 1 - len(corpus.pool_of(settings, right)[1].chains) / len(chains)


def answer_2(settings):
    """`accuracy_by_votes(rows, samples, counts)` takes the rows of one student, its
    number of samples (`settings.many.votes[-1]`) and the numbers of votes, here
    `range(1, samples + 1)`. Take "votes" and "accuracy" of each line."""
    most, own = settings.many.votes[-1], {}
    arm = many_chains.with_votes(settings, many_chains.whole_pool(settings))
    for row in saved.arm_rows_on_disk(settings, arm):
        own.setdefault(row["id"], []).append(row)
    if not own:
        raise ValueError("no student has voted with these settings")
    kind = data.test_problems(settings)[0].kind
    votes = {}
    for count in range(1, most + 1):
        right = 0
        for samples in own.values():
            ballots = [(s["extracted"], s["logprob"]) for s in samples[:count]]
            right += is_correct(majority(ballots, kind), samples[0]["gold"], kind)
        votes[count] = round(right / len(own), 4)
    return votes


def answer_3(settings):
    """Count the answers; the largest count wins. With ["3", "4", "4", "3"], "3" and "4"
    are equally frequent, and "3" comes first."""
    problems, chains = data.sampled(settings)
    tried = [["7"], ["3", "4", "4"], ["3", "4", "4", "3"], ["9", "1", "1", "9", "5"]]
    for problem in problems:
        tried.append([c.answer for c in chains if c.problem_id == problem.id])

    def is_right(vote):
        for answers in tried:
            counts = Counter(answers)
            first = next(a for a in answers if counts[a] == max(counts.values()))
            if vote(list(answers)) != first:
                return False
        return True

    return is_right
