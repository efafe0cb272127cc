r"""What a reply says to the reader: without thoughts, up to the end of its own task.

    >>> body("<think>Or 13?</think>3 * 4 = 12.\nThe answer is 12.\n\nProblem: Tom has ...")
    ('3 * 4 = 12.\nThe answer is 12.', True)

Thoughts are what a tag marks as such, or a leading section before a whole solution; a
task is over when another one begins behind a stated answer.  Not covered: thoughts and
tasks without any mark, except a new question in a paragraph of its own.
"""

import re

from .marks import MARK, Statement, may_be_marked, statements

_NAME = r"(?:[\w-]+:)?(?P<name>(?:final )?[a-z][\w-]{0,30})"
# <think id="1">, </think>, [/THINK], ◁think▷, <|end_of_thought|>
_TAG = re.compile(
    r"(?:[<＜◁]\|?|(?P<square>[\[【])) ?(?P<end>/ ?|end_(?:of_)?)?(?:(?:begin|start)_(?:of_)?)?"
    + _NAME + r"(?(square)|(?:\s[^<>▷]{0,200})?)\s?(?:\|?[>＞▷]|[\]】])", re.I,
)  # fmt: skip
_THOUGHT = re.compile(r"think|thought|scratch|monolog|reflect|ponder|deliberat|rumin", re.I)
_REASONING = re.compile(r"reason|rational|analy|plan|consider|explor|draft|brainstorm", re.I)
_FINAL = re.compile(r"(?:final[_ ]?)?(?:answer|box)|final", re.I)
_VISIBLE = re.compile(  # may hold the chain, and are no thoughts
    rf"{_FINAL.pattern}|response|output|solution|result|reply|conclusion|steps?\d*|(?:sub_?)?"
    r"question\d*|calc\w*|equation|formula|math|[a-z]\d?|em|strong|su[bp]|br|div|span|[ou]l"
    r"|li|t[rdh]|table|code|pre", re.I,
)  # fmt: skip
_CHANNELS = [  # of gpt-oss and Gemma; "assistantfinal" where special tokens are removed
    (re.compile(r"<\|channel\|?>\s*final[^<]{0,40}(?:<\|message\|>)?|<channel\|>"
                r"|assistantfinal(?=\W|[A-Z0-9])|^[ .]*+done thinking[ .]*+$", re.I | re.M),
     "</think>"),
    (re.compile(r"<\|channel\|?>[^<]{0,40}(?:<\|message\|>)?"), "<think>"),
]  # fmt: skip
_HEAD, _HEAD_END = r"^[ \t]*(?:[#*_>]+[ \t]*)?", r"[ \t]*(?::[*_]*|[*_]+:?|(?=\n))"
_SECTIONS = re.compile(
    rf"\s*{_HEAD}(?:(?:my|here is my|internal|chain of)\s)*(?:thinking|thoughts?|reasoning"
    rf"|analysis|scratchpad|rationale|monologue|planning|draft)(?:\sprocess)?{_HEAD_END}.*?"
    rf"{_HEAD}(?:here is my |the )?(?:final )?(?:answer|response|solution|output|result"
    rf"|reply){_HEAD_END}(?P<rest>.*)",
    re.I | re.S | re.M,
)
_TURN = (
    r"(?:<\|?(?:im_(?:start|end)|e[ot]{1,2}[ms]?(?:_id)?|bos|end(?:_?of_?(?:text|turn|sentence))?"
    r"|return|start(?:_header_id|_of_turn)?|end_header_id|user|system|human|assistant)\|?>"
    r"|</?s>|\[/?INST\]|<</?SYS>>|<｜[^<>｜]{1,40}｜>)"
)
_FIRST_TURN = re.compile(rf"\A(?:\s*{_TURN}\s*(?:assistant\b|model\b)?)+\s*", re.I)
_NEXT_TURN = re.compile(_TURN, re.I)
_TASKS = (
    r"(?:problem|task|exercise|example|puzzle|riddle|instruction|input|prompt|query|case"
    r"|context|passage|story|scenario|human|user|student|system|assistant)s?"
)
_TASK = re.compile(
    r"(?:^[\s#*_>\[(<=-]{0,12}(?:\d{1,2}[.)]\s)?|(?P<inline>(?<=[.!?)}\]\d*$])[ \t]*))"
    rf"(?:(?P<asked>(?:sub-?)?question|sq|q)|(?:(?:new|next|another|practice|sample|test)\s)?"
    rf"{_TASKS})\s?(?:\#|no\.)?(?P<number>\d{{0,3}})"
    r"[*_]*(?:[:：]|(?(inline)(?!)|(?:[\])>*_.]{1,3}(?=\s)|[ \t]*$)))"
    rf"|^[^\n.?!]{{0,40}}\b(?:another|next|new|similar|following)\s(?:\w+\s)?(?:question|{_TASKS})\b"
    # a paragraph of several sentences that ends with a question, or a question below ---
    r"|(?:^[ \t]*[-=*_]{3,}\s+(?=[A-Z])|\n[ \t]*\n(?=[A-Z](?:[^\n?]+\n){0,3}[^\n?]*[.!]\s))"
    r"(?!(?:wait|hmm|but|actually|hold|no|let|check|is|does|did|are|was|should|so|oh|ok|okay"
    r"|however|now|note|to|if|why|since|thus|therefore|hence|in)\b)"
    r"(?:[^\n?]+\n){0,3}[^\n?]*\?[ \t]*$",
    re.I | re.M,
)
_LABELLED = re.compile(r"[\W\d]*(?:sub-?)?(?:a|answer|solution)\s?\d{0,2}[*_]*[:.)\]：]", re.I)


