r"""From a teacher's reply to the steps and the final answer of a `Chain`.

The prompts ask for `Q1: ... / A1: ...` lines (Socratic) or one sentence per line (CoT)
and a last line "The answer is N."; bold, bullets, LaTeX, code, ... are removed:

    >>> reply = "**Q1:** How many?\n4 * 12 = 48 rolls.\nThe answer is 48."
    >>> parse_chain(reply, "socratic")
    ((Step(question='How many?', solution='4 * 12 = 48 rolls.', answer='48'),), '48')

A CoT step is a line, or a sentence if the reply is a single paragraph; "Let's break it
down." counts as one.  Not covered: tables, other languages.
"""

import re
from functools import lru_cache

from socratic_utils.problems import Step

from . import replies
from .arithmetic import find_equations, substitute
from .extract import extract_answer, extract_marked_answer, readable
from .patterns import PATTERNS as P


def _fraction(match: re.Match) -> str:
    r"""'\frac{2 + 4}{3}' -> '(2 + 4)/3'; '3\frac{1}{2}' -> '3 1/2'."""
    parts = [part for part in match.groups() if part is not None]
    before = match.string[: match.start()].rstrip()
    text = "/".join(f"({p})" if re.search(r"[-+*]|\\times", p) else p for p in parts)
    text = f"({text})" if before.endswith(("/", "÷", r"\div")) else text
    return " " * before[-1:].isdigit() + text


@lru_cache(1 << 14)  # notebooks ask for the same chains up to 38 times
def parse_chain(
    text: str, style: str, kind: str = "number", cut: bool = False
) -> tuple[tuple[Step, ...], str | None]:
    """The steps and the final answer of a reply, () and None where there are none.  The
    style "questions" gives sub-questions only.  Only a marked answer counts.  The last
    line is ignored if the reply was `cut` at the token limit."""
    text = replies.without_thoughts(text)
    if "final answer" in text.lower():
        text = P.HEADING.sub("Final answer: ", text)
        text = P.LAST_QUESTION.sub("Q:", text)
    text, is_over = replies.own_task(text, style != "cot")
    cut = cut and not is_over  # then the last line is whole
    if style == "questions":
        lines = (text.rpartition("\n")[0] if cut else text).splitlines()
        asked = filter(None, [P.QUESTION.match(clean_line(line)) for line in lines])
        questions = [match["text"].strip() for match in asked if match["text"]]
        return tuple(Step(question, "", "") for question in questions), None
    socratic = style.startswith("socratic")
    if not socratic and "\n" not in text.strip():
        text = sentence_lines(text)
    if cut:
        text = text.rpartition("\n")[0]
    answer = extract_marked_answer(text, kind)
    first = replies.stated(readable(text))[:1] if kind == "choice" else ()
    if any(P.SEVERAL.match(replies.affirmed(s.line, True)) for s in first):
        answer = None
    if "```" in text:
        text = P.CODE.sub("", P.FENCED.sub(r"\1", text))
    body = P.BOTH_IN_ONE.sub("\n", text).splitlines()
    marked = [i for i, line in enumerate(body) if _is_marked(line, kind)]
    lines = [clean_line(line) for line in body]
    sure = [i for i in marked if not all(s.rank for s in replies.statements(body[i]))]
    last = (sure or marked or [len(lines)])[-1]
    for index in marked:
        lines[index] = _without_final(body[index], kind, index == last)
    for index in range(last + 1, len(lines)):  # talk about the answer is no step
        if index in marked or P.TALK.search(lines[index]):
            lines[index] = ""
    return (_socratic_steps if socratic else _solution_steps)(lines, kind), answer


def clean_line(line: str) -> str:
    """The line without Markdown bold, bullets, step numbers and LaTeX."""
    line = " ".join(substitute(line, "typesetting", _fraction).split())
    mark = P.DECORATION.match(line)
    return line[mark.end() :].strip() if mark else line


def sentence_lines(text: str) -> str:
    """One sentence per line; "Mr. Wu has 2.5 kg." is one sentence."""
    return P.SENTENCE_END.sub("\n", text)


def step_answer(solution: str, kind: str = "number") -> str:
    """The result of a solution's last equation, otherwise its last answer."""
    if kind == "number" and (equations := find_equations(solution)):
        return extract_answer(equations[-1].result) or equations[-1].result
    return extract_answer(solution, kind) or ""


def _is_marked(line: str, kind: str) -> bool:
    """Whether the line holds a final answer, or only the mark ("Final answer:")."""
    if not replies.may_be_marked(line.replace("**", "")):  # bold can split the word
        return False
    if extract_marked_answer(line, kind) is not None:
        return True
    cleaned = clean_line(line)
    return bool(P.LAST_SENTENCE.search(cleaned)) and not cleaned[-1].isalnum()


def _without_final(line: str, kind: str, last: bool) -> str:
    """The cleaned line without "The answer is N."; "Answer: 3 * 4 = 12" is kept."""
    cleaned = clean_line(line.partition("####")[0])
    labelled = P.ANSWER.match(cleaned)
    if labelled and labelled["text"] and (not last or find_equations(cleaned)):
        return f"A: {P.FINAL.sub('', labelled['text']).strip() or labelled['text']}"
    if "\\boxed" in line and not find_equations(cleaned):
        return ""
    return P.FINAL.sub("", cleaned).strip()


def _solution_steps(lines: list[str], kind: str) -> tuple[Step, ...]:
    # Each line is a step; lines after ":" or starting with "=" are joined.
    solutions: list[str] = []
    for line in lines:
        line = _text(line)
        if not any(map(str.isalnum, line)) or P.QUESTION.match(line):
            continue
        if solutions and (solutions[-1].endswith(":") or line.startswith("=")):
            solutions[-1] += f" {line}"
        else:
            solutions.append(line)
    solutions = [text for text in solutions if not text.endswith(":")]
    return tuple(Step("", text, step_answer(text, kind)) for text in solutions)


def _socratic_steps(lines: list[str], kind: str) -> tuple[Step, ...]:
    # A question without a solution is dropped.  Where labels are missing, a line that
    # ends with "?" is a question, and the lines up to a blank one are its solution.
    turns: list[list[str]] = []  # [question, solution]
    joined = False  # whether the line directly follows a labelled question or solution
    for line in lines:
        asked, text = P.QUESTION.match(line), _text(line)
        question, solution = turns[-1] if turns else ("-", "-")
        if asked or (text.endswith("?") and text == line and question):
            turns.append([asked["text"].strip() if asked else line, ""])
            joined = bool(asked)
        elif not text:
            joined = joined and bool(line)
        elif not question:
            turns[-1][0] = text
        elif not solution:  # a numeric one has a digit, if nothing else marks it
            readable = kind != "number" or any(map(str.isdigit, text))
            if readable or text != line or joined:
                turns[-1][1], joined = text, True
        elif joined:  # without an equation it may be a closing remark
            more = kind != "number" or text.startswith("=") or find_equations(text)
            if more or not find_equations(solution):
                turns[-1][1] += f" {text}"
    return tuple(Step(q, a, step_answer(a, kind)) for q, a in turns if q and a)


def _text(line: str) -> str:
    labelled = P.ANSWER.match(line)
    return labelled["text"].strip() if labelled else line
