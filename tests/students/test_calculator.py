"""The calculator in the decoding loop (`oracles.CalculatorDecoder`)."""

import re

import pytest
import torch

from socratic_utils.config import Decoding
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.decoding.oracles import (
    CalculatorDecoder,
    GoldQuestions,
    result_due,
)
from socratic_utils.students.transcript import prompt_ids
from tests.students.test_loop import PROBLEMS, TOKENIZER, model_of
from tests.students.test_oracles import ASKED, BAKER, ids_of


class Recorded:
    """Keeps the logits of every token, by row."""

    def start(self, prompts):
        self.seen = {}
        super().start(prompts)

    def logits(self, rows, new):
        logits = super().logits(rows, new)
        for row, values in zip(rows, logits, strict=True):
            self.seen.setdefault(row, []).append(values.clone())
        return logits


class Plain(Recorded, IncrementalDecoder):
    pass


class Wishing(Recorded, CalculatorDecoder):
    """A real model made to write a given text, and then its own."""

    def __init__(self, model, *wishes):
        super().__init__(model, TOKENIZER)
        self.first_wishes = [list(wish) for wish in wishes]

    def open(self, prompts, copies=1):
        rows = super().open(prompts, copies)
        for place, row in enumerate(rows):
            row.wish = list(self.first_wishes[place // copies])
        return rows

    def logits(self, rows, new):
        logits = super().logits(rows, new)
        for row, values in zip(rows, logits, strict=True):
            if getattr(row, "wish", None):
                values[row.wish.pop(0)] = 1e4
        return logits


def written(*wishes, limit=None, kind="gpt2"):
    """What the calculator makes of a model that would write these token lists."""
    decoder = Wishing(model_of(kind), *wishes)
    decoder.start([prompt_ids(TOKENIZER, p) for p in PROBLEMS[: len(wishes)]])
    return decoder.write(limit or len(wishes[0]), whole_lines=False), decoder


@pytest.mark.parametrize(
    "line, result",
    [
        ("A: She makes 4 * 12 =", "48"),
        ("4 bags * $3 = ", "12"),
        ("4 bags * $3 = $", "12"),
        ("5 kg + 2.5 kg =", "7.5"),
        ("3 * (4 + 5) =", "27"),
        ("2 - 5=", "-3"),
        ("10 / 3 =", "10/3"),
        ("1,200 / 4 =", "300"),
        ("2 + 3 = 5 * 2 =", "10"),
        ("2 + 3 = 6, so 6 + 1 =", "7"),
        ("4 * 12", None),
        ("4 * 12 = 48", None),
        ("4 * 12 ==", None),
        ("x =", None),
        ("48 =", None),
        ("10 / 3 = 10/3 =", None),  # it would go on for ever
        ("5 / 0 =", None),
        ("2^3 + 1 =", None),
        ("y - 3 + 4 =", None),
        ("100% - 30% =", None),
        ("__import__('os').getpid() + 1 =", None),
        (f"{'9' * 40} * {'9' * 40} =", None),
        ("=", None),
        ("", None),
    ],
)
def test_a_result_is_due_after_an_expression_and_an_equals_sign(line, result):
    assert result_due(line) == result


@pytest.mark.parametrize(
    "wish, expected",
    [
        ("A: 4 * 12 = 50 rolls", "A: 4 * 12 = 48 rolls"),
        ("A: 4*12=50 rolls", "A: 4*12=48 rolls"),
        ("A: 4 bags * $3 = $15 left", "A: 4 bags * $3 = $12 left"),
        ("A: 4 bags * $3 = 15 all", "A: 4 bags * $3 = 12 all"),
        ("A: 2 + 3 = 6 and 6 * 2 = 13 all", "A: 2 + 3 = 5 and 6 * 2 = 12 all"),
        ("A: 4 * 12 = many rolls", "A: 4 * 12 = 48"),
        ("A: 9 / 2 = 4 rolls", "A: 9 / 2 = 4.5"),
        ("A: 4 * 12 =<end>", "A: 4 * 12 = 48"),
        ("A: 4 * 12 = 48 rolls", "A: 4 * 12 = 48 rolls"),
        ("A: x = 50 rolls", "A: x = 50 rolls"),
        ("A: 2^3 + 1 = 50 rolls", "A: 2^3 + 1 = 50 rolls"),
        ("A: 100% - 30% = 50% left", "A: 100% - 30% = 50% left"),
        ("A: 4 * 12\n = 50 rolls", "A: 4 * 12\n = 50 rolls"),
    ],
)
def test_correct_results_are_inserted(wish, expected):
    ((ids,), decoder) = written(ids_of(wish))
    assert decoder.text(ids).startswith(expected)
    assert len(ids) == len(ids_of(wish))


def test_a_space_may_be_a_token_of_its_own():
    """As SmolLM2 has it, whose digits are single tokens too."""
    parts = ["A: 4 * 12 =", " ", "50", " rolls"]
    ((ids,), decoder) = written([token for part in parts for token in ids_of(part)])
    assert decoder.text(ids) == "A: 4 * 12 = 48 rolls"


def test_no_digit_follows_a_result():
    ((ids,), decoder) = written(ids_of("A: 4 * 12 = 480 rolls"))
    assert re.match(r"A: 4 \* 12 = 48(?![.,]?\d)", decoder.text(ids))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_the_model_continues_from_the_corrected_text(kind):
    """Rows with and without equations, each against a plain decoder on its own."""
    model = model_of(kind)
    wishes = ["A: 4 * 12 = 50 rolls", "A: nobody", "A: 3 + 4 = 8 * 2 = 15 of"]
    rights = ["A: 4 * 12 = 48 rolls", "A: nobody", "A: 3 + 4 = 7 * 2 = 14 of"]
    lines, decoder = written(*map(ids_of, wishes), limit=30, kind=kind)
    prompts = [prompt_ids(TOKENIZER, p) for p in PROBLEMS[:3]]
    for row, (wrong, right) in enumerate(zip(wishes, rights, strict=True)):
        prefix, found = ids_of(right), decoder.seen[decoder.rows[row]][-1]
        assert lines[row][: len(prefix)] == prefix
        for given in {wrong, right}:
            plain = Plain(model, TOKENIZER)
            plain.start([prompts[row] + ids_of(given)])
            (line,) = plain.write(30 - len(prefix), whole_lines=False)
            same = torch.allclose(found, plain.seen[plain.rows[0]][-1], atol=1e-4)
            assert same == (given == right)
            assert given == wrong or lines[row] == prefix + line


def test_strides_may_cut_a_result_anywhere():
    wish = ids_of("A: 4 * 12 * 100 = 5000 rolls and")
    ((whole,), decoder) = written(wish)
    assert decoder.text(whole) == "A: 4 * 12 * 100 = 4800 rolls and"
    for cut in range(1, len(wish)):
        ((_, start), decoder) = written(ids_of("A: nobody"), wish, limit=cut)
        assert len(start) == cut
        decoder.keep([1])
        (rest,) = decoder.write(len(wish) - cut, whole_lines=False)
        assert start + rest == whole


def test_a_truncated_result_is_dropped_when_the_other_model_writes():
    wish = ids_of("A: 4 * 12 * 100 = 5000")
    ((line,), decoder) = written(wish, limit=len(wish) - 1)
    assert decoder.text(line).endswith("= 480")
    decoder.rows[0].wish = ids_of("A: no")
    decoder.hear(0, ids_of("\nQ: How many?\n"))
    assert decoder.text(decoder.write(len(ids_of("A: no")))[0]) == "A: no"


def test_a_student_with_a_calculator_solves_alone():
    wish = ids_of("A: There are 4 * 12 = 50 rolls.\nThe answer is 48 - 8 = 60.<end>")
    decoder = Wishing(model_of("llama"), wish)
    (solution,) = solve([BAKER], decoder)
    assert solution.output == (
        "A: There are 4 * 12 = 48 rolls.\nThe answer is 48 - 8 = 40."
    )
    assert solution.tokens == len(wish) and not solution.truncated


def test_both_oracles_work_together_with_several_samples():
    wish = ids_of(" 4 * 12 = 50 rolls.\n 48 - 8 = 48 left.\n 40.<end>")
    answerer = Wishing(model_of("gpt2"), wish)
    generator = GoldQuestions([BAKER], TOKENIZER)
    warm = Decoding(temperature=0.7)
    solutions = solve([BAKER], generator, answerer, warm, samples=2)
    for solution in solutions:
        assert solution.output.split("\n") == [
            ASKED[0], "A: 4 * 12 = 48 rolls.", ASKED[1], "A: 48 - 8 = 40 left.",
            "The answer is 40.",
        ]  # fmt: skip
        assert not solution.truncated
