"""Kinds of replies that are easily misread; `replies.jsonl` has given inputs of each.

Every table holds more of a kind: whoever mends one input should not break the others.
"""

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest

from socratic_utils.answers import (
    choice_in_reply,
    choice_of,
    extract_answer,
    extract_marked_answer,
    is_correct,
    parse_chain,
)
from socratic_utils.answers.arithmetic import plain
from socratic_utils.problems import Problem

PATH = Path(__file__).parent / "replies.jsonl"
GIVEN = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]

STEP = "Ann buys 3 * 4 = 12 apples."
CHAIN = f"{STEP}\nThe answer is 12."
OTHER = "Tom has 5 pens and buys 2. How many?\nHe has 5 + 2 = 7 pens.\nThe answer is 7."
NEVER = "Hmm, 3*4 = 13? no."


def same(answer, wanted):
    if answer is None or wanted is None or not answer[-1].isdigit():
        return answer == wanted
    return wanted[-1].isdigit() and Fraction(answer) == Fraction(wanted)


@pytest.mark.parametrize("row", GIVEN, ids=lambda row: row["fault"][:24])
def test_given_reply(row):
    if row["call"] == "is_correct":
        assert is_correct(row["predicted"], row["gold"]) is row["equal"]
        return
    if row["call"] == "parse_chain":
        arguments = (row[name] for name in ("text", "style", "kind", "cut"))
        steps, answer = parse_chain(*arguments)
        assert [step.solution for step in steps] == row["steps"]
    elif row["call"] == "choice_of":
        answer = choice_of(row["text"], row["choices"])
    else:
        answer = extract_answer(row["text"], row["kind"])
    if "never" in row:
        assert answer != row["never"]
    elif not (answer is None and row.get("or_none")):
        assert same(answer, row["answer"])


THOUGHTS = {
    "no opening tag": f"{NEVER}\n</think>\n\n{CHAIN}",
    "no opening tag, twice": f"{NEVER}</think>The answer is 13.</think>{CHAIN}",
    "upper case": f"<THINK>{NEVER}</THINK>\n{CHAIN}",
    "attributes": f'<think id="1" depth="2">{NEVER}</think>\n{CHAIN}',
    "spaces": f"< think >{NEVER}</ think >\n{CHAIN}",
    "thoughts": f"<thoughts>{NEVER}</thoughts>\n{CHAIN}",
    "namespace": f"<seed:think>{NEVER}</seed:think>{CHAIN}",
    "pad": f"<scratchpad>{NEVER}</scratchpad>\n{CHAIN}",
    "inner monologue": f"<inner_monologue>{NEVER}</inner_monologue>\n{CHAIN}",
    "reflection": f"<thinking>a<reflection>{NEVER}</reflection></thinking>{CHAIN}",
    "any name": f"<musings>{NEVER}</musings>\n{CHAIN}",
    "no opening tag, any name": f"{NEVER}\n</musings>\n{CHAIN}",
    "analysis": f"<analysis>\n{NEVER}\nThe answer is 13.\n</analysis>\n{CHAIN}",
    "rationale": f"<rationale>{NEVER}</rationale>\n\n{CHAIN}",
    "square": f"[thinking]\n{NEVER}\n[/thinking]\n{CHAIN}",
    "square, not a thought's name": f"[REASONING]{NEVER}[/REASONING]{CHAIN}",
    "wide": f"＜think＞{NEVER}＜/think＞{CHAIN}",
    "lenses": f"【think】{NEVER}【/think】{CHAIN}",
    "triangles, any name": f"◁reasoning▷{NEVER}◁/reasoning▷{CHAIN}",
    "special tokens": f"<|begin_of_thought|>{NEVER}<|end_of_thought|>\n{CHAIN}",
    "wrapped solution": f"<|begin_of_thought|>{NEVER}<|end_of_thought|>\n"
    f"<|begin_of_solution|>\n{CHAIN}\n<|end_of_solution|>",
    "Command": f"<|START_THINKING|>{NEVER}<|END_THINKING|><|START_RESPONSE|>{CHAIN}"
    "<|END_RESPONSE|>",
    "bars": f"<|thinking|>{NEVER}<|/thinking|>{CHAIN}",
    "channels": f"<|channel|>analysis<|message|>{NEVER}<|end|><|start|>assistant"
    f"<|channel|>final<|message|>{CHAIN}<|return|>",
    "analyses": f"<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>"
    f"commentary<|message|>{NEVER}<|end|><|start|>assistant<|channel|>final<|message|>{CHAIN}",
    "channels without tokens": f"analysis{NEVER}assistantfinal{CHAIN}",
    "Gemma": f"<|channel>thought\n{NEVER}<channel|>{CHAIN}",
    "several": f"<think>a</think>{STEP}<think>{NEVER}</think>\nThe answer is 12.",
    "different names": f"<think>{NEVER}</thinking>{CHAIN}",
    "opened twice": f"<think>a<think>{NEVER}</think>{CHAIN}",
    "nested twice": f"<think>a<think>b<think>c</think>d</think>{NEVER}</think>{CHAIN}",
    "nested, other name": f"<reasoning>a<reasoning>b</reasoning>13</reasoning>{CHAIN}",
    "tag around the rest": f"<think>{NEVER}</think><answer>{CHAIN}</answer>",
    "response tag": f"<thinking>{NEVER}</thinking>\n<response>\n{CHAIN}\n</response>",
    "details": f"<details>\n<summary>Thoughts</summary>\n{NEVER}</details>\n{CHAIN}",
    "bold": f"**Thinking:** {NEVER}\n\n**Answer:**\n{CHAIN}",
    "bold, inner colon": f"**Thinking**:\n{NEVER}\n\n**Response**:\n{CHAIN}",
    "heading": f"### Reasoning\n{NEVER}\n\n### Final Answer\n{CHAIN}",
    "process": f"## Thought Process\n\n{NEVER}\n\n## Solution\n\n{CHAIN}",
    "Granite": f"Here is my thought process:\n{NEVER}\n\nHere is my response:\n{CHAIN}",
    "Ollama": f"Thinking...\n{NEVER}\n...done thinking.\n\n{CHAIN}",
    "answer tag": f"<think>{NEVER}</think>\n{STEP}\n<answer>12</answer>",
    "square answer": f"[THINK]{NEVER}[/THINK]\n{STEP}\n[ANSWER] 12 [/ANSWER]",
    "brackets": f"⟨think⟩{NEVER}⟨/think⟩{CHAIN}",
    "guillemets": f"«think»{NEVER}«/think»{CHAIN}",
    "backslash": f"<think>{NEVER}<\\think>{CHAIN}",
    "MedGemma": f"<unused94>thought\n{NEVER}<unused95>{CHAIN}",
    "empty": f"<think>\n\n</think>\n\n{CHAIN}",
    "cot": f"<cot>{NEVER}</cot>\n{CHAIN}",
    "plan": f"<plan>\n{NEVER}\n</plan>\n{CHAIN}",
    "verification": f"<verify>12/4 = 3? yes.</verify>\n{CHAIN}",
    "token before": f"<|assistant|>\n<think>{NEVER}</think>{CHAIN}",
    "line labels": f"Reasoning: {NEVER}\n\nSolution:\n{CHAIN}",
    "headings of one size": f"# Analysis\n{NEVER}\n# Answer\n{CHAIN}",
    "cut off in a second thought": f"{CHAIN}\n<think>But what if 3",
}


