"""Guidance: the texts, the masks, who reads a guide, and a planner that writes one."""

import pytest
import torch

from socratic_utils.config import Decoding, Training
from socratic_utils.files import content_hash
from socratic_utils.problems import Chain, Problem, Step, gold_chain
from socratic_utils.students.base_models import tiny
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.loop import solve
from socratic_utils.students.decoding.oracles import PlannedDecoder, write_guides
from socratic_utils.students.supervision import SUPERVISIONS, Guided
from socratic_utils.students.training.train import ingredients, make_examples
from socratic_utils.students.training.trainer import collate, masked_loss
from socratic_utils.students.transcript import (
    GUIDES,
    IGNORED,
    gold_guides,
    guide_text,
    prompt_ids,
    role_of,
    segments,
    tokenize,
)
from tests.students.test_loop import Scripted
from tests.students.test_transcript import (
    A1,
    A2,
    DONE,
    MODEL,
    PROBLEM,
    Q1,
    Q2,
    TOKENIZER,
    P,
)

GOLD = {
    "equations": "Plan: 3 * 4 = 12; 12 - 2 = 10",
    "operators": "Plan: * -",
    "steps": "Plan: 2 steps",
}
OTHER = Problem(
    "o", "gradeschool", "test", "Ben has 8 pens and 3 friends give him 2 each. Total?",
    "14",
    steps=(
        Step("How many does he get?", "He gets 3 * 2 = 6 pens.", "6"),
        Step("How many has he?", "He has 8 + 6 = 14 pens.", "14"),
    ),
)  # fmt: skip
GUIDED = {name for name, s in SUPERVISIONS.items() if isinstance(s, Guided)}


def chain_of(*solutions):
    steps = tuple(Step("Why?", solution, "") for solution in solutions)
    return Chain("p", "socratic", steps, "10", "teacher")


# --- the texts ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", GUIDES)
def test_a_gold_chain_gives_its_guide(kind):
    assert guide_text(gold_chain(PROBLEM), kind) == GOLD[kind]
    assert gold_guides([PROBLEM], kind) == {"p": GOLD[kind]}


@pytest.mark.parametrize(
    "kind, guide",
    [
        ("equations", "Plan: 4 * 12 = 46; (4 + 5) * 2 = 18; 18 - 8 = 10"),
        ("operators", "Plan: * +* -"),
        ("steps", "Plan: 3 steps"),
    ],
)
def test_a_teachers_chain_gives_its_guide_errors_included(kind, guide):
    """Its error stays; one solution has no equation, another has two."""
    chain = chain_of(
        "She makes 4 x 12 = 46 rolls.",
        "She sells them all.",
        "She gets (4 + 5) * $2 = $18, and 18 - 8 = 10 dollars are left.",
    )
    assert guide_text(chain, kind) == guide


def test_a_chain_without_equations_gives_none():
    chain = chain_of("Fish live in water.")
    found = [guide_text(chain, kind) for kind in GUIDES]
    assert found == ["Plan: none", "Plan: none", "Plan: 1 step"]


def test_signs_are_not_operators():
    chain = chain_of("Now it is -3 + 5 = 2 degrees.", "Then 5 * -2 = -10 degrees.")
    assert guide_text(chain, "equations") == "Plan: -3 + 5 = 2; 5 * -2 = -10"
    assert guide_text(chain, "operators") == "Plan: + *"


def test_a_guide_is_read_back_as_one():
    assert all(role_of(line) == "guide" for line in [*GOLD.values(), "Plan: none"])


# --- the masks ----------------------------------------------------------------------


def encoded(text):
    return TOKENIZER(text, add_special_tokens=False).input_ids


@pytest.mark.parametrize("kind", GUIDES)
def test_the_question_generator_reads_the_guide_and_is_trained_on_the_rest(kind):
    supervision = SUPERVISIONS[f"qg_guided_{kind}"]
    example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), supervision)
    heard, written = encoded(f"{P}{GOLD[kind]}\n"), encoded(Q1 + Q2 + DONE)
    assert example["input_ids"] == heard + written
    assert example["labels"] == [IGNORED] * len(heard) + written
    assert example["labels"][-1] == TOKENIZER.eos_token_id