def body(text: str) -> str:
    """The reply without thoughts and further tasks."""
    return own_task(without_thoughts(text))[0]


def without_thoughts(text: str) -> str:
    """The reply without what its tags or headings mark as thoughts.

    An unmatched closing tag ends a thought that opens the reply; an unmatched opening
    tag begins one that runs to the end, or to an answer tag.  Reasoning under another
    name is one only if a whole solution stands outside.
    """
    if re.search("[<＜◁[【]|assistantfinal|done thinking", text):
        for pattern, new in _CHANNELS:
            text = pattern.sub(new, text)
        text, _ = _outside(text, _THOUGHT.search)
        tags = [tag for tag in _TAG.finditer(text) if not _NEXT_TURN.fullmatch(tag[0])]
        closed = {tag["name"].lower() for tag in tags if tag["end"]}
        first = tags[0] if tags else None
        opens = first and (first["end"] or not text[: first.start()].strip())
        outside, is_open = _outside(
            text, lambda name: not _VISIBLE.fullmatch(name) and
            (opens and name.lower() in closed or _REASONING.search(name)),
        )  # fmt: skip
        if _is_whole(outside) or is_open:
            text = outside
        text = _TAG.sub(_shown, text)
    sections = _SECTIONS.match(text)
    return sections["rest"] if sections and _is_whole(sections["rest"]) else text


def _outside(text: str, is_thought) -> tuple[str, bool]:
    """The text outside the tags of these names; whether a tag is never closed."""
    tags = [tag for tag in _TAG.finditer(text) if not _NEXT_TURN.fullmatch(tag[0])]
    ours = [bool(is_thought(tag["name"])) for tag in tags]
    ends = [tag.start() for tag, own in zip(tags, ours, strict=True) if own and tag["end"]]
    last, parts, start, depth = ends[-1] if ends else -1, [], 0, 0
    for tag, own in zip(tags, ours, strict=True):
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
    """An answer tag as "Answer: ", unless a mark follows; no tags of reasoning."""
    name, rest = tag["name"], tag.string[tag.end() :][:500]
    if _FINAL.fullmatch(name):
        inside = _TAG.split(rest)[0]
        return "\n" if tag["end"] or may_be_marked(inside) else "\nAnswer: "
    known = _REASONING.search(name) or _THOUGHT.search(name) or len(name) > 4
    hidden = known and not tag["square"] and (_VISIBLE.fullmatch(name) or _REASONING.search(name))
    return "\n" if hidden else tag[0]


def _is_whole(text: str) -> bool:
    """Whether a stated answer has a sentence of at least three words before it."""
    mark = MARK.search(text)
    before = text[: mark.start()].rpartition("\n")[0] or text[: mark.start()] if mark else ""
    return len(re.findall(r"\w+", before)) > 3


def own_task(text: str, socratic: bool = True) -> tuple[str, bool]:
    """The reply up to its next turn or task, and whether there was one.

    In a Socratic chain a question behind a labelled answer ("A1: The answer is 4.")
    goes on with the chain, unless its number or a blank line says otherwise.
    """
    text = _FIRST_TURN.sub("", text)
    if turn := _NEXT_TURN.search(text):
        return text[: turn.start()].rstrip(), True
    told = [s for s in statements(text, "choice")  # the first one at the end
            if s.rank < 2 and not re.match(r"[^.?!\n]*\?", s.line)]  # fmt: skip
    last, number = None, 0
    for task in _TASK.finditer(text) if told else ():
        while told and re.search(r"\w", text[told[-1].end : task.start()]):
            last = told.pop()
        follows = socratic and last and task["asked"] and _goes_on(text, last, task, number)
        if last and not follows:
            return text[: task.start()].rstrip(), True
        number = int(task["number"] or 0) if task["asked"] else number
    return text, False


def _goes_on(text: str, last: Statement, task: re.Match, number: int) -> bool:
    """Whether a question behind a stated answer belongs to the same Socratic chain."""
    line = text.rfind("\n", 0, last.start) + 1
    labelled = _LABELLED.match(text, line)
    if len(re.findall(r"\w+", MARK.split(text[task.end() : task.end() + 200])[0])) < 3:
        return True
    if not labelled or labelled.end() >= last.end:  # "The answer is", or "Answer:" itself
        return bool(labelled)
    blank = re.search(r"\n\s*\n\s*$", text[last.end : task.start("asked")])
    return int(task["number"] or 0) == number + 1 if task["number"] else not blank