@pytest.mark.parametrize("name", THOUGHTS)
def test_thoughts_are_no_part_of_the_chain(name):
    steps, answer = parse_chain(THOUGHTS[name], "cot")
    assert ([step.solution for step in steps], answer) == ([STEP], "12")


@pytest.mark.parametrize("name", THOUGHTS)
def test_thoughts_give_no_answer(name):
    assert extract_answer(THOUGHTS[name]) == "12"


@pytest.mark.parametrize(
    "text",
    [
        "<think>\nMaybe 7? The answer is 7.",
        "<reasoning>Maybe 7. The answer is 7. 3+",
        "[THINK]The answer is 7",
        "◁think▷The answer is 7.\nOr",
        "<|channel|>analysis<|message|>The answer is 7.",
        "a <THOUGHT> The answer is 7.\nb",
    ],
)
@pytest.mark.parametrize("cut", [True, False])
def test_a_thought_that_never_ends_has_no_answer(text, cut):
    assert parse_chain(text, "cot", cut=cut)[1] is None
    assert extract_marked_answer(text) is None


@pytest.mark.parametrize(
    ("text", "solutions"),
    [
        (
            "2 < 3, and 3 * 4 = 12 > 2.\nThe answer is 12.",
            ["2 < 3, and 3 * 4 = 12 > 2."],
        ),
        (
            "Since x<y and y>z, 3 * 4 = 12.\nThe answer is 12.",
            ["Since x<y and y>z, 3 * 4 = 12."],
        ),
        ("3 * 4 = <<3*4=12>>12 pens.\nThe answer is 12.", ["3 * 4 = 12 pens."]),
        ("3 * 4 = <s>13</s> 12.\nThe answer is 12.", ["3 * 4 = 12."]),
        (f"[Reasoning] {CHAIN}", [f"[Reasoning] {STEP}"]),
        (f"<answer>\n{CHAIN}\n</answer>", [STEP]),
        (f"<reasoning>{STEP}</reasoning>\n<answer>12</answer>", [STEP]),
        (f"<reasoning>\n{STEP}\n</reasoning>\nThe answer is 12.", [STEP]),
        (f"<solution>{CHAIN}</solution>", [STEP]),
        (f"<step>{STEP}</step>\nThe answer is 12.", [f"<step>{STEP}</step>"]),
        (f"### Reasoning\n{STEP}\n### Answer: 12", ["Reasoning", STEP]),
        (f"[video] {CHAIN}", [f"[video] {STEP}"]),
        ("<answer>12</answer>", []),
        ("[Answer] 12", []),
        ("<think>3 * 4 = 12</think><answer>12</answer>", []),
        ("<think>3 * 4 = 12\n<answer>12</answer>", []),
        ("<final_answer>12</final_answer>", []),
        ("<|begin_of_box|>12<|end_of_box|>", []),
    ],
)
def test_a_chain_in_tags_is_kept(text, solutions):
    steps, answer = parse_chain(text, "cot")
    kept = [s.solution.replace("<step>", "").replace("</step>", "") for s in steps]
    wanted = [s.replace("<step>", "").replace("</step>", "") for s in solutions]
    assert ([s for s in kept if s != "Reasoning"], answer) == (
        [s for s in wanted if s != "Reasoning"],
        "12",
    )


