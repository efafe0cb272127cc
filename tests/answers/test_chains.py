"""Parsing: decoration, labels, lines, final answers; replies of a real model."""

import time

import pytest

from socratic_utils.answers.chains import clean_line, parse_chain, step_answer

TWO = [
    ("How many rolls does she make?", "She makes 4 * 12 = 48 rolls."),
    ("How many are left?", "She has 48 - 30 = 18 left."),
]
END = "The answer is 18."
PLAIN = """Q1: How many rolls does she make?
A1: She makes 4 * 12 = 48 rolls.
Q2: How many are left?
A2: She has 48 - 30 = 18 left.
The answer is 18."""


def socratic(text, kind="number"):
    steps, answer = parse_chain(text, "socratic", kind)
    return [(step.question, step.solution) for step in steps], answer


def solutions(text, kind="number"):
    steps, answer = parse_chain(text, "cot", kind)
    assert all(step.question == "" for step in steps)
    return [step.solution for step in steps], answer


def label(question, solution):
    """PLAIN with other labels; {} is the step's number."""
    lines = [
        f"{question}{asked}\n{solution}{solved}".replace("{}", str(number))
        for number, (asked, solved) in enumerate(TWO, 1)
    ]
    return "\n".join([*lines, END])


SAME_AS_PLAIN = {
    "plain": PLAIN,
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "blank lines": PLAIN.replace("\n", "\n\n"),
    "blank lines with spaces": "\n\n" + PLAIN.replace("\n", "  \n \n  ") + "\n\n",
    "bold labels": label("**Q{}:** ", "**A{}:** "),
    "bold to the colon": label("**Q{}**: ", "**A{}**: "),
    "bullets": label("- Q{}: ", "* A{}: "),
    "numbering": label("{}. Q: ", "   A: "),
    "headings": label("### Q{}: ", "> A{}: "),
    "steps": label("Step {}: Q{}: ", "A{}: "),
    "dots": label("Q{}. ", "A{}. "),
    "parentheses": label("Q{}) ", "A{}) "),
    "lower case": label("q{}: ", "a{}: "),
    "words": label("Question {}: ", "Answer {}: "),
    "words without numbers": label("Question: ", "Answer: "),
    "sub-questions": label("Sub-question {}: ", "Solution {}: "),
    "subquestions": label("Subquestion {}: ", "Sub-answer {}: "),
    "labels on their own lines": label("Q{}:\n", "A{}:\n"),
    "no mark before the solution": label("Q{}: ", ""),
    "no marks": label("", ""),
    "numbered, no marks": label("{}. ", "   - "),
    "one line a step": PLAIN.replace("\nA", " A"),
    "prose around": "Let us ask 2 questions.\n\n" + PLAIN + "\n\nI hope this helps!",
    "closing remark": PLAIN.replace(END, "So 18 rolls are left.\n\n" + END),
    "final answer in the last line": PLAIN.replace("\n" + END, " " + END),
    "so the answer": PLAIN.replace(END, "So, the final answer is: **18**"),
    "answer on the next line": PLAIN.replace(END, "Final answer:\n18"),
    "hashes": PLAIN.replace(END, "#### 18"),
    "boxed": PLAIN.replace(END, r"\[ \boxed{18} \]"),
    "LaTeX": PLAIN.replace("4 * 12 = 48", r"\(4 \times 12 = 48\)"),
    "code behind it": PLAIN + "\n```python\n# Q3: why?\nprint(1 + 1)\n```",
}


@pytest.mark.parametrize("name", SAME_AS_PLAIN)
def test_the_same_chain_in_another_format(name):
    assert socratic(SAME_AS_PLAIN[name]) == (TWO, "18")


def test_a_solution_of_several_lines():
    text = PLAIN.replace("48 rolls.", "48 rolls.\nWith 2 more, 48 + 2 = 50 rolls.")
    steps, _ = parse_chain(text, "socratic")
    assert len(steps) == 2 and steps[0].answer == "50"
    assert steps[0].solution.endswith("48 rolls. With 2 more, 48 + 2 = 50 rolls.")


