"""The right answers of notebook 01, computed from a run; docstrings are hints."""

from socratic_utils.experiments import corpus, data
from socratic_utils.filtering import KEPT


def answer_1(settings):
    """`teacher.known(problems[:12], "cot", temperature=0.7, sample=1)` lists a chain or
    None for each problem, and asks no teacher. Collect `problem_id` of the chains."""
    teacher, problems = data.teacher_of(settings), data.train_problems(settings)
    if not hasattr(teacher, "known"):
        raise ValueError("published teachers have one chain per problem")
    known = teacher.known(problems[:12], "cot", temperature=0.7, sample=1)
    return {chain.problem_id for chain in known if chain}


def answer_2(settings):
    """Take the means of `prompt_tokens` and `completion_tokens` over the rows of
    `styles[-1]`, multiply each by its price per token, then by 30 chains and by the
    number of problems."""
    teacher, problems = data.teacher_of(settings), data.train_problems(settings)
    style = corpus.styles(settings)[-1]
    replies = [
        reply
        for reply in teacher.replies(problems)
        if reply["style"] == style and reply["temperature"] < 1
    ]
    if not replies:
        raise ValueError("published chains have no token counts")
    asked = sum(reply["prompt_tokens"] for reply in replies)
    written = sum(reply["completion_tokens"] for reply in replies)
    dollars = (0.15 * asked + 0.60 * written) / 1e6
    return 30 * len(problems) * dollars / len(replies)


def answer_3(settings):
    """`first["cot"].kept` holds the correct first chains. Make a set of their
    `problem_id` for each style, and count what is in one set only."""
    if set(corpus.styles(settings)) != {"cot", "socratic"}:
        raise ValueError("the teacher has one style only")
    cot, socratic = (
        {
            attempt.chain.problem_id
            for attempt in corpus.filtered(settings, style).attempts
            if attempt.chain.sample == 0 and attempt.reason == KEPT
        }
        for style in ("cot", "socratic")
    )
    return len(cot - socratic), len(socratic - cot)