@pytest.mark.parametrize("kind", GUIDES)
def test_the_planner_is_trained_on_the_guide_and_the_end_mark_alone(kind):
    supervision = SUPERVISIONS[f"planner_{kind}"]
    example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), supervision)
    heard, written = encoded(P), [*encoded(GOLD[kind]), TOKENIZER.eos_token_id]
    assert example["input_ids"] == heard + written
    assert example["labels"] == [IGNORED] * len(heard) + written


def test_every_kind_has_a_generator_and_a_planner():
    assert GUIDED == {
        "qg_guided_equations", "qg_guided_operators", "qg_guided_steps",
        "planner_equations", "planner_operators", "planner_steps",
    }  # fmt: skip


def test_every_supervision_has_a_hash_of_its_own():
    pairs = [(PROBLEM, gold_chain(PROBLEM))]
    hashes = {
        content_hash(ingredients("tiny", pairs, supervision, Training(), 0))
        for supervision in SUPERVISIONS.values()
    }
    assert len(hashes) == len(SUPERVISIONS)


def test_the_transcript_itself_has_no_guide():
    lines = [segment.text + "\n" for segment in segments(PROBLEM, gold_chain(PROBLEM))]
    assert lines == [P, Q1, A1, Q2, A2, "The answer is 10.\n"]


# --- who reads it -------------------------------------------------------------------


class Listening(Scripted):
    """A scripted decoder that keeps its prompts."""

    def begin(self, prompts):
        self.prompts = [list(prompt) for prompt in prompts]
        return super().begin(prompts)


def talk(guides):
    """The prompts of both decoders, and what the answerer read later."""
    start = P + (f"{guides['p']}\n" if guides else "")
    generator = Listening({start.strip(): [Q1, DONE]})
    answerer = Listening({P.strip(): [" 3 * 4 = 12.\n", " 12.<end>"]})
    (solution,) = solve([PROBLEM], generator, answerer, guides=guides)
    assert solution.output == f"{Q1}A: 3 * 4 = 12.\nThe answer is 12."
    return generator.prompts, answerer.prompts, answerer.heard[P]


@pytest.mark.parametrize("kind", GUIDES)
def test_the_question_generator_reads_the_guide_as_in_training(kind):
    supervision = SUPERVISIONS[f"qg_guided_{kind}"]
    example = tokenize(TOKENIZER, PROBLEM, gold_chain(PROBLEM), supervision)
    trained_from = [label == IGNORED for label in example["labels"]].index(False)
    ((heard),), _, _ = talk(gold_guides([PROBLEM], kind))
    assert heard == example["input_ids"][:trained_from]


def test_the_question_answerer_does_not_read_the_guide():
    _, (heard,), later = talk(gold_guides([PROBLEM], "equations"))
    assert heard == prompt_ids(TOKENIZER, PROBLEM) == encoded(P)
    assert "Plan" not in later


def test_without_guides_both_read_the_problem_alone():
    asked, answered, _ = talk(None)
    assert asked == answered == [encoded(P)]


def test_several_samples_share_a_guide():
    decoder = IncrementalDecoder(tiny()[0].eval(), TOKENIZER)
    warm = Decoding(max_tokens=4, temperature=0.7)
    guides = gold_guides([PROBLEM, OTHER], "steps")
    solutions = solve([PROBLEM, OTHER], decoder, None, warm, samples=2, guides=guides)
    assert [s.problem.id for s in solutions] == ["p", "p", "o", "o"]


# --- the planner --------------------------------------------------------------------


def guides_of(problems, planner, decoding):
    """Problem id -> the guide that the planner writes, in batches."""
    guides, size = {}, decoding.batch_size
    for start in range(0, len(problems), size):
        batch = problems[start : start + size]
        prompts = [prompt_ids(TOKENIZER, problem) for problem in batch]
        written = write_guides(planner, prompts, decoding.max_tokens)
        guides |= {p.id: guide for p, guide in zip(batch, written, strict=True)}
    return guides