def test_a_question_without_a_solution_is_dropped():
    assert socratic(PLAIN.replace("Q2", "Q2: And why?\nQ3")) == (TWO, "18")
    assert socratic("Q1: How many?\nThe answer is 18.") == ([], "18")
    assert socratic("Q1: How many?") == ([], None)
    assert socratic("A1: She has 5.\nThe answer is 5.") == ([], "5")


def test_an_unfinished_chain_has_no_answer():
    steps, answer = socratic(PLAIN.replace(END, "Q3: How many bags?"))
    assert steps == TWO and answer is None
    assert socratic("") == ([], None) and solutions("\n \n") == ([], None)


@pytest.mark.parametrize(
    "text, answer",
    [
        ("A3: 75 / 2 = 37.5.\nThe answer is 37", None),
        ("The answer is 37.\n", "37"),
        ("The answer is 3.\nThe answer is 4", "3"),
    ],
)
def test_the_last_line_of_a_cut_off_reply_does_not_count(text, answer):
    assert parse_chain(text, "cot", cut=True)[1] == answer


def test_other_kinds():
    text = "Q1: Does ice float?\nIt is lighter.\nIt floats.\nThe answer is yes."
    assert socratic(text, "yes_no") == (
        [("Does ice float?", "It is lighter. It floats.")], "yes",
    )  # fmt: skip
    text = "Money is kept in banks.\nSo the answer is (b)."
    assert solutions(text, "choice") == (["Money is kept in banks."], "b")


COT = {
    "plain": "4 * 12 = 48 rolls.\n48 - 30 = 18 left.\n" + END,
    "one blank line": "4 * 12 = 48 rolls.\n\n48 - 30 = 18 left.\n\n" + END,
    "numbered": "1. 4 * 12 = 48 rolls.\n2) 48 - 30 = 18 left.\n" + END,
    "bold steps": "**Step 1:** 4 * 12 = 48 rolls.\n- 48 - 30 = 18 left.\n#### 18",
    "labels": "Solution: 4 * 12 = 48 rolls.\nAnswer: 48 - 30 = 18 left.\n" + END,
    "last line shared": "4 * 12 = 48 rolls.\n48 - 30 = 18 left. So the answer is 18.",
    "questions": "Q1: How many?\nA1: 4 * 12 = 48 rolls.\n48 - 30 = 18 left.\n" + END,
    "LaTeX": "\\[ 4 \\times 12 = 48 \\text{ rolls.} \\]\n48 - 30 = 18 left.\n" + END,
    "code": "4 * 12 = 48 rolls.\n48 - 30 = 18 left.\n```\nx = 5\n```\n" + END,
}


@pytest.mark.parametrize("name", COT)
def test_cot(name):
    expected = ["4 * 12 = 48 rolls.", "48 - 30 = 18 left."], "18"
    assert solutions(COT[name]) == expected


def test_a_line_that_ends_with_a_colon_is_joined_to_the_next():
    text = "Add the days:\n\\[ 2 + 3 = 5 \\]\nSo the total is:\n\\[ \\boxed{5} \\]"
    assert solutions(text) == (["Add the days: 2 + 3 = 5"], "5")


