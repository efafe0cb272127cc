r"""Which part of a reply counts: where it states its answer, and what it denies;
without thoughts and further tasks.

    >>> stated("The answer is 12.\nNote: the answer is rounded to 2 decimals.")[0].line
    '12.'
    >>> affirmed("not (a) or (b), leaving (c)", marked=True)
    'not, leaving (c)'
    >>> own_task("The answer is 12.\n\nProblem: Tom has ...")
    ('The answer is 12.', True)

Not covered: answers without a mark; thoughts without any mark.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .patterns import PATTERNS as P

MAX_LINE = 500  # characters of a statement


def affirmed(text: str, marked: bool) -> str:
    """The text without what it negates: 'not 15 but 18' -> 'not but 18'."""
    return (P.DENIED_BEHIND if marked else P.DENIED).sub("not", text)


def may_be_marked(text: str) -> bool:
    """A fast test that is never wrongly False; the pattern itself is slow."""
    return "####" in text or "boxed" in text or "answer" in text.lower()


class Statement(NamedTuple):
    """What stands behind an answer mark, which is text[start:end]."""

    line: str
    start: int
    end: int
    asks: bool  # "How do we know the answer is 12?"
    rank: int  # 0 sure, 1 in doubt, 2 talk


def statements(text: str) -> list[Statement]:
    """The rest of the line behind each mark, the last one first; no empty lines."""
    found = []
    marks, stop = list(P.MARK.finditer(text)) if may_be_marked(text) else [], len(text)
    for mark in reversed(marks):
        (start, end), span = mark.span(), text[mark.end() : stop]
        stop = start
        if mark[0].startswith("\\"):
            span = span.partition("}")[0]
        if line := next((x for x in span.splitlines() if any(map(str.isalnum, x))), ""):
            sure = P.LEADS.match(line) or P.NO_ANSWER.match(line)
            asks = bool(re.match(r"[^.?!\n]+\?", line))
            doubt = not sure or asks or P.DOUBT.search(text[max(0, start - 80) : start])
            rank = 2 if P.TALK_BEHIND.match(line) else int(bool(doubt))
            found.append(Statement(line[:MAX_LINE], start, end, asks, rank))
    return found


def stated(text: str) -> list[Statement]:
    """The statements of a text, the most credible first, and then the last."""
    return sorted(statements(text), key=lambda statement: statement.rank)


def without_thoughts(text: str) -> str:
    """The reply without what its tags or headings mark as thoughts.  An unmatched
    closing tag ends a thought that opens the reply; an unmatched opening tag begins one
    that runs to the end, or to an answer tag.  Reasoning under another name is a
    thought only if a whole solution stands outside."""
    if re.search("[<＜◁⟨«[【]|assistantfinal|done thinking", text):
        text = P.CHANNEL.sub("<think>", P.LAST_CHANNEL.sub("</think>", text))
        text, _ = _outside(text, lambda tag: P.THOUGHT.search(tag["name"]))
        tags = _tags(text)
        leads = tags and (tags[0]["end"] or not text[: tags[0].start()].strip())
        closed = {tag["name"] for tag in tags if tag["end"]}

        def is_reasoning(tag: re.Match) -> bool:
            name = tag["name"]
            if P.REASONING.search(name):
                return name in closed or not tag["square"]
            known = (P.MARKUP_TAG.fullmatch, P.WRAPPER.search, P.FINAL_TAG.search)
            return bool(leads) and name in closed and not any(f(name) for f in known)

        outside, is_open = _outside(text, is_reasoning)
        text = outside if is_open or _is_whole(outside) else text
        text = P.TAG.sub(_shown, text)
    sections = P.SECTIONS.match(text)
    return sections["rest"] if sections and _is_whole(sections["rest"]) else text


def _tags(text: str) -> list[re.Match]:
    return [tag for tag in P.TAG.finditer(text) if not P.TURN.fullmatch(tag[0])]


def _outside(text: str, hides: Callable) -> tuple[str, bool]:
    """The text outside the tags that hide theirs; whether one is never closed."""
    tags = [(tag, bool(hides(tag))) for tag in _tags(text)]
    last = max((tag.start() for tag, own in tags if own and tag["end"]), default=-1)
    parts, start, depth = [], 0, 0
    for tag, own in tags:
        if own and tag["end"]:
            parts *= bool(depth)
            depth = max(depth - 1, 0) if tag.start() < last else 0
            start = start if depth else tag.end()
        elif own:
            parts += [] if depth else [text[start : tag.start()]]
            depth += 1
        elif depth and tag.start() > last and P.FINAL_TAG.fullmatch(tag["name"]):
            start, depth = tag.start(), 0
    return "".join(parts) + ("" if depth else text[start:]), bool(depth)


def _shown(tag: re.Match) -> str:
    """An answer tag as "Answer: ", unless a mark follows; none around a solution."""
    if P.FINAL_TAG.fullmatch(tag["name"]):
        inside = P.TAG.split(tag.string[tag.end() :][:500])[0]
        return "\n" if tag["end"] or may_be_marked(inside) else "\nAnswer: "
    known = P.WRAPPER.search(tag["name"]) or P.REASONING.search(tag["name"])
    return "\n" if known and not tag["square"] else tag[0]


def _is_whole(text: str) -> bool:
    """Whether a stated answer stands behind some solution."""
    mark = P.MARK.search(text)
    return bool(mark) and len(text[: mark.start()].split()) > 4


def own_task(text: str, socratic: bool = True) -> tuple[str, bool]:
    """The reply up to its next turn or task, and whether there was one.  Only behind a
    stated answer can another task begin."""
    text = P.FIRST_TURN.sub("", text)
    if "<s>" in text:
        text = re.sub(r"<s>[^<\n]*</s>", "", text)  # struck out
    if turn := P.TURN.search(text):
        return text[: turn.start()].rstrip(), True
    told = [s for s in statements(text) if s.rank < 2 and not s.asks]  # the last first
    last, number = None, 0
    for task in P.TASK.finditer(text) if told else ():
        while told and re.search(r"\w", text[told[-1].end : task.start()]):
            last = told.pop()
        goes_on = socratic and task["asked"] and last and _goes_on(last, task, number)
        if last and not goes_on:
            return text[: task.start()].rstrip(), True
        number = int(task["number"] or 0) if task["asked"] else number
    return text, False


def _goes_on(last: Statement, task: re.Match, number: int) -> bool:
    """Whether a question behind a stated answer belongs to the same Socratic chain.  It
    does behind "Answer: 4", which answers a sub-question, and behind "A1: The answer is
    4.", unless its number or a blank line says otherwise."""
    text, next_words = task.string, task.string[task.end() :][:200]
    line = text.rfind("\n", 0, last.start) + 1
    labelled = P.LABELLED.match(text, line)
    if len(P.MARK.split(next_words)[0].split()) < 3:  # no question at all
        return True
    if not labelled:  # "9 * 2 = 18. The answer is 18." belongs to the question above
        follows = int(task["number"] or 0) == number + 1 > 1
        return follows and "=" in text[line : last.start]
    if labelled.end() >= last.end:
        return True
    blank = re.search(r"\n\s*\n\s*$", text[last.end : task.start("asked")])
    return int(task["number"]) == number + 1 if task["number"] else not blank
