"""Gold questions in the question generator's place (`oracles.GoldQuestions`)."""

import pytest

from socratic_utils.config import Decoding
from socratic_utils.problems import Problem, Step
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.decoding.oracles import GoldQuestions, ask_upfront
from socratic_utils.students.transcript import prompt_ids
from tests.students.test_loop import PROBLEMS, TOKENIZER, Scripted, model_of, prompts_of

BAKER = Problem(
    "baker", "test", "test", "A baker fills 4 trays of 12 rolls and sells 8.", "40",
    steps=(
        Step("How many rolls are there?", "There are 4 * 12 = 48 rolls.", "48"),
        Step("How many are left?", "There are 48 - 8 = 40 left.", "40"),
    ),
)  # fmt: skip
ASKED = ["Q: How many rolls are there?", "Q: How many are left?", "No more questions."]


def ids_of(text):
    return TOKENIZER(text).input_ids


def test_gold_questions_are_asked_in_order_and_the_answerer_hears_them():
    two = PROBLEMS[:2]
    scripts = {
        prompt: [f" {step.solution}\n" for step in p.steps] + [f" {p.answer}.<end>"]
        for prompt, p in zip(prompts_of(two), two, strict=True)
    }
    answerer = Scripted(scripts)
    solutions = solve(two, GoldQuestions(two, TOKENIZER), answerer)
    for prompt, problem, solution in zip(prompts_of(two), two, solutions, strict=True):
        turns = [f"Q: {s.question}\nA: {s.solution}\n" for s in problem.steps]
        assert solution.output == "".join(turns) + f"The answer is {problem.answer}."
        assert not solution.truncated and solution.logprob == 0
        heard = "".join(f"Q: {step.question}\nA:" for step in problem.steps)
        assert answerer.heard[prompt + "\n"] == heard + "The answer is"


def test_rows_of_gold_questions_can_repeat_and_leave():
    generator = GoldQuestions([PROBLEMS[0], BAKER], TOKENIZER)
    generator.start([])
    generator.seed(1)
    prompts = [prompt_ids(TOKENIZER, p) for p in (PROBLEMS[0], BAKER)]
    generator.rows = generator.open(prompts, 2)
    first = f"Q: {PROBLEMS[0].steps[0].question}"
    assert said(generator) == [first, first, ASKED[0], ASKED[0]]
    generator.hear(0, ids_of("A: nobody knows\n"))
    generator.keep([1, 3])
    assert said(generator) == [f"Q: {PROBLEMS[0].steps[1].question}", ASKED[1]]
    generator.keep([1])
    (last,) = generator.write(64)
    assert generator.text(last) == ASKED[2] and last[-1] == generator.end
    assert generator.logprobs == [0.0]
    generator.start([prompt_ids(TOKENIZER, BAKER)])
    assert said(generator) == ASKED[:1], "a new batch begins at the first question"


def said(generator):
    """A line of every row; a short limit does not cut a gold question."""
    return [generator.text(ids) for ids in generator.write(3)]


def test_gold_questions_work_with_several_sampled_solutions():
    answerer = IncrementalDecoder(model_of("llama"), TOKENIZER)
    warm = Decoding(line_tokens=8, temperature=0.7)
    generator = GoldQuestions(PROBLEMS[:2], TOKENIZER)
    solutions = solve(PROBLEMS[:2], generator, answerer, warm, samples=3)
    asked = [solution.lines[0]["text"] for solution in solutions]
    assert asked == [f"Q: {p.steps[0].question}" for p in PROBLEMS[:2] for _ in "123"]


@pytest.mark.parametrize("steps", [(), (Step("", "A fact of StrategyQA.", ""),)])
def test_problems_without_gold_questions_are_refused(steps):
    bare = Problem("bare-7", "test", "test", "How many?", "3", steps=steps)
    with pytest.raises(ValueError, match="'bare-7' has no gold sub-questions"):
        GoldQuestions([BAKER, bare], TOKENIZER)
    generator = GoldQuestions([BAKER], TOKENIZER)
    with pytest.raises(ValueError, match="none of the problems"):
        generator.start([prompt_ids(TOKENIZER, bare)])


UPFRONT = [
    ("Q: How many?\nQ: And then?\nNo more questions.<end>", ["How many?", "And then?"]),
    ("Q: One?\nQ: Two?\nQ: Three?\nNo more questions.<end>", ["One?", "Two?"]),
    ("Q: One?\nQ: Tw", ["One?"]),  # cut off by the limit
    ("Q: One?\nA: 2.\nQ: Two?<end>", ["One?"]),
    ("No more questions.<end>", []),
]


@pytest.mark.parametrize(("written", "asked"), UPFRONT)
def test_questions_are_asked_upfront(written, asked):
    generator = Scripted({f"Problem: {BAKER.text}": [written]})
    known = ask_upfront([BAKER], generator, Decoding(max_tokens=200, max_steps=2))
    known.start([prompt_ids(TOKENIZER, BAKER)])
    lines = [known.text(known.write(64)[0]) for _ in range(len(asked) + 1)]
    assert lines == [*(f"Q: {text}" for text in asked), "No more questions."]