def test_a_thought_around_a_socratic_chain():
    text = "<think>Q1: 13?</think>Q1: How many?\nA1: 3 * 4 = 12.\nThe answer is 12."
    [step], answer = parse_chain(text, "socratic")
    assert (step.question, step.solution, answer) == ("How many?", "3 * 4 = 12.", "12")
    [question] = parse_chain("<think>Q1: 13?\n</think>\nQ1: How many?", "questions")[0]
    assert question.question == "How many?"


NEW_TASKS = [
    "\n\nProblem: {}",
    "\nProblem: {}",
    "\n\nProblem 2: {}",
    "\n\n**Problem:** {}",
    "\n\n### Problem\n{}",
    "\n\n## Problem 2\n{}",
    "\n\nQuestion: {}",
    "\n\nQuestion 2: {}",
    "\n\n**Question 2**\n{}",
    "\n\nQ: {}",
    "\nQ: {}",
    "\n\nQ3: {}",
    "\n\nQ3. {}",
    "\n\n[Question] {}",
    "\nHuman: {}",
    "\n\nHuman: {}",
    "\nUser: {}",
    "\n\n**User:** {}",
    "\nStudent: {}",
    "\n\n### Instruction:\n{}",
    "\n\n### Instruction\n{}",
    "\n\nInput: {}",
    "\n\nExample 2\n{}",
    "\n\nExample 2: {}",
    "\n\n---\n\n{}",
    "\n\n---\n\nProblem: {}",
    "\n\n***\n{}",
    "\n\n{}",
    "\n\nTask: {}",
    "\n\nExercise 4. {}",
    "\n\nNext problem: {}",
    "\n\nHere is another problem:\n{}",
    "\n\nNew question: {}",
    "\n\nPrompt: {}",
    "<|im_end|>\n<|im_start|>user\n{}",
    "</s>{}",
    "</s><s>[INST] {} [/INST]",
    "\n[INST] {} [/INST]",
    "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{}",
    "<end_of_turn>\n<start_of_turn>user\n{}",
    "<|endoftext|>{}",
    "<|end|>\n<|user|>\n{}",
    "<｜end▁of▁sentence｜><｜User｜>{}",
    "\n\n<|user|>\n{}",
    " Q: {}",
    " Question: {}",
    "\n\n2. Problem: {}",
    "\n\nquestion: {}",
    "\n\nQUESTION: {}",
    "\n\nPuzzle: {}",
    "\n\nProblem #2: {}",
    "\n\n### Problem 2 ###\n{}",
    "\n\n[Q] {}",
    "\n\nQ4) {}",
    "\n\n1. {}",
    "\n\nMath problem: {}",
    "\n\n### User:\n{}",
    "\n\n#### Question\n{}",
    "\nuser\n{}",
    "\n\nNow solve this: {}",
    "\n\nProblem 3 - {}",
    "\n\n(Q2) {}",
    "\n\n# Task\n{}",
    "<eos>{}",
    "[EOS]{}",
    "<pad>{}",
    "<|END_OF_TURN_TOKEN|>{}",
    "\n\n===\n\n{}",
    "\n\n\n\n{}",
    "\n\nTest question: {}",
    "<|end_of_text|>{}",
    "\n\n<question>{}",
    "\n\nContext: {}",
    "\n\nSystem: {}",
    "\nAssistant: {}",
]


@pytest.mark.parametrize("task", NEW_TASKS)
@pytest.mark.parametrize("cut", [False, True])
def test_another_task_behind_the_answer_is_not_read(task, cut):
    text = CHAIN + task.format(OTHER[:-3] if cut else OTHER)
    steps, answer = parse_chain(text, "cot", cut=cut)
    assert ([step.solution for step in steps], answer) == ([STEP], "12")
    boxed = text.replace("The answer is 12.", r"\boxed{12}")
    assert parse_chain(boxed, "cot", cut=cut)[1] == "12"
    assert extract_answer(text) == "12"


SOCRATIC = (
    "Q1: How many bags?\nA1: 3 * 4 = 12 bags.\nQ2: How many left?\nA2: 12 - 2 = 10."
)


@pytest.mark.parametrize("task", NEW_TASKS)
def test_another_task_behind_a_socratic_chain(task):
    text = f"{SOCRATIC}\nThe answer is 10." + task.format(OTHER)
    steps, answer = parse_chain(text, "socratic")
    assert ([step.answer for step in steps], answer) == (["12", "10"], "10")


