"""Claims: declared with the papers' own values, and judged as their truth is."""

import re

import numpy as np
import pandas as pd
import pytest

from socratic_utils.files import project_root
from socratic_utils.metrics.comparison import compare, verdicts
from socratic_utils.results import formats
from socratic_utils.results.claims import (
    CLAIMS,
    SHOWN,
    Run,
    claims_table,
    sentence,
    shown,
)
from socratic_utils.results.claims.declared import evidence, published, statements
from socratic_utils.results.claims.judged import COLUMNS
from socratic_utils.results.papers.socratic_cot import cells_of

N, FAMILIES = 900, 45
# True shares of the main table: one claim holds, one is reversed, two arms are alike.
MAIN = {"answer_only": 0.05, "gt_steps": 0.6, "cot": 0.35, "socratic_unified": 0.35,
        "socratic_iterative": 0.5}  # fmt: skip
MANY = {f"chains_{count:02d}": 0.3 + 0.05 * i for i, count in enumerate((1, 2, 4, 8))}
EVIDENCE = {name: claim for name, claim in CLAIMS.items() if claim.table}


def rows(shares, seeds=5, n=N, split="test", **columns):
    """Rows of arms with these true shares, which agree on what is hard."""
    rng = np.random.default_rng([n, seeds, len(shares)])
    hard = rng.normal(0, 0.8, n) + np.repeat(rng.normal(0, 0.4, FAMILIES), n / FAMILIES)
    made = []
    for name, share in shares.items():
        for seed in range(seeds):
            logit = np.log(share / (1 - share)) + hard + rng.normal(0, 0.1)
            right = rng.random(n) < 1 / (1 + np.exp(-logit))
            made += [
                {"id": f"{split}-{i}", "dataset": "gradeschool", "split": split,
                 "student": name, "model": "m", "teacher": "t", "seed": seed,
                 "family": f"f{i * FAMILIES // n}", "correct": bool(correct),
                 "decoding": {"temperature": 0.0}, **columns}
                for i, correct in enumerate(right)
            ]  # fmt: skip
    return made


def judged(run=None, **experiments):
    table = claims_table(lambda name: experiments.get(name or "main", []), run)
    assert list(table.columns) == COLUMNS and list(table["claim"]) == list(CLAIMS)
    return table.set_index("claim", drop=False)


@pytest.fixture(scope="module")
def main():
    return rows(MAIN)


@pytest.fixture(scope="module")
def table(main):
    return judged(main=main, many_chains=rows(MANY))


# --- what is declared -----------------------------------------------------------------


def test_some_sixteen_claims_of_two_papers_in_whole_sentences():
    assert 16 <= len(CLAIMS) <= 18
    assert {claim.paper for claim in CLAIMS.values()} == {"Socratic CoT", "SCoTD"}
    for claim in CLAIMS.values():
        assert re.fullmatch(r"[A-Z].{30,160}\.", claim.sentence), claim.name
        assert 0 < claim.margin < 0.1 and "--only " in claim.run


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_papers_values_are_read_from_its_table(name):
    claim = EVIDENCE[name]
    text = (project_root() / "socratic_utils/results/papers/values" /
            f"{claim.table}.csv").read_text("utf-8")  # fmt: skip
    found = published(claim)
    assert found
    path = next(cells for cells in claim.cells.values() if not isinstance(cells, str))
    for _, _, values in found:
        assert len(values) == len(path)
        assert all(re.search(rf"(?<![\d.]){re.escape(v)}(?![\d.])", text)
                   for v in values)  # fmt: skip


def test_values_stand_in_the_order_of_the_claim():
    assert evidence(CLAIMS["iterative beats CoT"]).startswith(
        "Table 2 (CoT, Iterative SocCoT): GSM8K 4.70 to 5.98, 7.10 to 11.57, 12.85 to"
        " 17.89; StrategyQA 55.01"
    )
    assert published(CLAIMS["Socratic beats the given steps"])[3] == (
        "StrategyQA", "GPT-2 Medium", ["52.02", "52.05"])  # fmt: skip
    assert published(CLAIMS["chains gain more on changed questions"]) == [
        ("original", "", ["96.1", "95.5"]), ("contrast", "", ["81.6", "92.0"])
    ]  # fmt: skip
    assert evidence(CLAIMS["filters are alike"]) == "Figure 7: drawn, without numbers"
    labels = published(CLAIMS["chains beat gold labels"])
    assert labels[0] == ("CSQA", "", ["63.0", "68.2", "67.0"])
    shown = statements("SCoTD")
    assert set(shown["claim"]) == {c.name for c in CLAIMS.values()
                                   if c.paper == "SCoTD"}  # fmt: skip


