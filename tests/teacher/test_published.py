"""load_chains and training_chains; the published files where they are."""

import pytest

from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import Chain, gold_chain
from socratic_utils.teacher.published import (
    CORPORA,
    load_chains,
    training_chains,
)
from tests.helpers.published_rows import (
    FAITHFUL,
    PALM,
    needs_real_data,
    reasons,
    write_gsm8k,
    write_lines,
    write_palm_cqa,
)

# --- training_chains --------------------------------------------------------------


def test_training_chains_refuses_every_evaluation_split():
    gold = {
        split: [gold_chain(p) for p in load_problems("gradeschool", split, 3)]
        for split in ("train", "validation", "test", "challenge")
    }
    assert training_chains(gold["train"], "gradeschool") == gold["train"]
    assert training_chains([], "gradeschool") == []
    for split in ("validation", "test", "challenge"):
        with pytest.raises(ValueError, match=f"problem of gradeschool {split}, which"):
            training_chains(gold["train"] + gold[split][:1], "gradeschool")


def test_training_chains_goes_by_the_text_too(data):
    write_gsm8k(data, ("How many  pens?", "How much?"), "train")
    write_gsm8k(data, ("how many pens ?",), "test")
    leaked, clean = [gold_chain(p) for p in load_problems("gsm8k", "train")]
    assert training_chains([clean], "gsm8k") == [clean]
    with pytest.raises(ValueError) as caught:
        training_chains([clean, leaked], "gsm8k")
    assert str(caught.value) == (
        "the chain of gold on gsm8k-train-0000 is about a problem of gsm8k test, which "
        "is for evaluation only: leave it out of training"
    )


def test_training_chains_on_unknown_problems_are_refused():
    stray = Chain("gsm8k-train-0000", "cot", (), "5", "gold")
    with pytest.raises(ValueError, match="about no training problem of gradeschool"):
        training_chains([stray], "gradeschool")
    with pytest.raises(ValueError, match="unknown dataset 'gsm9k'"):
        training_chains([stray], "gsm9k")


# --- refusals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("gpt-9", "gsm8k"), "unknown teacher 'gpt-9': choose from ['chatgpt', 'code-"),
        (("palm-540b", "gsm8k"), "palm-540b has no cot chains on the 'train' split"),
        (("palm-540b", "svamp", "train", "socratic"),
         "palm-540b has no socratic chains on the 'train' split of svamp: choose from "
         "['commonsense_qa cot train', 'svamp cot train', 'svamp cot test']"),
        (("code-davinci-002", "gsm8k", "train", "cot"),
         "code-davinci-002 has no cot chains on the 'train' split of gsm8k: choose "
         "from ['gsm8k cot test', 'gsm8k socratic test', 'strategyqa cot train'"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_one_sentence(arguments, sentence):
    with pytest.raises(ValueError) as caught:
        load_chains(*arguments)
    message = str(caught.value)
    assert message.startswith(sentence)
    assert "SOCRATIC_DATA_DIR" in message and "\n" not in message


OFFERS = [
    (name, dataset, splits[0], style)
    for name, corpus in CORPORA.items()
    for (dataset, style), splits in corpus.offered.items()
]


@pytest.mark.parametrize("offer", OFFERS)
def test_missing_files_are_named(offer, data, monkeypatch):
    with pytest.raises(FileNotFoundError) as caught:
        load_chains(*offer)
    assert str(caught.value).startswith(str(data))
    assert "SOCRATIC_DATA_DIR" in str(caught.value) and "\n" not in str(caught.value)
    monkeypatch.delenv("SOCRATIC_DATA_DIR")
    with pytest.raises(FileNotFoundError, match="disk only: set SOCRATIC_DATA_DIR to"):
        load_chains(*offer)


def test_broken_files_are_named(data):
    path = data.joinpath(*FAITHFUL, "output_dir/GSM8K/test/code002_COT")
    write_lines(path / "predictions.jsonl", [{"id": 0}])
    with pytest.raises(ValueError, match="row 1: no field 'completion'"):
        load_chains("code-davinci-002", "gsm8k", "test")
    write_palm_cqa(data, ["", "", ""])
    broken = data.joinpath(*PALM, "cqa", "llm", "train_CoT_4.json")
    broken.write_text('["A baker bakes. So the')
    with pytest.raises(ValueError, match="train_CoT_4.json: not JSON"):
        load_chains("palm-540b", "commonsense_qa")


# --- the published files ----------------------------------------------------------

PUBLISHED = [  # teacher, data set, split, style, chains, share with steps and answer
    ("palm-540b", "commonsense_qa", "train", "cot", 9741, 0.97),
    ("palm-540b", "svamp", "train", "cot", 800, 0.95),
    ("palm-540b", "svamp", "test", "cot", 200, 0.95),
    ("code-davinci-002", "gsm8k", "test", "cot", 1319, 0.96),
    ("code-davinci-002", "gsm8k", "test", "socratic", 1319, 0.98),
    ("code-davinci-002", "strategyqa", "train", "cot", 1832, 0.99),
    ("code-davinci-002", "strategyqa", "validation", "cot", 229, 0.99),
    ("code-davinci-002", "strategyqa", "test", "cot", 229, 0.99),
    ("code-davinci-002", "svamp", "train", "cot", 800, 0.98),
    ("code-davinci-002", "svamp", "test", "cot", 200, 0.98),
    ("chatgpt", "gsm8k", "test", "socratic", 1319, 0.97),
    ("cos-e", "commonsense_qa", "train", "cot", 9741, 0.99),
    ("cos-e", "commonsense_qa", "validation", "cot", 1221, 0.99),
]


@needs_real_data
@pytest.mark.parametrize("name, dataset, split, style, size, parsed", PUBLISHED)
def test_published_chains(name, dataset, split, style, size, parsed):
    problems = load_problems(dataset, split)
    chains = load_chains(name, dataset, split, style)
    assert [c.problem_id for c in chains] == [p.id for p in problems]
    assert len(chains) == size and {c.source for c in chains} == {name}
    assert sum(bool(c.steps) and c.answer is not None for c in chains) >= parsed * size
    if split == "train":
        assert training_chains(chains, dataset) == chains
    else:
        with pytest.raises(ValueError, match="for evaluation only"):
            training_chains(chains, dataset)


@needs_real_data
@pytest.mark.parametrize(
    "name, dataset, splits, style, share",
    [  # the authors' own counts of right answers, in the provenance of the files
        ("palm-540b", "commonsense_qa", ("train",), "cot", 7234 / 9741),
        ("code-davinci-002", "gsm8k", ("test",), "cot", 0.633),
        ("code-davinci-002", "gsm8k", ("test",), "socratic", 0.377),
        ("code-davinci-002", "svamp", ("train", "test"), "cot", 0.775),
        ("code-davinci-002", "strategyqa", ("train", "validation", "test"), "cot",
         0.725),
    ],
)  # fmt: skip
def test_published_share_of_right_answers(name, dataset, splits, style, share):
    chains = [c for split in splits for c in load_chains(name, dataset, split, style)]
    problems = [p for split in splits for p in load_problems(dataset, split)]
    kept = reasons(chains, problems)["kept"] / len(chains)
    # By letter a few more are right on CommonsenseQA than by the choice's very text.
    assert kept == pytest.approx(share, abs=0.011)


@needs_real_data
def test_every_offer_is_tested():
    offered = {
        (name, dataset, split, style)
        for name, corpus in CORPORA.items()
        for (dataset, style), splits in corpus.offered.items()
        for split in splits
    }
    assert offered == {row[:4] for row in PUBLISHED}