@pytest.mark.parametrize(
    "text",
    [
        SOCRATIC.replace("bags.\n", "bags. The answer is 12.\n")
        + "\nThe answer is 10.",
        SOCRATIC.replace("1:", ":").replace("2:", ":") + "\nThe answer is 10.",
        SOCRATIC.replace("Q1", "Question 1").replace("A1", "Answer 1")
        + "\nThe answer is 10.",
        SOCRATIC.replace("Q1:", "Question:")
        .replace("A1:", "Answer:")
        .replace("Q2:", "Question:")
        .replace("A2:", "Answer:")
        + "\n#### 10",
        SOCRATIC.replace("\n", "\n\n") + "\n\nThe answer is 10.",
        SOCRATIC.replace("bags.\n", "bags. The answer is 12.\n\n")
        + "\n\nThe answer is 10.",
    ],
)
def test_a_question_of_the_chain_is_no_other_task(text):
    steps, answer = parse_chain(text, "socratic")
    assert ([step.answer for step in steps], answer) == (["12", "10"], "10")


@pytest.mark.parametrize(
    "text",
    [
        "Problem: Ann buys 3 bags of 4 apples. How many?\n" + CHAIN,
        "Question: How many apples?\n" + CHAIN,
        "Dog: 4 legs\nHuman: 2 legs\n" + CHAIN,
        "Let me restate the problem: 3 bags of 4.\n\n" + CHAIN,
        f"{STEP}\nIs that all? Yes.\nThe answer is 12.",
        f"The answer is 13.\n\nWait. Is that right?\n{CHAIN}",
        "<|im_start|>assistant\n" + CHAIN,
        "<s>" + CHAIN,
    ],
)
def test_a_task_before_the_answer_is_part_of_the_reply(text):
    steps, answer = parse_chain(text, "cot")
    assert STEP in [step.solution for step in steps] and answer == "12"


TALK = [
    "This checks out, so the answer is correct.",
    "So the answer is correct.",
    "Note: the answer is rounded to 2 decimals.",
    "The answer is reasonable, as 12 < 20.",
    "The answer is in dollars, not in 100 cents.",
    "The final answer is shown above.",
    "The answer makes sense.",
    "I hope the answer is clear.",
    "The answer is correct!",
    "The answer is given above in step 3.",
    "Therefore, the answer is indeed correct.",
    "The answer is a whole number because 4 is one.",
    "The answer is positive, since 12 > 0.",
    "We can check that the answer is right: 12 / 4 = 3.",
    "Note that the answer is exact.",
    "The answer is expressed in units of 1 apple.",
    "The answer is based on 30 days a month.",
    "The answer is valid for 1 week only.",
    "The answer is consistent with part 2.",
    "The answer is already in simplest form, as 1 divides it.",
    "The answer is easy to see.",
    "Let me verify the answer: 12 / 4 = 3.",
    "Let me check the answer: 12 - 4 = 8, fine.",
    "I am confident the answer is correct.",
    "If the answer is 13, she has bought too many.",
    "Some might think the answer is 7, by adding.",
    "The answer is not 7.",
    "The answer is obtained by multiplying 3 and 4.",
    "The answer is also plausible.",
    "The answer is what we wanted in step 1.",
    "The answer is rounded to the nearest 10.",
    "The answer is less than 20.",
    "The answer is close to 10, as estimated.",
    "So the answer is twice 6.",
    "The answer is explained in 3 steps.",
    "The answer is simple: multiply 3 by 4.",
    "The answer is in units of 10 grams.",
    "Hence the answer is between 10 and 20.",
    "The answer is more than 10.",
    "How do we know the answer is 12? Because 3*4 = 12.",
    "The answer is made of 2 digits.",
    "Double-check: the answer is greater than 3 and 4.",
    "The answer is divisible by 3.",
    "(The answer is rounded to 1 decimal.)",
    "*The answer is exact to 2 digits.*",
    "The answer is the product of 3 and 4.",
    "My answer is based on 7 days per week.",
    "This confirms our answer.",
    "The answer was found in 2 steps.",
]


@pytest.mark.parametrize("talk", TALK)
@pytest.mark.parametrize("answer", ["The answer is 12.", r"\boxed{12}", "#### 12"])
def test_talk_about_the_answer_is_not_read(talk, answer):
    text = f"{STEP}\n{answer}\n{talk}"
    steps, found = parse_chain(text, "cot")
    assert ([step.solution for step in steps], found) == ([STEP], "12")
    assert extract_answer(text) == found


@pytest.mark.parametrize(
    ("kind", "answer", "talk"),
    [
        ("yes_no", "yes", "So the answer is correct, no matter what."),
        ("yes_no", "yes", "Note: the answer is based on no other source."),
        ("choice", "b", "The answer is correct, as A is too large."),
        ("choice", "b", "The answer is consistent with (a) being wrong."),
        ("choice", "b", "The answer is clear, unlike option A."),
    ],
)
def test_talk_about_other_answers(kind, answer, talk):
    text = f"Water is wet.\nThe answer is ({answer}).\n{talk}"
    assert parse_chain(text, "cot", kind)[1] == answer
    assert extract_answer(text, kind) == answer
    if kind == "choice":
        assert choice_of(text, ("sea", "lake", "right")) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 12.\nWait, the answer is 14.", "14"),
        ("The answer is 12. The right answer is 14, not 12.", "14"),
        (
            "The answer is 12.\nWait, I forgot 2. The answer is that Ann has 14 pens.",
            "14",
        ),
        ("The answer is 12.\nActually, the answer is now 14.", "14"),
        ("The answer is 12.\nSo the answer is x = 14.", "14"),
        ("The answer is 12.\nThe answer is approximately 14.", "14"),
        ("The answer is 12.\nSorry, the final answer is $14.", "14"),
        (r"\boxed{12} is wrong. \boxed{14}", "14"),
        ("The answer is rounded to 14.", "14"),
        ("If she buys 2 more, the answer is 14.", "14"),
        ("The answer is 12. The answer is unknown.", None),
        ("The answer is 12. No, the answer is impossible to find.", None),
    ],
)
def test_a_correction_wins(text, answer):
    assert extract_answer(text) == extract_marked_answer(text) == answer