def test_every_row_of_table_2_that_can_be_compared_is_in_the_evidence():
    cells = cells_of("Table 2")["value"]
    used = {v for c in EVIDENCE.values() if c.table == "socratic_cot_table2"
            for _, _, values in published(c) for v in values}  # fmt: skip
    assert {float(value) for value in used} == set(cells)


# --- verdicts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("chains beat answers", "holds"),
        ("iterative beats CoT", "holds"),
        ("iterative beats unified", "holds"),
        ("Socratic beats the given steps", "reversed"),
        ("unified beats CoT", "no difference larger than 5 points"),
        ("many chains beat one", "holds"),
        ("more chains are better", "holds"),
        ("guidance helps", "not run"),
    ],
)
def test_a_claim_comes_out_as_its_truth(table, claim, verdict):
    assert table.loc[claim, "verdict"] == verdict


def test_a_sentence_ends_with_what_else_differs(table):
    line = table.loc["many chains beat one"]
    caveat = CLAIMS["many chains beat one"].caveat
    assert line["caveat"] == caveat and "more problems" in caveat
    assert sentence(line).endswith(f": holds. Caveat: {caveat}.")
    alone = "no difference larger than 5 points."  # a claim without a caveat
    assert sentence(table.loc["unified beats CoT"]).endswith(alone)
    read = line.to_dict() | {"caveat": float("nan")}  # an empty cell of a file
    assert sentence(read).endswith(": holds.")


def test_a_line_is_the_comparison_of_its_arms(table, main):
    a, b = (verdicts(r for r in main if r["student"] == name)
            for name in ("cot", "socratic_iterative"))  # fmt: skip
    pool = [verdicts(r for r in main if r["student"] == name) for name in MAIN]
    found, line = compare(a, b, pool), table.loc["iterative beats CoT"]
    tests = (table.loc[table["paper"] == "Socratic CoT", "p"] >= line["p"]).sum()
    assert line["arms"] == "socratic_iterative against cot"
    assert (line["n"], line["seeds"], line["split"], line["note"]) == (N, 5, "test", "")
    for column, value in (
        ("difference", found.difference), ("ci_low", found.low), ("p", found.p_value),
        ("ci_high", found.high), ("least_visible", found.least_visible(0.05 / tests)),
        ("design_effect", found.design_effect), ("p_b_above_a", found.b_wins),
    ):  # fmt: skip
        assert line[column] == pytest.approx(value, rel=1e-3), column


def test_holm_is_over_the_claims_of_one_paper_that_have_a_p(table):
    for _, own in table.groupby("paper"):
        own = own.dropna(subset="p").sort_values("p")
        factors = np.arange(len(own), 0, -1)
        expected = np.maximum.accumulate(np.minimum(1, own["p"] * factors))
        assert own["p_holm"].tolist() == pytest.approx(expected.tolist(), rel=1e-3)


def test_a_trend_is_the_gain_on_a_line_over_the_logarithm(table):
    line = table.loc["more chains are better"]
    assert line["arms"] == "trend over chains_01, chains_02, chains_04, chains_08"
    assert line["difference"] == pytest.approx(0.14, abs=0.04)  # logits: 0.3 to 0.45


def test_few_problems_cannot_tell_and_say_what_would_have_been_visible():
    line = judged(main=rows(MAIN | {"socratic_unified": 0.4}, 3, 90)).loc[
        "unified beats CoT"
    ]
    assert line["verdict"] == "cannot tell" and line["least_visible"] > 0.05
    visible = f"{100 * line['least_visible']:.1f} points would be detected"
    assert sentence(line).endswith(
        f": cannot tell (adjusted p = {line['p_holm']:.3f}); a true difference of "
        f"{visible} with 80 % power."
    )