def test_a_planner_continues_the_prompt_it_was_trained_on():
    example = tokenize(
        TOKENIZER, PROBLEM, gold_chain(PROBLEM), SUPERVISIONS["planner_steps"]
    )
    planner = Listening({f"{P}Plan:": [" 2  steps<end>"]})
    assert guides_of([PROBLEM], planner, Decoding()) == {"p": GOLD["steps"]}
    (prompt,) = planner.prompts
    assert prompt == example["input_ids"][: len(prompt)]


def test_a_planned_generator_reads_what_the_planner_writes():
    problems = [PROBLEM, OTHER, Problem("s", "d", "test", "Short?", "1")]
    generator, planner = (
        IncrementalDecoder(tiny()[0].eval(), TOKENIZER) for _ in range(2)
    )
    guides = guides_of(problems, planner, Decoding(max_tokens=9))
    planned = PlannedDecoder(generator, planner, 9)
    planned.start([prompt_ids(TOKENIZER, problem) for problem in problems])
    wanted = [prompt_ids(TOKENIZER, p, guides[p.id]) for p in problems]
    assert [row.ids for row in planned.rows] == wanted and len(
        set(map(len, wanted))
    ) > 1


def test_guides_do_not_depend_on_batches():
    problems = [PROBLEM, OTHER, Problem("s", "d", "test", "Short?", "1")]
    planner = IncrementalDecoder(tiny()[0].eval(), TOKENIZER)
    small = guides_of(problems, planner, Decoding(max_tokens=9, batch_size=2))
    large = guides_of(problems, planner, Decoding(max_tokens=9, batch_size=3))
    assert list(small) == ["p", "o", "s"] and small == large
    assert all(role_of(line) == "guide" for line in small.values())


def test_an_empty_plan_is_still_a_guide_line():
    planner = Listening({f"{P}Plan:": ["<end>"]})
    guides = guides_of([PROBLEM], planner, Decoding())
    assert guides == {"p": "Plan:"}
    assert talk(guides)[0] == [encoded(f"{P}Plan:\n")]


def test_a_trained_planner_writes_the_plan_it_was_shown():
    """Mask, end mark and decoding fit together: two plans learnt by heart."""
    problems = [PROBLEM, OTHER]
    pairs = [(problem, gold_chain(problem)) for problem in problems]
    supervision = SUPERVISIONS["planner_equations"]
    examples, _ = make_examples(pairs, TOKENIZER, supervision, 512)
    batch = collate(TOKENIZER)(examples)
    model = tiny()[0].eval()  # no dropout: by heart and quickly
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        loss, _ = masked_loss(model, **batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    guides = guides_of(problems, IncrementalDecoder(model, TOKENIZER), Decoding())
    assert guides == gold_guides(problems, "equations")


# --- bad input ----------------------------------------------------------------------


def test_an_unknown_kind_of_guide_is_named_in_the_error():
    with pytest.raises(ValueError, match="guide must be one of .*, not 'nouns'"):
        guide_text(gold_chain(PROBLEM), "nouns")
    with pytest.raises(ValueError, match="not 'nouns'"):
        gold_guides([PROBLEM], "nouns")


def test_a_problem_without_gold_steps_has_no_gold_guide():
    problem = Problem("s", "svamp", "test", "How many?", "3")
    with pytest.raises(ValueError, match="'s' has no gold steps"):
        gold_guides([PROBLEM, problem], "steps")


@pytest.mark.parametrize("guides", [{}, {"p": GOLD["steps"]}, {"o": "2 steps"}])
def test_a_problem_without_a_guide_is_named_before_anything_is_written(guides):
    decoder = IncrementalDecoder(MODEL, TOKENIZER)
    with pytest.raises(ValueError, match="'o' has no line that starts with 'Plan:'"):
        solve([OTHER, PROBLEM], decoder, guides=guides)
    assert not hasattr(decoder, "cache")