NEGATED = [
    ("number", "The answer is not 15 but 18.", "18"),
    ("number", "The answer isn't 15, it's 18.", "18"),
    ("number", "The answer is not 15. It is 18.", "18"),
    ("number", "The answer is not 1,500 dollars, but 1,800 dollars.", "1800"),
    ("number", "The answer is not $15 but $18.", "18"),
    ("number", "The answer is not **15** but **18**.", "18"),
    ("number", "The answer is 18, not 15.", "18"),
    ("number", "The answer is 18 rather than 15.", "18"),
    ("number", "The answer is, rather than 5, 6.", "6"),
    ("number", "Answer: instead of 15, 18", "18"),
    ("number", "The answer is neither 15 nor 16 but 18.", "18"),
    ("number", "The answer is not 15, 16 or 17 but 18.", "18"),
    ("number", "The answer is not simply 15; it is 18.", "18"),
    ("number", "The answer is no longer 15 but 18.", "18"),
    ("number", "The answer is not 3 * 5 = 15 but 3 * 6 = 18.", "18"),
    ("number", "The answer is not 15.", None),
    ("number", "The answer cannot be 15.", None),
    ("number", "The answer is anything but 15.", None),
    ("number", "Answer: 15 is wrong, 18 is right.", "18"),
    ("number", "It is 18, not 15.", "18"),
    ("number", "The answer is 18 because 20 is wrong.", "18"),
    ("number", "Answer: 15 as an estimate is wrong, 18 is right.", "18"),
    ("number", "The answer is 15 (so far) is wrong, 18.", "18"),
    ("choice", "Answer: (a) as well as (b) are wrong, so (c)", "c"),
    ("choice", "The answer is (b) as (a) is wrong", "b"),
    ("number", "The answer is 12 because 20 is wrong and 15 too.", "12"),
    ("choice", "The answer is (b) because the others are wrong.", "b"),
    ("choice", "The answer is B because A is wrong", "b"),
    ("choice", "The answer is (b) because (a) is wrong and (c) too far.", "b"),
    ("choice", "So the answer is (b) since (a) is incorrect, (c) too high.", "b"),
    ("number", "The answer is not only 15 but 18.", "15"),
    ("number", "The answer is 12 - 4, not 4 - 12.", "8"),
    ("choice", "Answer: rules out C, leaving D", "d"),
    ("choice", "Answer: this rules out (a) and (c), leaving (d)", "d"),
    ("choice", "Answer: eliminating A, B and C leaves D", "d"),
    ("choice", "The answer is not (a) but (c).", "c"),
    ("choice", "The answer is not (a), (b) or (d), but (c).", "c"),
    ("choice", "The answer is neither (a) nor (b); it is (c).", "c"),
    ("choice", "The answer is neither A nor B but C.", "c"),
    ("choice", "The answer is not A. It is C.", "c"),
    ("choice", "The answer isn't A, it's C.", "c"),
    ("choice", "The answer is not option A but option C", "c"),
    ("choice", "The answer is not necessarily A.", None),
    ("choice", "The answer is anything but B.", None),
    ("choice", "The answer cannot be A.", None),
    ("choice", "The answer can't be A, so C", "c"),
    ("choice", "The answer is never A.", None),
    ("choice", "Answer: (a) is wrong, so (c)", "c"),
    ("choice", "Answer: A is incorrect and B is ruled out, leaving C", "c"),
    ("choice", "The answer is C, not A.", "c"),
    ("choice", "The answer is (c) rather than (a).", "c"),
    ("choice", "Answer: rather than A, C", "c"),
    ("choice", "Answer: instead of (a), (c)", "c"),
    ("choice", "Answer: all except C", None),
    ("number", "The answer is not equal to 15; rather it is 18.", "18"),
    ("number", "The answer is not 15 (that would be too few) but 18.", "18"),
    ("number", "The answer is definitely not 15. The answer is 18.", "18"),
    ("number", "The answer is other than 15, namely 18.", "18"),
    ("number", "The answer is not -5 but 5.", "5"),
    ("number", "The answer is not 1/2 but 3/4.", "3/4"),
    ("number", "The answer is no more than 12.", "12"),
    ("choice", "Answer: not A, not B, but C.", "c"),
    ("choice", "Answer: none of A, B, C; it is D.", "d"),
    ("choice", "Answer: A is out, B remains.", "b"),
    ("choice", "Answer: A, B and D are incorrect, so C.", "c"),
    ("choice", "The answer is unlikely to be A; B is more likely.", "b"),
    ("choice", "The answer is no other than B.", "b"),
    ("choice", "The answer is without doubt B.", "b"),
    ("choice", "Answer: it can't be A, so it must be B.", "b"),
    ("choice", "The answer is neither a, b, nor c; it is d.", "d"),
    ("yes_no", "The answer is partly true and partly false", None),
    ("yes_no", "The answer is maybe yes, maybe no", None),
    ("yes_no", "I would not say yes. The answer is no.", "no"),
    ("yes_no", "The answer is not yes but no.", "no"),
    ("yes_no", "The answer is neither yes nor no.", None),
    ("yes_no", "The answer is yes or no.", None),
    ("yes_no", "The answer is not true.", "no"),
    ("yes_no", "The answer is not no, it is yes.", "yes"),
    ("yes_no", "The answer is yes, not no.", "yes"),
    ("yes_no", "The answer is no doubt yes.", "yes"),
    ("yes_no", "The answer is rather than yes, no.", "no"),
    ("yes_no", "The answer is no, rather than yes.", "no"),
]