def test_one_seed_is_a_comparison_of_checkpoints(main):
    one = [row for row in main if row["seed"] == 0]
    table = judged(main=one)
    line = table.loc["iterative beats CoT"]
    assert line["ci_low"] > 0  # over problems
    assert line[["p", "p_holm", "least_visible", "p_b_above_a"]].isna().all()
    assert line["verdict"] == "cannot tell"
    assert "1 seed): cannot tell (one seed: a comparison of ch" in sentence(line)
    assert set(table["verdict"]) == {"cannot tell", "not run"}


def test_seeds_that_not_all_arms_have_are_named():
    own = [
        row for row in rows(MAIN, 4, 90) if (row["student"], row["seed"]) != ("cot", 3)
    ]
    line = judged(main=own).loc["iterative beats CoT"]
    assert (line["seeds"], line["note"]) == (
        3, "without seed 3, whose rows are incomplete")  # fmt: skip


def test_arms_that_never_differ_are_not_tested():
    same = [row | {"correct": False} for row in rows(MAIN, 3, 90)]
    line = judged(main=same).loc["iterative beats CoT"]
    assert line[["p", "p_holm", "least_visible"]].isna().all()
    said = "cannot tell (the arms are equally often right on every problem)."
    assert sentence(line).endswith(f"{said} Caveat: {line['caveat']}.")


def test_one_number_of_chains_has_no_trend_and_the_other_claims_stay(main):
    table = judged(Run(counts=(8,)), main=main, many_chains=rows({"chains_08": 0.3}))
    assert table.loc["iterative beats CoT", "verdict"] == "holds"
    assert table.loc["more chains are better", "verdict"] == "not run"


def test_a_note_of_some_lines_stays_with_them(table):
    some = table.index[:2]
    assert set(table.loc[some, "verdict"]).isdisjoint({"not run"})
    own = table.copy()
    own.attrs["caption"] = "A caption."
    own.loc[some, "note"] = "one seed"
    lines = shown(own, "Socratic CoT")
    assert "If nothing else" not in lines.attrs["caption"]
    assert lines.loc[some, "note"].tolist() == ["one seed", "one seed"]
    own["note"] = own["note"].mask(own["verdict"] != "not run", "one seed")
    lines = shown(own, "Socratic CoT")
    assert "If nothing else is noted: one seed." in lines.attrs["caption"]
    assert not lines["note"].any()


def test_what_was_not_run_says_how():
    line = judged(Run(command="./run_all.sh paper")).loc["guidance helps"]
    assert line["note"] == "./run_all.sh paper --only 06 --ablations all"
    assert sentence(line) == f"Guidance helps: not run ({line['note']})."


def test_an_ablation_is_compared_with_its_default_on_its_problems_and_seeds(main):
    ids = {f"test-{i}" for i in range(0, N, 2)}
    own = [row | {"student": "no sub-question module"} for row in main
           if row["student"] == "cot" and row["seed"] < 3
           and row["id"] in ids]  # fmt: skip
    line = judged(main=main, ablations=own).loc["the sub-question module helps"]
    assert (line["n"], line["seeds"]) == (len(ids), 3)
    assert line["verdict"] == "holds"


