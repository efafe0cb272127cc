"""The right answers of notebook 11, computed from a run; docstrings are hints."""

from socratic_utils.experiments import corpus
from socratic_utils.experiments.scotd import many_chains
from socratic_utils.problems import Chain, Step


def right_chains(settings):
    """The right chains of every problem that has any, and of one with long ones."""
    _, pool = corpus.pool_of(settings, many_chains.whole_pool(settings).pool)
    own = {}
    for chain in pool.chains:
        own.setdefault(chain.problem_id, []).append(chain)
    texts = ("so " * 9, "so", "so " * 5, "so " * 7)
    step = Step("", "so", "1")
    made = [Chain("made", "cot", (step,), "1", "toy", text=text) for text in texts]
    return [*own.values(), made]


def answer_1(settings):
    """Look at `likeliest` above: it sorts `order` by a key and keeps the first
    `budget` indices. Your key is the length of `own[index].text`."""
    problems = right_chains(settings)

    def is_right(choose):
        for own in problems:
            lengths = sorted(len(chain.text) for chain in own)
            for budget in (1, 2, 3):
                picks = list(choose(list(own), list(range(len(own)))[::-1], budget))
                found = sorted(len(own[index].text) for index in picks)
                if len(set(picks)) < len(picks) or found != lengths[:budget]:
                    return False
        return True

    return is_right


def answer_2(settings):
    """The first chains of a problem have `chain.sample` below `count`. Keep those for
    which `judge(problem, chain)` is `KEPT`, and count different `problem_id`s."""
    pools = {
        count: corpus.pool_of(settings, f"chains_{count:02d}")[1]
        for count in settings.many.counts
    }
    return {count: pool.row()["with_chains"] for count, pool in pools.items()}


def answer_3(settings):
    """Chains can be put into sets: unite the sets of all filters. The right chains are
    the pool of `everything`, the student of all right chains."""
    arms = many_chains.with_chains(settings, many_chains.filter_arms(settings))
    _, whole = corpus.pool_of(settings, many_chains.whole_pool(settings).pool)
    pools = [corpus.pool_of(settings, arm.pool)[1].chains for arm in arms]
    selected = [c for c in whole.chains if any(c in pool for pool in pools)]
    return len(selected) / len(whole.chains)