@pytest.mark.parametrize(("kind", "text", "answer"), NEGATED)
def test_what_is_negated_is_not_the_answer(kind, text, answer):
    assert extract_answer(text, kind) == answer
    assert parse_chain(f"So it is.\n{text}", "cot", kind)[1] in (answer, None)


@pytest.mark.parametrize(
    "text",
    [
        "isn't yes",
        "is not necessarily yes",
        "is never yes",
        "is no longer yes",
        "cannot be yes",
        "is not yes",
        "is far from yes",
        "is anything but yes",
        "is not always yes",
        "is hardly yes",
        "isn’t yes",
        "wasn't yes",
        "is not exactly yes",
        "can't be yes",
        "is not “yes”",
        "is not simply yes",
        "is not really true",
        "is definitely not yes",
    ],
)
def test_negated_yes_is_never_yes(text):
    assert extract_answer(f"The answer {text}.", "yes_no") != "yes"
    swapped = text.replace("yes", "no").replace("true", "false")
    assert extract_answer(f"The answer {swapped}.", "yes_no") != "no"


WORDS = ("vitamin d", "hepatitis c", "vitamin b", "plan a", "type b", "option a")


@pytest.mark.parametrize(
    ("text", "choices", "letter"),
    [
        ("The answer is plan A.", WORDS, "d"),
        ("The answer is Plan A", WORDS, "d"),
        ("The answer is vitamin D.", WORDS, "a"),
        ("The answer is hepatitis C.", WORDS, "b"),
        ("The answer is vitamin B.", WORDS, "c"),
        ("The answer is option a.", WORDS, "f"),
        ("The answer is type-B.", WORDS, "e"),
        ("plan A", WORDS, "d"),
        ("So it is plan A.", WORDS, "d"),
        ("The answer is (d) plan A.", WORDS, "d"),
        ("The answer is (d).", WORDS, "d"),
        ("The answer is d) plan a", WORDS, "d"),
        ("The answer is D.", WORDS, "d"),
        ("The answer is D: plan A", WORDS, "d"),
        ("The answer is plan A or type B.", WORDS, None),
        ("The answer is not plan A but type B.", WORDS, "e"),
        ("The answer is option C.", WORDS, "c"),
        ("The answer is the sea.", ("lake", "sea"), "b"),
        ("The answer is not the sea but the lake.", ("sea", "lake"), "b"),
        ("The answer rules out the sea.\nThe answer is lake.", ("sea", "lake"), "b"),
        ("The answer is not enough money.", ("a lot", "not enough money"), "b"),
        ("The answer is right.", ("left", "right"), "b"),
        ("The answer is in the box.", ("on the table", "in the box"), "b"),
        ("The answer is left.\nThe answer is right.", ("left", "right", "up"), "a"),
        ("The answer is (a) or (b).", WORDS, None),
        ("The answer is plan B.", WORDS, None),
        ("Answer: vitamin D (A)", WORDS, "a"),
        ("The answer is point B.", ("point c", "point b", "point a"), "b"),
        ("The answer is grade A.", ("grade b", "grade a"), "b"),
        ("The answer is team B because plan A fails.", ("team a", "team b"), "b"),
        ("The answer is lake.\nSo the answer is correct.", ("sea", "lake"), "b"),
        ("The answer is neither sea nor lake but pond", ("sea", "lake", "pond"), "c"),
        ("The answer is anything but sea", ("sea", "lake"), None),
        ("The answer is never.", ("always", "never"), "b"),
        ("The answer is not a car", ("not a car", "a car"), "a"),
    ],
)
def test_a_letter_inside_a_choice_is_no_letter(text, choices, letter):
    assert choice_of(text, choices) == letter
    problem = Problem("p", "demo", "train", "Which?", "a", "choice", (), choices)
    if "The answer" in text:
        found = parse_chain(f"Think.\n{text}", "cot", "choice")[1]
        reply = {"text": f"Think.\n{text}", "finish_reason": "stop"}
        assert choice_in_reply(problem, reply, found) == letter


