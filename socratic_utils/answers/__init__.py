"""What a model's text says: its answer, its equations, its choice, its chain.

Socratic CoT takes a student's answer from its last solution "by simple heuristics"
(section 3.3); a teacher's reply is split into steps before a student learns from it:

    >>> extract_answer("16 - 3 = 13. The answer is $1,200.00.")
    '1200'
    >>> is_correct("0.5", "1/2"), calculate("3 * (4 + 5)")
    (True, Fraction(27, 1))
    >>> parse_chain("A1: 2 * 3 = 6 pens.\\nThe answer is 6.", "cot")[1]
    '6'

Not covered: numbers in words, decimal commas, languages other than English.
"""

from .arithmetic import calculate, equation_is_right, find_equations, format_number
from .chains import parse_chain, sentence_lines, step_answer
from .extract import (
    ANSWER_MARK,
    answer_of,
    choice_in_reply,
    choice_of,
    extract_answer,
    extract_marked_answer,
    is_correct,
)
