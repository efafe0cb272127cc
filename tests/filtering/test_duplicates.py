"""Near-duplicates and contamination, by hand and on the embedded splits."""

import random
from itertools import combinations

import pytest

from socratic_utils.benchmarks import load_problems
from socratic_utils.filtering.duplicates import (
    chain_text,
    contamination,
    near_duplicates,
    ngrams,
    texts_of,
    words,
)
from socratic_utils.problems import Chain, Problem, Step, gold_chain

SPLITS = {
    split: load_problems("gradeschool", split)
    for split in ("train", "test", "unseen", "challenge")
}
TEXTS = {split: texts_of(problems) for split, problems in SPLITS.items()}


def test_words():
    assert words("Mia's 1,200 Eggs: 3 * 4 = 12.") == (
        ["mia", "s", "1,200", "eggs", "3", "4", "12"]
    )
    assert words(" ...") == []


def test_ngrams():
    assert ngrams(["a", "b", "a", "b"], 2) == {("a", "b"), ("b", "a")}
    assert ngrams(["a", "b"], 2) == ngrams(["a", "b"], 5) == {("a", "b")}
    assert ngrams([], 2) == set()


def test_texts_of_problems_and_chains():
    step = Step("How many?", "2 * 3 = 6 pens.", "6")
    problem = Problem("p", "toy", "train", "Which?", "b", "choice", (), ("x", "y"))
    steps = Chain("p", "socratic", (step, step), "6", "teacher", 3, text="raw")
    unread = Chain("p", "cot", (), None, "teacher", 3, text="raw")
    assert texts_of([problem, steps, unread]) == {
        "p": "Which? (a) x (b) y",
        "p/teacher/socratic/3": chain_text(steps),
        "p/teacher/cot/3": "raw",
    }
    assert chain_text(steps) == " ".join(["How many? 2 * 3 = 6 pens."] * 2)
    with pytest.raises(ValueError, match="p/teacher/cot/3"):
        texts_of([unread, unread])


# --- near-duplicates ------------------------------------------------------------------


def test_near_duplicates_by_hand():
    texts = {
        "a": "a b c d e",  # ab bc cd de
        "b": "A, B; c d... e!",  # the same words: 1
        "c": "a b c d e f",  # 4 shared of 5: 0.8
        "d": "a b c d x",  # ab bc cd of ab bc cd de dx: 0.6
        "e": "v w x y z",
    }
    rows = near_duplicates(texts, n=2, threshold=0.8)
    assert rows == [
        {"id": "b", "duplicate_of": "a", "similarity": 1.0},
        {"id": "c", "duplicate_of": "a", "similarity": 0.8},
    ]
    assert [r["id"] for r in near_duplicates(texts, n=2, threshold=0.81)] == ["b"]
    assert [r["id"] for r in near_duplicates(texts, n=2, threshold=0.6)] == list("bcd")


def test_a_duplicate_of_a_dropped_text_is_kept_unless_like_a_kept_one():
    # a-b and b-c share 4 of 5 words (0.67 of 6), a-c share 3 of 7 (0.43).
    texts = {"a": "1 2 3 4 5", "b": "2 3 4 5 6", "c": "3 4 5 6 7"}
    rows = near_duplicates(texts, n=1, threshold=0.6)
    assert [(row["id"], row["duplicate_of"]) for row in rows] == [("b", "a")]


def test_of_two_equally_near_texts_the_earlier_is_named():
    # x shares 3 of 5 words with both; they share 2 of 6 with each other.
    texts = {"late": "a b c d", "later": "a b e f", "x": "a b c e"}
    [row] = near_duplicates(texts, n=1, threshold=0.6)
    assert row == {"id": "x", "duplicate_of": "late", "similarity": 0.6}


def test_the_default_tolerates_one_word_of_forty():
    story = [f"w{i}" for i in range(40)]
    one = [*story[:20], "other", *story[21:]]
    two = [*one[:10], "other", *one[11:]]
    texts = {name: " ".join(text) for name, text in (("a", story), ("b", one))}
    [row] = near_duplicates(texts)
    assert row["similarity"] == 35 / 41
    assert near_duplicates({"a": texts["a"], "c": " ".join(two)}) == []


