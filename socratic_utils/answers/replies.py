r"""The part of a reply that solves its own task: without thoughts and further tasks.

    >>> body("<think>Or 13?</think>The answer is 12.\n\nProblem: Tom has ...")
    'The answer is 12.'

Not covered: thoughts without any mark.
"""

import re
from collections.abc import Callable

from .marks import MARK, PHRASES, Statement, may_be_marked, statements

# <think id="1">, </think>, [/THINK], ◁think▷, <|end_of_thought|>
_TAG = re.compile(
    r"(?:[<＜◁⟨«]\|?|(?P<square>[\[【])) ?(?P<end>[/\\] ?|end_(?:of_)?)?"
    r"(?:(?:begin|start)_(?:of_)?)?(?:[\w-]+:)?(?P<name>(?:final )?[a-z][\w-]{0,30})"
    r"(?(square)|(?:\s[^<>▷]{0,200})?)\s?(?:\|?[>＞▷⟩»]|[\]】])",
    re.I,
)
_TURN = re.compile(
    rf"<\|?(?:{PHRASES['turns']})\|?>|</?s>|\[(?:/?INST|EOS)\]|<</?SYS>>|<｜[^<>｜]{{1,40}}｜>",
    re.I,
)
_FIRST_TURN = re.compile(
    rf"\A(?:\s*(?:{_TURN.pattern})\s*(?:assistant\b|model\b)?)+\s*", re.I
)
_THOUGHT, _REASONING, _WRAPPER, _MARKUP = (
    re.compile(PHRASES[name], re.I)
    for name in ("thoughts", "reasoning", "wrappers", "markup")
)
_FINAL = re.compile(r"(?:final[_ ]?)?(?:answer|box)|final", re.I)
# Channels of gpt-oss and Gemma, and what is left of them without special tokens.
_CHANNEL = re.compile(
    r"<\|channel\|?>(?!\s*final)[^<]{0,40}(?:<\|message\|>)?|<unused94>\s*thought", re.I
)
_LAST_CHANNEL = re.compile(
    r"<\|channel\|?>\s*final[^<]{0,40}(?:<\|message\|>)?|<channel\|>|<unused95>"
    r"|assistantfinal(?=\W|[A-Z0-9])|^[ .]*+done thinking[ .]*+$",
    re.I | re.M,
)
_HEAD, _HEAD_END = r"^[ \t]*(?:[#*_>]+[ \t]*)?", r"[ \t]*(?::[*_]*|[*_]+:?|(?=\n))"
_SECTIONS = re.compile(
    rf"\s*{_HEAD}{PHRASES['headings']}{_HEAD_END}.*?"
    rf"{_HEAD}(?:here is my |the )?(?:final )?(?:answer|{PHRASES['wrappers']})"
    rf"{_HEAD_END}(?P<rest>.*)",
    re.I | re.S | re.M,
)
_TASK = re.compile(
    # "Problem 2:", "### Instruction", "Q3."; within a line only with a colon
    r"(?:^[\s#*_>\[(<=-]{0,12}(?:\d{1,2}[.)]\s)?|(?P<inline>(?<=[.!?)}\]\d*$])[ \t]*))"
    r"(?:(?P<asked>(?:sub-?)?question|sq|q)"
    rf"|(?:(?:new|next|another|practice|sample|test)\s)?(?:{PHRASES['tasks']}))\s?(?P<number>\d{{0,3}})"
    r"[*_]*(?:[:：]|(?(inline)(?!)|(?:>|[\])*_.]{1,3}(?=\s)|[ \t#*_]*$)))"
    r"|^[^\n.?!]{0,40}\b(?:(?:solve|try|do)\s(?:this|the following)\b"
    r"|(?:another|next|new|similar|following)\s(?:\w+\s)?"
    rf"(?:question|{PHRASES['tasks']})\b)"
    # a question below "---", or a paragraph of several sentences that ends with one
    r"|(?:^[ \t]*[-=*_]{3,}\s+(?=[A-Z])"
    r"|\n[ \t]*\n(?:\d{1,2}[.)]\s)?(?=[A-Z](?:[^\n?]+\n){0,3}[^\n?]*[.!]\s))"
    rf"(?!(?:{PHRASES['remarks']})\b)"
    r"(?:[^\n?]+\n){0,3}[^\n?]*\?[ \t]*$",
    re.I | re.M,
)
_LABELLED = re.compile(
    r"[\W\d]*(?:sub-?)?(?:a|answer|solution)\s?\d{0,2}[*_]*[:.)\]：]", re.I
)