@pytest.mark.parametrize(
    "line, cleaned",
    [
        ("**Bold** text", "Bold text"),
        ("2**3 = 8", "2**3 = 8"),
        ("  - 1. item", "item"),
        ("-3 + 5 = 2", "-3 + 5 = 2"),
        ("3.5 * 2 = 7", "3.5 * 2 = 7"),
        ("### Step 2: 3 + 4 = 7", "3 + 4 = 7"),
        (r"\(\frac{6}{2} \cdot 5 = 15\)", "6/2 * 5 = 15"),
        (r"It costs \$5.", "It costs $5."),
        (r"1{,}200 \div 4 = 300", "1,200 / 4 = 300"),
        (r"He has $3\frac{1}{2}$ cups.", "He has 3 1/2 cups."),
        (r"\(3\frac{1}{2} \times 2 = 7\)", "3 1/2 * 2 = 7"),
        (r"5 \div \frac{1}{2} = 10", "5 / (1/2) = 10"),
        (r"5 ÷ \frac{1}{2} = 10", "5 ÷ (1/2) = 10"),
        (r"\left(3 + 4\right) \times 2 = 14", "(3 + 4) * 2 = 14"),
        ("", ""),
    ],
)
def test_clean_line(line, cleaned):
    assert clean_line(line) == cleaned


@pytest.mark.parametrize(
    "solution, kind, answer",
    [
        ("She makes 4 * 12 = 48 rolls in 2 days.", "number", "48"),
        ("2 * 3 + 4 = 6 + 4 = 10 pens.", "number", "10"),
        ("4 shells.", "number", "4"),
        ("None at all.", "number", ""),
        ("So it is true.", "yes_no", "yes"),
    ],
)
def test_step_answer(solution, kind, answer):
    assert step_answer(solution, kind) == answer


