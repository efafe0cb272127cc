"""The importers of published chains, on handwritten rows in their formats."""

import pytest

from socratic_utils.answers import sentence_lines
from socratic_utils.benchmarks import load_problems
from socratic_utils.teacher.published import load_chains, training_chains
from tests.helpers.published_rows import (
    PALM,
    reasons,
    write_array,
    write_commonsense_qa,
    write_cos_e,
    write_faithful,
    write_faithful_strategyqa,
    write_gsm8k,
    write_lines,
    write_palm_cqa,
    write_strategyqa,
    write_subq,
    write_svamp,
)

# --- PaLM-540B --------------------------------------------------------------------

NEXT = "\n\nQ: Where do fish live?\nA: The answer must be wet. So the answer is (e) s"
PALM_TEXTS = (  # in CoS-E's order: k2, k0, k1
    "A baker bakes. Of the above choices, only baker bakes. So the answer is (c) baker."
    + NEXT,
    "Keys lie in drawers. So the answer is (d) lake." + NEXT,
    "Carp live in water. So the answer is either (a) pond or (d) lake." + NEXT,
)


def test_palm_on_commonsense_qa(data):
    write_commonsense_qa(data)
    write_cos_e(data)
    write_palm_cqa(data, PALM_TEXTS)
    keys, carp, baker = chains = load_chains("palm-540b", "commonsense_qa")
    assert [c.problem_id for c in chains] == [f"commonsense_qa-k{n}" for n in (0, 1, 2)]
    assert [c.answer for c in chains] == ["d", None, "c"]  # two answers are none
    assert [step.solution for step in baker.steps] == [
        "A baker bakes.",
        "Of the above choices, only baker bakes.",
    ]
    assert baker.text == PALM_TEXTS[0] and baker.source == "palm-540b"
    assert reasons(chains, load_problems("commonsense_qa")) == {
        "kept": 1,
        "wrong reasoning": 1,
        "no final answer": 1,
    }
    assert training_chains(chains, "commonsense_qa") == chains


def test_palm_files_that_do_not_belong_together(data):
    write_commonsense_qa(data)
    write_cos_e(data)
    write_palm_cqa(data, PALM_TEXTS[:2])
    with pytest.raises(ValueError, match="2 chains for 3 questions"):
        load_chains("palm-540b", "commonsense_qa")
    write_palm_cqa(data, PALM_TEXTS)
    write_cos_e(data, order=("k2", "k0", "other"))
    with pytest.raises(ValueError, match="-other' is no problem"):
        load_chains("palm-540b", "commonsense_qa")


FORMULAS = {  # what PaLM writes as its answer -> what it comes to
    "(14 - 9).": "5",
    "((14 - 9) + 1).": "6",
    "(2 * 3) / 4": "1.5",
    "(9 - (-3)).": "12",
    "(84 / 2).": "42",
    "(some - 4).": None,
    "(3, 4).": None,
    "((15 + 2)).).": None,
    "(5 / 0).": None,
    "(9": None,
}


@pytest.mark.parametrize("formula, value", FORMULAS.items())
def test_palm_on_svamp(data, formula, value):
    write_svamp(data)
    for split, files in (("train", (5, 3)), ("test", (2,))):
        problems = load_problems("svamp", split)
        inputs = [p.text.replace("pens How", "pens\nHow") for p in problems]
        path = data.joinpath(*PALM, "svamp", f"svamp_{split}.json")
        write_lines(path, [{"input": text, "label": ""} for text in inputs])
        text = f"Mr. Wu has 2.5 kg. He buys 1. The answer is {formula}{NEXT}"
        for part, size in enumerate(files):
            name = f"{split}_CoT_{part}.json"
            write_array(path.parent / "llm" / name, [text] * size)
    chains = load_chains("palm-540b", "svamp", "test")
    assert [c.problem_id for c in chains] == [
        p.id for p in load_problems("svamp", "test")
    ]
    assert {c.answer for c in chains} == {value}
    assert [s.solution for s in chains[0].steps] == ["Mr. Wu has 2.5 kg.", "He buys 1."]
    assert len(load_chains("palm-540b", "svamp", "train")) == 8


# --- code-davinci-002 -------------------------------------------------------------

COT = " She has 9 pens. She gives away 2 * 2 = 4. So 9 - 4 = 5. The answer is 5.\n\n"
LEAST_TO_MOST = (
    "\nQ1. How many pens does Ann have?\nAnn has 9 pens.\n"
    "Final Answer: How many of 9 pens are left?\n"
    "There are 9 - 4 = 5 pens left. The answer is 5.\n\n"
)


def test_code_davinci_on_gsm8k(data):
    write_gsm8k(data, ("How many?", "How much?"))
    write_faithful(data, "GSM8K/test/code002_COT", (COT, COT.rstrip() + "75"))
    whole, cut = load_chains("code-davinci-002", "gsm8k", "test", "cot")
    assert (whole.problem_id, whole.answer) == ("gsm8k-test-0000", "5")
    assert [(s.question, s.answer) for s in whole.steps] == [
        ("", "9"),
        ("", "4"),
        ("", "5"),
    ]
    assert cut.answer is None  # "The answer is 5.75" may go on