def body(text: str) -> str:
    """The reply without thoughts and further tasks."""
    return own_task(without_thoughts(text))[0]


def without_thoughts(text: str) -> str:
    """The reply without what its tags or headings mark as thoughts.

    An unmatched closing tag ends a thought that opens the reply; an unmatched opening
    tag begins one that runs to the end, or to an answer tag.  Reasoning under another
    name is a thought only if a whole solution stands outside.
    """
    if re.search("[<＜◁⟨«[【]|assistantfinal|done thinking", text):
        text = _CHANNEL.sub("<think>", _LAST_CHANNEL.sub("</think>", text))
        text, _ = _outside(text, lambda tag: _THOUGHT.search(tag["name"]))
        tags = _tags(text)
        leads = tags and (tags[0]["end"] or not text[: tags[0].start()].strip())
        closed = {tag["name"] for tag in tags if tag["end"]}

        def is_reasoning(tag: re.Match) -> bool:
            name, known = (
                tag["name"],
                (_MARKUP.fullmatch, _WRAPPER.search, _FINAL.search),
            )
            if _REASONING.search(name):
                return name in closed or not tag["square"]
            return bool(leads) and name in closed and not any(f(name) for f in known)

        outside, is_open = _outside(text, is_reasoning)
        text = outside if is_open or _is_whole(outside) else text
        text = _TAG.sub(_shown, text)
    sections = _SECTIONS.match(text)
    return sections["rest"] if sections and _is_whole(sections["rest"]) else text


def _tags(text: str) -> list[re.Match]:
    return [tag for tag in _TAG.finditer(text) if not _TURN.fullmatch(tag[0])]


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
        elif depth and tag.start() > last and _FINAL.fullmatch(tag["name"]):
            start, depth = tag.start(), 0
    return "".join(parts) + ("" if depth else text[start:]), bool(depth)


def _shown(tag: re.Match) -> str:
    """An answer tag as "Answer: ", unless a mark follows; none around a solution."""
    if _FINAL.fullmatch(tag["name"]):
        inside = _TAG.split(tag.string[tag.end() :][:500])[0]
        return "\n" if tag["end"] or may_be_marked(inside) else "\nAnswer: "
    known = _WRAPPER.search(tag["name"]) or _REASONING.search(tag["name"])
    return "\n" if known and not tag["square"] else tag[0]


def _is_whole(text: str) -> bool:
    """Whether a stated answer stands behind some solution."""
    mark = MARK.search(text)
    return bool(mark) and len(text[: mark.start()].split()) > 4


def own_task(text: str, socratic: bool = True) -> tuple[str, bool]:
    """The reply up to its next turn or task, and whether there was one.

    Only behind a stated answer can another task begin.
    """
    text = _FIRST_TURN.sub("", text)
    if "<s>" in text:
        text = re.sub(r"<s>[^<\n]*</s>", "", text)  # struck out
    if turn := _TURN.search(text):
        return text[: turn.start()].rstrip(), True
    told = [s for s in statements(text) if s.rank < 2 and not s.asks]  # the last first
    last, number = None, 0
    for task in _TASK.finditer(text) if told else ():
        while told and re.search(r"\w", text[told[-1].end : task.start()]):
            last = told.pop()
        goes_on = socratic and task["asked"] and last and _goes_on(last, task, number)
        if last and not goes_on:
            return text[: task.start()].rstrip(), True
        number = int(task["number"] or 0) if task["asked"] else number
    return text, False


def _goes_on(last: Statement, task: re.Match, number: int) -> bool:
    """Whether a question behind a stated answer belongs to the same Socratic chain.

    It does behind "Answer: 4", which answers a sub-question, and behind "A1: The answer
    is 4.", unless its number or a blank line says otherwise.
    """
    text, next_words = task.string, task.string[task.end() :][:200]
    labelled = _LABELLED.match(text, text.rfind("\n", 0, last.start) + 1)
    if len(MARK.split(next_words)[0].split()) < 3:  # no question at all
        return True
    if not labelled or labelled.end() >= last.end:
        return bool(labelled)
    blank = re.search(r"\n\s*\n\s*$", text[last.end : task.start("asked")])
    return int(task["number"]) == number + 1 if task["number"] else not blank
