"""One transcript, many students: segments with roles, and the loss mask.

A problem and its chain are rendered once, one line per segment:

    Problem: Mia buys 3 bags of 4 apples and eats 2. How many are left?
    Q: How many apples does Mia buy?
    A: She buys 3 * 4 = 12 apples.
    ...
    The answer is 10.<end>

One sequence with a mask trains the question answerer on all k steps at once: the same
loss as k sequences with growing prefixes (Socratic CoT, Eq. 1).  A guide, the plan that
a question generator reads (Fig. 6, Table 4), is one line after the problem's.
"""

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from socratic_utils.answers import ANSWER_MARK, find_equations
from socratic_utils.problems import Chain, Problem, gold_chain, problem_text

PREFIXES = {
    "problem": "Problem:", "guide": "Plan:", "question": "Q:", "solution": "A:",
    "answer": ANSWER_MARK, "done": "No more questions"}  # fmt: skip
Pairs = Sequence[tuple[Problem, Chain]]  # what a student learns, in order
IGNORED = -100  # the label that PyTorch's cross-entropy ignores
# Operators alone are in the code of Socratic CoT's source, arXiv 2211.12835.
GUIDES = ("equations", "operators", "steps")
_OPERATOR = re.compile(r"(?<=[\d)%])[-+*/xX]")  # between two operands, so no sign


class Segment(NamedTuple):
    role: str
    text: str


def segments(problem: Problem, chain: Chain) -> list[Segment]:
    """The whole transcript of a problem and a chain."""
    lines = [("problem", problem_text(problem))]
    for step in chain.steps:
        lines += [("question", step.question), ("solution", step.solution)]
    lines.append(("answer", f"{chain.answer}."))
    return [Segment(role, _line(role, text)) for role, text in lines if text]


def prompt_text(problem: Problem) -> str:
    """The first line of a transcript, at test time the whole prompt."""
    return _line("problem", problem_text(problem))


def role_of(line: str) -> str:
    """The role of a decoded line by its first words, or "other"."""
    roles = (r for r, prefix in PREFIXES.items() if line.strip().startswith(prefix))
    return next(roles, "other")


def _line(role: str, text: str) -> str:
    return f"{PREFIXES[role]} {' '.join(text.split())}"


def guide_text(chain: Chain, kind: str) -> str:
    """The guide line of a chain's own steps, right or wrong; see `GUIDES`.  `Plan: 4 *
    12 = 48; 48 - 30 = 18` or `Plan: none`; `Plan: *+ -`, where the operators of one
    equation are joined; `Plan: 2 steps`.  ValueError on an unknown kind."""
    if kind not in GUIDES:
        raise ValueError(f"the kind of guide must be one of {GUIDES}, not {kind!r}")
    found = [e for step in chain.steps for e in find_equations(step.solution)]
    if kind == "steps":
        count = len(chain.steps)
        return f"{PREFIXES['guide']} {count} step{'' if count == 1 else 's'}"
    if kind == "equations":
        texts = [f"{equation.expression} = {equation.result}" for equation in found]
        plan = "; ".join(_OPERATOR.sub(r" \g<0> ", text) for text in texts)
    else:
        plan = " ".join("".join(_OPERATOR.findall(e.expression)) for e in found)
    return f"{PREFIXES['guide']} {re.sub('[xX]', '*', plan) or 'none'}"


def gold_guides(problems: Sequence[Problem], kind: str) -> dict[str, str]:
    """Problem id -> guide line from the gold steps; ValueError where there are none."""
    if bare := [problem.id for problem in problems if not problem.steps]:
        raise ValueError(f"problem {bare[0]!r} has no gold steps for a guide")
    return {p.id: guide_text(gold_chain(p), kind) for p in problems}


def start_ids(tokenizer) -> list[int]:
    """The tokens before every text: OPT has </s>, GPT-2 has none."""
    text = text_ids(tokenizer, "a")  # not "": some tokenizers add an end as well
    return list(takewhile(lambda i: i not in text, tokenizer("a").input_ids))


def text_ids(tokenizer, text: str) -> list[int]:
    """The tokens of a text, without those before every text."""
    return tokenizer(text, add_special_tokens=False).input_ids


def line_ids(tokenizer, text: str, last: bool = False) -> list[int]:
    """The tokens of a line and its stop mark: a new line, or <end> after the last."""
    # Encoded separately, so that decoding meets exactly the tokens of training.  So is
    # the prefix, which an answerer is given, if it would be merged with the next word.
    stop = [tokenizer.eos_token_id] if last else text_ids(tokenizer, "\n")
    ids, prefix = text_ids(tokenizer, text), PREFIXES.get(role_of(text), "")
    given = text_ids(tokenizer, prefix)
    if ids[: len(given)] != given:
        ids = given + text_ids(tokenizer, text[len(prefix) :])
    return [*ids, *stop]


def prompt_ids(tokenizer, problem: Problem, guide: str = "") -> list[int]:
    """The tokens of the problem's line and of a guide line, exactly as in training."""
    ids = start_ids(tokenizer) + line_ids(tokenizer, prompt_text(problem))
    return ids + (line_ids(tokenizer, guide) if guide else [])


def tokenize(tokenizer, problem: Problem, chain: Chain, supervision) -> dict:
    """`input_ids` and `labels` (-100: not in the loss) of one transcript, [length]."""
    ids = start_ids(tokenizer)
    labels = [IGNORED] * len(ids)
    shown = supervision.transcript(problem, chain)
    for number, (segment, trained) in enumerate(shown, 1):
        tokens = line_ids(tokenizer, segment.text, last=number == len(shown))
        ids += tokens
        labels += tokens if trained else [IGNORED] * len(tokens)
    return {"input_ids": ids, "labels": labels}


def check_round_trip(tokenizer, problem: Problem, chain: Chain, supervision) -> None:
    """ValueError if a tokenizer loses the roles of lines, or changes the last one."""
    lines = [segment.text for segment, _ in supervision.transcript(problem, chain)]
    ids = tokenize(tokenizer, problem, chain, supervision)["input_ids"]
    back = tokenizer.decode(ids, skip_special_tokens=True)
    found = [line.strip() for line in back.split("\n")]
    if [*map(role_of, lines), lines[-1]] != [*map(role_of, found), found[-1]]:
        before, after = "\n".join(lines)[-60:], back[-60:]
        advice = "choose a student whose tokenizer keeps new lines, case and spaces"
        raise ValueError(f"the tokenizer turns {before!r} into {after!r}: {advice}")


def map_pairs(function: Callable, pairs: Pairs) -> list:
    """`function(problem, chain)` of every pair; a repeated pair is computed once."""
    once = {(problem.id, id(chain)): (problem, chain) for problem, chain in pairs}
    found = {key: function(*pair) for key, pair in once.items()}
    return [found[problem.id, id(chain)] for problem, chain in pairs]