def test_code_davinci_least_to_most(data):
    write_gsm8k(data, ("How many?",))
    write_faithful(data, "GSM8K/test/code002_LtM", (LEAST_TO_MOST,))
    [chain] = load_chains("code-davinci-002", "gsm8k", "test", "socratic")
    assert [(s.question, s.solution) for s in chain.steps] == [
        ("How many pens does Ann have?", "Ann has 9 pens."),
        ("How many of 9 pens are left?", "There are 9 - 4 = 5 pens left."),
    ]
    assert (chain.answer, chain.style) == ("5", "socratic")


def test_code_davinci_on_svamp_is_joined_by_row(data):
    write_svamp(data)
    texts = [f" Row {n}. The answer is {n}.\n\n" for n in range(1, 11)]
    write_faithful(data, "SVAMP/test/code002_COT", texts)
    chains = [
        chain
        for split in ("train", "test")
        for chain in load_chains("code-davinci-002", "svamp", split)
    ]
    assert len(chains) == 10
    assert all(c.problem_id == f"svamp-chal-{c.answer}" for c in chains)


def test_code_davinci_on_strategyqa_is_joined_by_text(data):
    questions = [f"Is {n} odd?" for n in range(8)] + ["Is it late?", "Is it tea?"]
    questions[3] = questions[1]  # one published question text occurs twice
    write_strategyqa(data, questions)
    write_faithful_strategyqa(data, questions[::-1])
    for split, size in (("train", 8), ("validation", 1), ("test", 1)):
        problems = {p.id: p for p in load_problems("strategyqa", split)}
        chains = load_chains("code-davinci-002", "strategyqa", split)
        assert [c.problem_id for c in chains] == list(problems) and len(chains) == size
        for chain in chains:
            about = problems[chain.problem_id].text.rstrip("?")
            assert chain.steps[0].solution == f"About {about}."
            assert chain.answer == "yes"


def test_code_davinci_on_an_unknown_question_is_an_error(data):
    questions = [f"Is {n} odd?" for n in range(10)]
    write_strategyqa(data, questions)
    write_faithful_strategyqa(data, [*questions[:9], "Is it snow?"])
    with pytest.raises(ValueError, match="'.Is it snow\\? ' is no problem"):
        load_chains("code-davinci-002", "strategyqa")


# --- ChatGPT ----------------------------------------------------------------------


def test_chatgpt(data):
    write_gsm8k(data, ("How  many?", "How much?", "How long?"))
    write_gsm8k(data, ("Who?",), "train")
    asked = "Q1: How many pens go? \nQ2: How many are left?"
    lost = "A1: 2*2=<<2*2=4>>4 pens go.\nThese are lost.\nA2: 9-4=5 are left."
    write_subq(
        data,
        ("How long?", asked, f"{lost}\n\nFinal answer: 5"),
        ("How many?", asked, "A1: 4 pens go.\nA3: 5 are left.\n\nFinal answer: 5"),
        ("How much?", asked, "A1: 4 go.\nA2: Some stay.\n\nFinal answer: Some pens"),
    )
    unmatched, words, long = load_chains("chatgpt", "gsm8k", "test", "socratic")
    assert long.problem_id == "gsm8k-test-0002"
    assert [(s.question, s.solution) for s in long.steps] == [
        ("How many pens go?", "2*2=4 pens go. These are lost."),
        ("How many are left?", "9-4=5 are left."),
    ]
    assert long.answer == "5" and "<<2*2=4>>" in long.text  # the text stays raw
    assert (unmatched.steps, unmatched.answer) == ((), "5")
    assert words.answer is None and words.steps[0].solution == "4 go."
    assert "Final answer" not in words.steps[1].solution


def test_chatgpt_on_an_unknown_problem_is_an_error(data):
    write_gsm8k(data, ("How many?",))
    write_gsm8k(data, ("Who?",), "train")
    write_subq(data, ("Why?", "Q1: Why?", "A1: So.\n\nFinal answer: 1"))
    with pytest.raises(ValueError, match="'Why\\?' is no problem"):
        load_chains("chatgpt", "gsm8k", "test", "socratic")


# --- CoS-E ------------------------------------------------------------------------


def test_cos_e(data):
    write_commonsense_qa(data)
    write_cos_e(data, ("Bakers bake. They own ovens.", "Keys are small", "Carp swim."))
    chains = load_chains("cos-e", "commonsense_qa")
    assert [c.problem_id[-2:] for c in chains] == ["k0", "k1", "k2"]
    assert [c.answer for c in chains] == ["b", "a", "c"]  # the one it explains
    assert [s.solution for s in chains[2].steps] == ["Bakers bake.", "They own ovens."]
    [held_back] = load_chains("cos-e", "commonsense_qa", "validation")
    assert held_back.problem_id == "commonsense_qa-v0"
    with pytest.raises(ValueError, match="of commonsense_qa validation, which is for"):
        training_chains([*chains, held_back], "commonsense_qa")


# --- sentences --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, lines",
    [
        ("He has 2.5 kg. 3 are left! Why? So.", 4),
        ("Mrs. Li met Dr. No. They won $3. $5 is left.", 3),
        ("J. K. Rowling wrote. (That is all.) \"Yes.\" 'No.'", 4),
        ("It is 5.\n\nThe answer is 5.\n", 4),
        ("he said. and went", 1),
        ("", 1),
    ],
)
def test_sentence_lines(text, lines):
    assert len(sentence_lines(text).split("\n")) == lines