VALUES = [
    (r"\frac12", "1/2"),
    (r"\frac 12", "1/2"),
    (r"\frac1{2}", "1/2"),
    (r"\frac{1}2", "1/2"),
    (r"\frac{-1}{2}", "-1/2"),
    (r"\frac{1}{-2}", "-1/2"),
    (r"-\frac{1}{2}", "-1/2"),
    (r"\tfrac{3}{4}", "3/4"),
    (r"\dfrac{3}{4}", "3/4"),
    (r"\cfrac{3}{4}", "3/4"),
    (r"\frac{1.5}{2}", "3/4"),
    (r"\frac{1,000}{3}", "1000/3"),
    (r"\frac{1{,}000}{3}", "1000/3"),
    (r"\frac{\$30}{4}", "15/2"),
    (r"\$\frac{30}{4}", "15/2"),
    (r"\frac{2 + 4}{3}", "2"),
    (r"\frac{12 \text{ apples}}{3}", "4"),
    (r"\frac{\text{12}}{5}", "12/5"),
    (r"2\frac{1}{2}", "5/2"),
    (r"2 \frac{1}{2}", "5/2"),
    (r"2\frac12", "5/2"),
    (r"\frac{1}{\frac{1}{2}}", "2"),
    (r"\frac{\frac{1}{2}}{3}", "1/6"),
    (r"\frac{2^3}{4}", "2"),
    (r"\frac{\sqrt{16}}{3}", "4/3"),
    (r"\left(\frac{1}{2}\right)", "1/2"),
    (r"\left(\frac{1}{2}\right)^2", "1/4"),
    (r"3 \cdot \frac{1}{2}", "3/2"),
    (r"3 \times \frac{5}{2}", "15/2"),
    ("½", "1/2"),
    ("¾", "3/4"),
    ("1½", "3/2"),
    ("1 ½", "3/2"),
    ("-½", "-1/2"),
    ("⅓", "1/3"),
    ("3 1/2", "7/2"),
    ("3⁄4", "3/4"),
    ("³⁄₄", "3/4"),
    ("1³⁄₄", "7/4"),
    ("1.5/2", "3/4"),
    ("3/1.5", "2"),
    ("$30/4", "15/2"),
    ("1,000/3", "1000/3"),
    ("2^10", "1024"),
    ("2^{10}", "1024"),
    ("2**10", "1024"),
    ("2 ^ 10", "1024"),
    ("2¹⁰", "1024"),
    ("10⁶", "1000000"),
    ("10²", "100"),
    ("10^-2", "1/100"),
    ("10^{-2}", "1/100"),
    ("10⁻²", "1/100"),
    ("(-2)^3", "-8"),
    ("-2^2", "-4"),
    ("(1/2)^2", "1/4"),
    ("1.5^2", "9/4"),
    ("2^3^2", "512"),
    ("3×10^5", "300000"),
    (r"3 \times 10^5", "300000"),
    ("3 * 10^5", "300000"),
    (r"3 \cdot 10^{5}", "300000"),
    ("3 x 10^5", "300000"),
    ("1.5×10⁻³", "0.0015"),
    ("1.5e3", "1500"),
    ("1.5E3", "1500"),
    ("1e-3", "0.001"),
    ("1.5e+3", "1500"),
    ("√16", "4"),
    ("√(16)", "4"),
    (r"\sqrt{16}", "4"),
    (r"\sqrt16", "4"),
    (r"\sqrt 9", "3"),
    ("sqrt(16)", "4"),
    (r"\sqrt[3]{27}", "3"),
    ("∛27", "3"),
    (r"2\sqrt{9}", "6"),
    ("2√9", "6"),
    (r"\sqrt{\frac{1}{4}}", "1/2"),
    (r"\sqrt{2.25}", "3/2"),
    ("16^{1/2}", "4"),
    ("8^(1/3)", "2"),
    ("27^{2/3}", "9"),
    ("√144 apples", "12"),
    (r"\sqrt{2^4}", "4"),
    (r"1{,}000", "1000"),
    (r"1\,000", "1000"),
    (r"1,\!000", "1000"),
    (r"12\%", "12"),
    (r"\$12", "12"),
    (r"90^\circ", "90"),
    (r"90^{\circ}", "90"),
    ("90°", "90"),
    ("45 °C", "45"),
    (r"12\text{ cm}^2", "12"),
    (r"12 \mathrm{~cm}^{3}", "12"),
    ("12 m²", "12"),
    ("12 cm^2", "12"),
    (r"\text{12 apples}", "12"),
    (r"\mathbf{12}", "12"),
    (r"12\ \text{km}", "12"),
    (r"\frac{1}{2} + \frac{1}{4}", "3/4"),
    (r"\frac{\frac{3}{4}}{\frac{1}{2}}", "3/2"),
    ("2⅔ cups", "8/3"),
    ("-3½", "-7/2"),
    ("3² + 4²", "25"),
    ("√(9+16)", "5"),
    ("(-8)^(1/3)", "-2"),
    ("4^0.5", "2"),
    ("2^{3^{2}}", "512"),
    (r"(3+4)^2", "49"),
    (r"\sqrt{\sqrt{16}}", "2"),
    (r"\sqrt[4]{16}", "2"),
    ("6.02×10^23", "602" + "0" * 21),
    (r"3 \times 4", "12"),
    (r"12 \div 5", "12/5"),
    (r"x = \frac{3}{4}", "3/4"),
]