# Replies of Qwen2.5-Coder-1.5B-Instruct to gradeschool training problems, verbatim:
# text, whether it was cut off, the steps' answers, the final answer.
REAL = {
    "0025": (
        "Q1: How many shells does Hugo have in total?\n"
        "A1: 2 * 14 = 28 shells.\n"
        "Q2: How many shells does Hugo keep?\n"
        "A2: 4 shells.\n"
        "Q3: How many shells does each friend get?\n"
        "A3: (28 - 4) / 6 = 4 shells per friend.\n"
        "The answer is 4.",
        False,
        ["28", "4", "4"],
        "4",
    ),
    "0032": (
        "Q1: How much does the coupon save?\n"
        "A1: 14 - 8 = 6 dollars.\n"
        "Q2: How much does Noah pay with the coupon?\n"
        "A2: 14 * 2 + 8 * 3 - 6 = 28 + 24 - 6 = 46 dollars.\n"
        "The answer is 46.",
        False,
        ["6", "46"],
        "46",
    ),
    "0002": (
        "Q1: What is the perimeter of the rectangle?\n"
        "A1: P = 2 * (L + W) = 2 * (8 + 4) = 2 * 12 = 24 meters.\n"
        "The answer is 24.",
        False,
        ["24"],
        "24",
    ),
    "0043": (
        "Q1: How many sticks does Jack need?\n"
        "A1: 9 kites * 6 sticks each = 54 sticks.\n"
        "Q2: How many packs does Jack need?\n"
        "A2: 54 / 9 = 6 packs.\n"
        "Q3: How much does the 6 packs cost?\n"
        "A3: 6 packs * 2 dollars per pack = 12 dollars.\n"
        "Q4: How much money does Jack have left after buying the sticks?\n"
        "A4: 50 - 12 = 38 dollars.\n"
        "Q5: How much change does Jack get?\n"
        "A5: 38 - 36 = 2 dollars.\n"
        "The answer is 2.",
        False,
        ["54", "6", "12", "38", "2"],
        "2",
    ),
    "0020": (
        "To solve this problem, we need to follow these steps:\n"
        "\n"
        "1. Calculate the total revenue from selling cookies.\n"
        "2. Calculate the total revenue from selling cups of tea.\n"
        "3. Subtract the costs from the total revenue to get the profit.\n"
        "4. Divide the remaining profit equally among the 5 animal shelters.\n"
        "\n"
        "Let's break it down and calculate each step using Python code.\n"
        "```python\n"
        "# Step 1: Calculate the total revenue from selling cookies\n"
        "cookies_sold = 60\n"
        "price_per_cookie = 2\n"
        "total_revenue_cookies = cookies_sold * price_per_cookie\n"
        "\n"
        "# Step 2: Calculate the total revenue from selling cups of tea\n"
        "cups_sold = 20\n"
        "price_per_cup = 3\n"
        "total_revenue_cups = cups_sold * price_per_cup\n"
        "\n"
        "# Step 3: Calculate the total revenue\n"
        "total_revenue = total_revenue_cookies + total_revenue_cups\n"
        "\n"
        "# Step 4: Subtract the costs from the total revenue to",
        True,
        [],
        None,
    ),
    "0021": (
        "To find out how many minutes Lily practices in total, we need to "
        "calculate the practice time for each day and then sum them up.\n"
        "\n"
        "First, let's calculate the practice time for each of the 4 school "
        "days:\n"
        "\\[ 40 \\text{ minutes/day} \\times 4 \\text{ days} = 160 \\text{ "
        "minutes} \\]\n"
        "\n"
        "Next, we add the practice time for Sunday:\n"
        "\\[ 160 \\text{ minutes} + 20 \\text{ minutes} = 180 \\text{ minutes} "
        "\\]\n"
        "\n"
        "So, the total number of minutes Lily practices in a week is:\n"
        "\\[ \\boxed{180} \\]",
        False,
        [],
        "180",
    ),
    "0003": (
        "Q1: How many pages does Peter read in total before school?\n"
        "A1: 11 * 5 = 55 pages.\n"
        "Q2: How many pages does Peter read in total after school?\n"
        "A2: 10 * 5 = 50 pages.\n"
        "Q3: How many pages does Peter read in total before and after "
        "school?\n"
        "A3: 55 + 50 = 105 pages.\n"
        "Q4: How many pages are left in the book?\n"
        "A4: 255 - 105 = 150 pages.\n"
        "Q5: How many days does Peter have left to read the remaining pages?\n"
        "A5: 5 - 1 = 4 days.\n"
        "Q6: How many pages does Peter need to read each day to finish the "
        "book in 4 days?\n"
        "A6: 150 / 4 = 37.5 pages per day.\n"
        "The answer is 37.",
        True,
        ["55", "50", "105", "150", "4", "37.5"],
        None,
    ),
    "0013": (
        "Q1: How many chairs are there in the hall?\n"
        "A1: There are 5 * 8 + 12 = 50 chairs in the hall.\n"
        "The answer is 50.",
        False,
        ["50"],
        "50",
    ),
    "0012": (
        "Q1: How much money does Sam have in total?\n"
        "A1: 4 * 5 + 18 = 38 dollars.\n"
        "Q2: How much money does Sam have left after buying the book?\n"
        "A2: 38 - 5 = 33 dollars.\n"
        "Q3: How much money does Sam have left after buying the scooter?\n"
        "A3: 33 - 69 = -36 dollars.\n"
        "Q4: How many weeks does Sam need to save to have enough money?\n"
        "A4: -36 / 4 = -9 weeks.\n"
        "The answer is -9.",
        False,
        ["38", "33", "-36", "-9"],
        "-9",
    ),
    "0027": (
        "Q1: How much does Jack earn per hour?\n"
        "A1: 10 dollars / 1 hour = $10/hour.\n"
        "Q2: How much does Jack earn on Monday?\n"
        "A2: 5 hours * $10/hour = $50.\n"
        "Q3: How much does Jack earn on Tuesday?\n"
        "A3: 3 hours * $10/hour = $30.\n"
        "Q4: How much does Jack earn for these hours?\n"
        "A4: $50 + $30 = $80.\n"
        "The answer is 80.",
        False,
        ["10", "50", "30", "80"],
        "80",
    ),
    "0085": (
        "Q1: How many lamps are made by each machine in 10 minutes?\n"
        "A1: 4 * 10 = 40 lamps from the first machine.\n"
        "A2: 8 * 10 = 80 lamps from the second machine.\n"
        "Q3: How many lamps are made in total?\n"
        "A3: 40 + 80 = 120 lamps.\n"
        "The answer is 120.",
        False,
        ["80", "120"],
        "120",
    ),
    "0072": (
        "Q1: How many hours does Leila work on Monday?\n"
        "A1: 3 hours.\n"
        "Q2: How many hours does Leila work on Tuesday?\n"
        "A2: 2 hours.\n"
        "Q3: How many hours does Leila work in total?\n"
        "A3: 3 + 2 = 5 hours.\n"
        "Q4: How many dollars does Leila earn per hour?\n"
        "A4: 10 dollars.\n"
        "Q5: How much money does Leila earn in 5 hours?\n"
        "A5: 10 * 5 = 50 dollars.\n"
        "Q6: How much money does Leila earn in 3 hours?\n"
        "A6: 10 * 3 = 30 dollars.\n"
        "Q7: How much money does Leila earn in 2 hours?\n"
        "A7: 10 * 2 = 20 dollars.\n"
        "Q8: How much money does Leila earn in 1 hour?\n"
        "A8: 10 * ",
        True,
        ["3", "2", "5", "10", "50", "30", "20"],
        None,
    ),
    "0026": (
        "Q1: How many guests are there?\n"
        "A1: 5 tables * 8 guests/table = 40 guests.\n"
        "Q2: How many sandwiches does each guest get?\n"
        "A2: 3 sandwiches/guest.\n"
        "Q3: How many sandwiches does Adam need?\n"
        "A3: 40 guests * 3 sandwiches/guest = 120 sandwiches.\n"
        "The answer is 120.",
        False,
        ["40", "3", "120"],
        "120",
    ),
    "0075": (
        "Q1: How many apples does Clara need?\n"
        "A1: 24 / 8 = 3 apples are needed.\n"
        "Q2: How many apples does Clara have?\n"
        "A2: Clara has 4 apples.\n"
        "Q3: How many apples does Clara need more?\n"
        "A3: 3 - 4 = -1 apples, which means Clara has more apples than she "
        "needs.\n"
        "Q4: How much does Clara need to pay for the apples?\n"
        "A4: Clara does not need to pay for the apples because she already "
        "has enough.\n"
        "The answer is 0.",
        False,
        ["3", "4", "-1", ""],
        "0",
    ),
    "0006": (
        "Q1: How much does the joining fee cost?\n"
        "A1: 10 dollars.\n"
        "Q2: How much does the monthly membership cost?\n"
        "A2: 7 dollars.\n"
        "Q3: How much does the swimming club cost in total?\n"
        "A3: 7 * 9 + 10 = 63 + 10 = 73 dollars.\n"
        "The answer is 73.",
        False,
        ["10", "7", "73"],
        "73",
    ),
    "0140": (
        "Q1: How much does the empty box weigh?\n"
        "A1: 4 kilograms.\n"
        "Q2: How much does the honey in the boxes weigh?\n"
        "A2: 4 jars * 2 kilograms/jar = 8 kilograms.\n"
        "Q3: What is the total weight of the honey?\n"
        "A3: 4 kilograms + 8 kilograms = 12 kilograms.\n"
        "Q4: What is the total weight of the empty box and the honey?\n"
        "A4: 4 kilograms + 12 kilograms = 16 kilograms.\n"
        "Q5: What is the total cost of postage?\n"
        "A5: 16 kilograms * 3 dollars/kilogram = 48 dollars.\n"
        "Q6: What is the total cost of insurance?\n"
        "A6: 48 dollars + 9 dollars = 57 dollars.\n"
        "Q7: What is the total cost of postage and insurance?\n"
        "A7: 48 dollars + 57 dollars = 105 dollars.\n",
        True,
        ["4", "8", "12", "16", "48", "57", "105"],
        None,
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_reply(name):
    text, cut_off, answers, final = REAL[name]
    steps, answer = parse_chain(text, "socratic", cut=cut_off)
    assert ([step.answer for step in steps], answer) == (answers, final)
    for step in steps:
        assert step.question in text and step.question.endswith("?")
        assert all(part in text for part in step.solution.split(". "))


@pytest.mark.parametrize(
    "unit", ["- ", "1. ", "answer ", "the ", "\\text{", "**", "```", "? a", "Q1: "]
)
def test_hostile_replies_are_quick(unit):
    text = (unit * 20_000)[:20_000]  # a reply has about 1,000 characters
    started = time.process_time()
    for style in ("socratic", "cot"):
        parse_chain(text, style)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "reply, style, steps, answer",
    [
        ("4 * 3 = 12 pens.\n### Final Answer\n\n12", "cot", ["4 * 3 = 12 pens."], "12"),
        ("4 * 3 = 12 pens.\n**Final answer**\n12 pens", "cot", ["4 * 3 = 12 pens."],
         "12"),
        ("<think>\nMaybe 7? The answer is 7.\n</think>\n4 * 3 = 12.\nThe answer is 12.",
         "cot", ["4 * 3 = 12."], "12"),
        ("<think>\nMaybe the answer is 7? 3+4=7", "cot", [], None),
        ("Q1: How many? A1: 3 * 4 = 12. Q2: Left? A2: 12 - 2 = 10.\nThe answer is 10.",
         "socratic", ["3 * 4 = 12.", "12 - 2 = 10."], "10"),
        ("Q1：How many?\nA1：3 * 4 = 12.\nThe answer is 12.", "socratic",
         ["3 * 4 = 12."], "12"),
        ("[Q1] How many?\n[A1] 3 * 4 = 12.\nThe answer is 12.", "socratic",
         ["3 * 4 = 12."], "12"),
        ("Q1 - How many?\nA1 - 3 * 4 = 12.\nThe answer is 12.", "socratic",
         ["3 * 4 = 12."], "12"),
        ("$3 \\times 4 = 12$ pens.\nThe answer is $12$.", "cot", ["3 * 4 = 12 pens."],
         "12"),
        (r"\( \$4 \times 3 = \$12 \)" + "\nThe answer is 12.", "cot", ["$4 * 3 = $12"],
         "12"),
        ("A 20 - 5 = 15 dollar box.\nThe answer is 15.", "cot",
         ["A 20 - 5 = 15 dollar box."], "15"),
        ("She pays $3 + $4 = $7.\nThe answer is 7.", "cot", ["She pays $3 + $4 = $7."],
         "7"),
        ("```\nQ1: How many?\nA1: 16 - 7 = 9.\nThe answer is 9.\n```", "socratic",
         ["16 - 7 = 9."], "9"),
        ("```\nx = 3 + 4\n```\n\n3 + 4 = 7 pens.\n\n```\n7\n```", "cot",
         ["3 + 4 = 7 pens."], None),
        ("Q1: How many?\n5 + 4 = 9. The answer is 9.\nQ2: And now?\n"
         "9 * 2 = 18. The answer is 18.", "socratic", ["5 + 4 = 9.", "9 * 2 = 18."],
         "18"),
        ("Q1: How many?\n5 + 4 = 9. The answer is 9.\nQ1: Another task?\n"
         "9 * 2 = 18. The answer is 18.", "socratic", ["5 + 4 = 9."], "9"),
        ("She has twice as many, i.e. 12 pens. It takes approx. 5 hours. The answer "
         "is 5.", "cot",
         ["She has twice as many, i.e. 12 pens.", "It takes approx. 5 hours."], "5"),
    ],
)  # fmt: skip
def test_what_other_models_write(reply, style, steps, answer):
    found, final = parse_chain(reply, style)
    assert ([step.solution for step in found], final) == (steps, answer)
    if style == "socratic":
        assert [step.question for step in found][0] == "How many?"