def test_changed_questions_are_compared_with_their_originals():
    """Chains gain 30 points on originals, and 50 on changed questions."""
    both = rows({"answer_only": 0.3, "cot": 0.6})
    both += rows({"answer_only": 0.2, "cot": 0.7}, split="challenge")
    base_of = {f"challenge-{i}": f"test-{i}" for i in range(0, N, 2)}
    line = judged(Run(base_of=base_of), main=both).loc[
        "chains gain more on changed questions"
    ]
    assert (line["n"], line["split"]) == (N // 2, "changed - original")
    assert line["difference"] == pytest.approx(0.17, abs=0.05)
    assert line["verdict"] == "holds"


def test_filters_alike_and_below_the_pool():
    names = ("random", "diversity", "likelihood", "open_endedness")
    shares = {f"filter_{name}": 0.3 for name in names} | {"chains_08": 0.45}
    table = judged(filters=rows(shares))
    assert table.loc["filters are alike", "verdict"] == "holds"
    line = table.loc["the whole pool beats its filters"]
    assert line["verdict"] == "holds"
    assert line["arms"].startswith("chains_08 against mean of filter_random, filter_d")
    shares["filter_diversity"] = shares["filter_likelihood"] = 0.55
    unlike = judged(filters=rows(shares)).loc["filters are alike"]
    assert unlike["verdict"] == "reversed"


def test_votes_are_counted_before_they_are_compared():
    """Each sample is right in 60 % of the cases, and two of three are more often."""
    rng = np.random.default_rng(0)
    greedy = [row | {"student": "few_shot_scotd"}
              for row in rows({"few_shot_scotd": 0.6}, n=450)]  # fmt: skip
    voted = [
        row | {"student": "few_shot_scotd, votes", "sample": sample, "gold": "4",
               "extracted": "4" if rng.random() < 0.6 else str(10 + sample),
               "logprob": -1.0, "decoding": {"temperature": 0.7}}
        for row in greedy for sample in range(7)
    ]  # fmt: skip
    table = judged(few_shot_or_supervised=greedy + voted)
    line = table.loc["votes help after many unfiltered chains"]
    assert (line["n"], line["seeds"], line["verdict"]) == (450, 5, "holds")


def test_a_share_of_the_data_is_an_arm_of_its_own():
    own = rows({"cot": 0.5}, share=0.4) + rows({"cot": 0.6}, share=1.0)
    own += rows({"answer_only": 0.1}, share=1.0)
    line = judged(Run(share=0.4), data_size=own).loc[
        "chains of 40 % of the data beat all labels"
    ]
    assert line["arms"] == "cot-040 against answer_only-100"
    assert line["verdict"] == "holds"


def test_prompts_of_a_teacher_need_no_seeds():
    own = rows({"CoT": 0.3, "sub-questions": 0.6}, seeds=1, n=90)
    line = judged(prompting=own).loc["prompted sub-questions beat CoT"]
    assert line["verdict"] == "holds" and pd.isna(line["seeds"])
    assert "n = 90): holds." in sentence(line)


def test_rows_of_two_models_are_refused(main):
    mixed = [row | {"model": "other"} if row["student"] == "cot" else row
             for row in main]  # fmt: skip
    with pytest.raises(ValueError, match="give one model at a time"):
        judged(main=mixed)


def test_the_caption_says_what_is_adjusted_and_pooled(table):
    caption = table.attrs["caption"]
    assert "5 points" in caption and "80 %" in caption and "3 seeds" in caption
    assert "intervals are not" in caption and "2.25 times" in caption


def test_a_seed_with_a_part_of_its_problems_is_left_out(main):
    part = [row for row in main if row["seed"] == 0][:7]
    whole = judged(main=main).loc["chains beat answers"]
    more = [*main, *(row | {"seed": 9} for row in main if row["seed"] == 0
                     and row["id"] in {p["id"] for p in part})]  # fmt: skip
    line = judged(main=more).loc["chains beat answers"]
    assert (line["n"], line["seeds"]) == (whole["n"], whole["seeds"])
    assert line["note"] == "without seed 9, whose rows are incomplete"


def test_people_read_points_and_not_shares(table):
    [line] = formats.to_markdown(
        table.loc[["iterative beats CoT"], SHOWN], "caption"
    ).splitlines()[4:]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert re.fullmatch(r"\+[\d.]+ points \(\+[\d.]+ to \+[\d.]+\)", cells[3])
    assert cells[2] == "socratic_iterative against cot"
    assert cells[-1] == CLAIMS["iterative beats CoT"].caveat
    assert cells[5].endswith(" points") and cells[1] == "holds"


def test_what_was_not_run_is_named_once_with_its_command(table, main):
    made = shown(table, "Socratic CoT")
    caption = made.attrs["caption"]
    assert "guidance helps" not in set(made["claim"]) and len(made) == 5
    assert caption.count("guidance helps") == 1
    assert caption.count("(./run_all.sh --only 06 --ablations all)") == 1
    one = judged(main=[row for row in main if row["seed"] == 0])
    made = shown(one, "Socratic CoT")
    note = "one seed: a comparison of checkpoints"
    assert set(made["note"]) == {""} and made.attrs["caption"].count(note) == 1