@pytest.mark.parametrize("n, threshold", [(1, 0.7), (2, 0.5), (3, 0.8), (2, 1.0)])
def test_the_index_misses_nothing(n, threshold):
    rng = random.Random(n)
    texts = {str(i): " ".join(rng.choices("abcd", k=rng.randrange(14)))
             for i in range(150)}  # fmt: skip
    grams = {name: ngrams(words(text), n) for name, text in texts.items()}

    def alike(one, other):
        union = grams[one] | grams[other]
        return bool(union) and len(grams[one] & grams[other]) / len(union) >= threshold

    rows = near_duplicates(texts, n, threshold)
    dropped = {row["id"] for row in rows}
    assert dropped
    assert all(alike(row["id"], row["duplicate_of"]) for row in rows)
    assert not dropped & {row["duplicate_of"] for row in rows}
    kept = [name for name in texts if name not in dropped]
    assert not any(alike(one, other) for one, other in combinations(kept, 2))


def test_texts_without_words_are_no_duplicates():
    assert near_duplicates({"a": "", "b": "...", "c": "?"}) == []
    assert near_duplicates({}) == []


# --- contamination --------------------------------------------------------------------


def test_contamination_by_hand():
    train = {"t1": "a b c d x", "t2": "y c d e f", "t3": "a b c d"}
    test = {"free": "p q r", "half": "a b c d e f"}  # half: abc bcd cde def
    rows = contamination(train, test, n=3, threshold=0.5)
    assert rows == [
        {
            "id": "half",
            "train_id": "t1",  # abc bcd; t2 and t3 hold two as well, and come later
            "overlap": 0.5,
            "covered": 1.0,  # cde and def stand in t2
            "contaminated": True,
        },
        {
            "id": "free",
            "train_id": None,
            "overlap": 0.0,
            "covered": 0.0,
            "contaminated": False,
        },
    ]
    assert not contamination(train, test, n=3, threshold=0.51)[0]["contaminated"]


def test_numbers_are_words():
    train, test = {"t": "Tim has 3 figs"}, {"e": "Tim has 15 figs"}
    [row] = contamination(train, test, n=2)
    assert row["overlap"] == pytest.approx(1 / 3)  # tim has, but not has 15, 15 figs


def test_a_short_text_is_matched_as_a_whole():
    train = {"t": "Today we ask: where do fish live, and why?"}
    test = {"yes": "Where do fish live?", "no": "Where do fish sleep?", "empty": "?"}
    rows = {row["id"]: row for row in contamination(train, test, n=8)}
    assert rows["yes"]["overlap"] == 1.0 and rows["yes"]["train_id"] == "t"
    assert rows["no"]["overlap"] == rows["empty"]["overlap"] == 0.0


def test_nothing_against_nothing():
    assert contamination({}, {}) == []
    [row] = contamination({}, {"e": "a b"})
    assert row["train_id"] is None and not row["contaminated"]


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_impossible_thresholds(threshold):
    with pytest.raises(ValueError, match="threshold"):
        contamination({}, {}, threshold=threshold)
    with pytest.raises(ValueError, match="threshold"):
        near_duplicates({}, threshold=threshold)


# --- the embedded set -----------------------------------------------------------------


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def test_gradeschool_test_is_not_in_its_training_problems():
    rows = contamination(TEXTS["train"], TEXTS["test"])
    assert len(rows) == 300
    # One family tells its stories in the same words, so a test problem may come near.
    assert mean(row["contaminated"] for row in rows) <= 0.02
    assert rows[0]["overlap"] < 1
    overlap = {row["id"]: row["overlap"] for row in rows}
    unseen = contamination(TEXTS["train"], TEXTS["unseen"])
    assert mean(row["overlap"] for row in unseen) < 0.02 < mean(overlap.values())


def test_gradeschool_gold_chains_are_not_in_training_either():
    chains = {s: texts_of(map(gold_chain, SPLITS[s])) for s in ("train", "test")}
    rows = contamination(chains["train"], chains["test"])
    # Two or three short sentences: those of one family may share the first equation.
    assert mean(row["contaminated"] for row in rows) <= 0.1


def test_a_leak_is_found():
    leaked = SPLITS["test"][7]
    train = {**TEXTS["train"], "leak": f"Please solve this. {leaked.text.upper()}"}
    worst = contamination(train, TEXTS["test"])[0]
    assert (worst["id"], worst["train_id"]) == (leaked.id, "leak")
    assert worst["overlap"] == 1.0 and worst["contaminated"]


def test_challenge_problems_are_nearest_to_the_test_problems_they_vary():
    base = {p.id: p.extra["base_id"] for p in SPLITS["challenge"]}
    rows = contamination(TEXTS["test"], TEXTS["challenge"])
    assert mean(row["train_id"] == base[row["id"]] for row in rows) > 0.9


def test_no_two_training_problems_are_alike():
    assert len(near_duplicates(TEXTS["train"])) <= 8
