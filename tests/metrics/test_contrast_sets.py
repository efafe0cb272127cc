"""Contrast sets: pairs and consistency."""

from socratic_utils.benchmarks import load_problems
from socratic_utils.metrics.contrast_sets import bases, contrast_table, pairs


def rows(student, **right):
    return [
        {"student": student, "id": name, "correct": value}
        for name, value in right.items()
    ]


def test_pairs_need_both_sides():
    base_of = {"c1": "o1", "c2": "o2", "c3": "o3"}
    found = rows("s", o1=True, c1=False, o2=True, c2=True, c3=True)
    assert pairs(found, base_of) == [(True, False), (True, True)]


def test_consistency_is_less_than_either_side():
    base_of = {"c1": "o1", "c2": "o2", "c3": "o3", "c4": "o4"}
    found = rows("s", o1=True, o2=True, o3=False, o4=True,
                 c1=True, c2=False, c3=True, c4=False)  # fmt: skip
    [line] = contrast_table(found + rows("other", o1=True), base_of)  # no pair: no line
    assert line["student"] == "s" and line["pairs"] == 4
    shares = [line[name] for name in ("original", "contrast", "consistency")]
    assert shares == [0.75, 0.5, 0.25]
    assert line["consistency_low"] < 0.25 < line["consistency_high"]
    assert line["p_value"] == 1  # two lost, one won


def test_gradeschools_challenge_is_a_contrast_set():
    changed = load_problems("gradeschool", "challenge")
    base_of = bases(changed)
    assert len(base_of) == len(changed) == 201
    originals = {p.id: p for p in load_problems("gradeschool", "test")}
    assert set(base_of.values()) <= set(originals)
    assert all(originals[base_of[p.id]].text != p.text for p in changed)