@pytest.mark.parametrize(("written", "value"), VALUES)
@pytest.mark.parametrize(
    "frame", ["The answer is {}.", "\\boxed{{{}}}", "The answer is ${}$."]
)
def test_the_value_of_a_written_number(written, value, frame):
    answer = extract_answer(frame.format(written))
    assert answer is not None and Fraction(answer) == Fraction(value)


@pytest.mark.parametrize(("written", "value"), VALUES)
def test_a_number_without_a_mark_is_right_or_none(written, value):
    answer = extract_answer(f"So she has {written}")
    if not any(
        sign in written
        for sign in (r"\times", r"\cdot", r"\div", "×", "/", "{9}", "√9", "+")
    ):
        assert answer is None or Fraction(answer) == Fraction(value)


@pytest.mark.parametrize(
    "written",
    [
        r"\pi",
        r"2\pi",
        "2π",
        r"\frac{\pi}{2}",
        r"\frac{x}{2}",
        r"\sqrt{2}",
        "√2",
        "2√3",
        r"2\sqrt{3}",
        r"\frac{1 + \sqrt{5}}{2}",
        r"1 + \sqrt{5}",
        "2^n",
        "x^2",
        "2x^2",
        "9^9^9",
        "9^{9^9}",
        "9" * 30 + "^99",
        "10^999",
        "0^-1",
        r"\frac{1}{0}",
        r"\sqrt{-4}",
        "2^0.5",
        r"3^{0.5}",
        "10^{1000000}",
        r"\frac{2}{3}\pi",
        r"\sqrt{3}/2",
        r"\frac{\sqrt{3}}{2}",
    ],
)
@pytest.mark.parametrize(
    "frame", ["The answer is {}.", "\\boxed{{{}}}", "So it is {}."]
)
def test_what_is_no_rational_number_is_no_answer(written, frame):
    assert extract_answer(frame.format(written)) is None


@pytest.mark.parametrize(
    ("predicted", "gold", "equal"),
    [
        ("0.30000000000000004", "0.3", True),
        ("2.9999999999999996", "3", True),
        ("0.1", "0.10000000000000001", True),
        ("7.999999999999998", "8", True),
        ("-2.9999999999999996", "-3", True),
        ("1200.0000000000002", "1,200", True),
        ("5.551115123125783e-17", "0", True),
        ("0.3333333333333333", "1/3", True),
        ("0.0000000000000000", "0", True),
        ("100.00000000000001%", "100", True),
        ("33.333333333333336", "100/3", True),
        ("66.67", "200/3", False),
        ("29.999999999999996%", "30", True),
        ("3", "2.9999999999999996", True),
        ("-0.30000000000000004", "0.3", False),
        ("99.9999", "100", False),
        ("33.33", "33.34", False),
        ("0.333", "1/3", False),
        ("0.33333333", "1/3", False),
        ("2.99", "3", False),
        ("2.9999", "3", False),
        ("2.9999999999999996", "4", False),
        ("9007199254740993", "9007199254740992", False),
        ("0.30000000000000004", "0.31", False),
        ("3.0000001", "3", False),
        ("123456789.12345678", "123456790", False),
    ],
)
def test_float_noise_is_no_difference(predicted, gold, equal):
    assert is_correct(predicted, gold) is equal


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<think>",
        "</think>",
        "<a>",
        "[",
        "[think]",
        "<|",
        "◁think▷",
        "<think ",
        "<|channel|>",
        "Problem: ",
        "\n\nA. b?",
        "Q1: a b c?\n",
        "The answer is 1.\nQ: ",
        "---\n",
        "</s>",
        "The answer",
        "The answer is The ",
        "The answer is not ",
        "not ",
        "not 1, ",
        "not 1 or ",
        "not (a), ",
        "answer is not a, b, c or d ",
        "neither ",
        "n't 1",
        "9^",
        "9^9",
        "^",
        "2**",
        "√",
        "√9",
        "⁹",
        "\\sqrt{",
        "\\frac1",
        "\\frac{1}{",
        "\\frac{\\frac{",
        "(1)^",
        "1*10^9 ",
        "1x10^",
        "\\pi",
        "**",
        "### Reasoning\n",
        "### Answer\n",
        "Thinking: ",
        "A\nB\nC.\n\n",
        "is wrong ",
        "(a) b is ",
    ],
)
def test_hostile_replies_are_quick(unit):
    body = (unit * 10_000)[:10_000]
    for prefix in ("", "The answer is 1. ", "<think>"):
        text = prefix + body
        started = time.thread_time()
        parse_chain(text, "socratic")
        for kind in ("number", "yes_no", "choice"):
            extract_answer(text, kind)
        choice_of(text, WORDS)
        assert time.thread_time() - started < 2
    assert len(plain(body)) <= 5 * len(body)
