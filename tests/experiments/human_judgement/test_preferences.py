"""What judges chose, in numbers."""

from socratic_utils.experiments.human_judgement.preferences import (
    agreement,
    preferences,
)


def rows(judge, votes, kind="person", dataset="toy"):
    return [
        {"judge": judge, "kind": kind, "dataset": dataset, "problem": str(i),
         "first": "before", "second": "after", "preferred": vote,
         "both_correct": i == 0, "texts": ""}
        for i, vote in enumerate(votes)
    ]  # fmt: skip


def test_shares_leave_out_what_nobody_could_tell():
    votes = ["after"] * 6 + ["before"] * 2 + ["same"] * 2
    everything, right = preferences(rows("anna", votes))
    assert (everything["n"], everything["same"], everything["second_share"]) == (
        10, 2, 0.75,
    )  # fmt: skip
    assert everything["p_value"] == 0.289062  # 6 of 8, two-sided: 74 / 256
    assert everything["alpha"] is None and right["n"] == 1


def test_several_judges_count_as_one_majority_a_pair():
    said = rows("a", ["after"] * 4) + rows("b", ["after"] * 4)
    said += rows("c", ["before"] * 4)
    line = preferences(said)[0]
    assert (line["people"], line["n"], line["pairs_decided"]) == (3, 12, 4)
    assert line["p_value"] == 0.125  # 4 of 4, not 8 of 12
    assert (line["second_share"], line["ci_low"]) == (1.0, 0.5101)
    divided = preferences(said[:4] + said[8:])[0]
    assert divided["pairs_decided"] == 0 and divided["p_value"] is None


def test_people_and_models_and_datasets_are_apart():
    said = rows("a", ["after"]) + rows("m", ["before"], "model")
    kinds = [line["judges"] for line in preferences(said)]
    assert kinds == ["model"] * 2 + ["person"] * 2
    said = rows("a", ["after"]) + rows("b", ["after"], dataset="other")
    assert {line["dataset"] for line in preferences(said)} == {"all", "toy", "other"}


def test_agreement_by_hand():
    """Observed disagreement against that of values drawn by chance."""
    a, b, same = "before", "after", "same"
    said = rows("a", [a, a, b, b]) + rows("b", [a, a, b, a])
    # Of the 8 values 5 are a and 3 are b: 30 of 56 drawn pairs differ, 2 of 8 did.
    assert agreement(said) == round(1 - (2 / 8) / (30 / 56), 4)
    assert agreement(rows("a", [a, b])) is None
    # Judges that share one pair only, and agree on it, say nothing of chance.
    apart = rows("a", [a, a]) + [rows("b", [a])[0], rows("b", [a, a, b])[2]]
    assert agreement(apart) is None
    # A problem in two comparisons is two pairs.
    other = [row | {"first": "teacher"} for row in rows("a", [same] * 4)]
    assert agreement(said + other) == agreement(said)


def test_chains_of_students_that_were_trained_again_are_other_pairs():
    """The same problem with other texts: two pairs, not two votes on one."""
    first = [row | {"texts": "1"} for row in rows("a", ["after"])]
    again = [row | {"texts": "2"} for row in rows("b", ["before"])]
    line, _ = preferences(first + again)
    assert (line["pairs_decided"], line["second_share"], line["alpha"]) == (
        2,
        0.5,
        None,
    )
