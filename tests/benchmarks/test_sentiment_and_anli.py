"""Sentiment and inference benchmarks in their published formats."""

import pytest

from socratic_utils.benchmarks import load_problems
from socratic_utils.metrics.contrast_sets import bases
from tests.helpers.published_rows import write_lines

REVIEWS = {
    "original": [("Negative", "Dull.<br /><br />I slept."), ("Positive", "A joy!")],
    "contrast": [("Positive", "Never dull. I woke up."), ("Negative", "No joy!")],
}


@pytest.fixture
def imdb(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    folder = tmp_path / "imdb"
    for label, texts in {"neg": ["Bad.", "Worse."], "pos": ["Good."]}.items():
        (folder / "test" / label).mkdir(parents=True)
        for number, text in enumerate(texts):
            path = folder / "test" / label / f"{number}_{3 + number}.txt"
            path.write_text(text, "utf-8")
    for side, reviews in REVIEWS.items():
        lines = [f"{label}\t{text}\n" for label, text in reviews]
        text = "Sentiment\tText\n" + "".join(lines)
        (folder / f"test_{side}.tsv").write_text(text, "utf-8")
    return folder


def test_imdb_and_its_contrast_set(imdb):
    test = load_problems("imdb", "test")
    assert [(p.text.split(" Is")[0], p.answer) for p in test] == [
        ("Bad.", "a"), ("Good.", "b"), ("Worse.", "a"),
    ]  # fmt: skip
    original, contrast = (load_problems("imdb", s) for s in ("original", "contrast"))
    assert original[0].text.startswith("Dull. I slept. Is this review")
    assert [p.answer for p in original] == ["a", "b"]
    assert [p.answer for p in contrast] == ["b", "a"]
    sides = zip(contrast, original, strict=True)
    assert bases(contrast) == {p.id: q.id for p, q in sides}


def test_a_run_on_imdb_reports_both_sides(imdb):
    from socratic_utils import config
    from socratic_utils.experiments.data import test_splits as splits_of

    settings = config.load("paper", dataset="imdb")
    assert splits_of(settings) == ["test", "original", "contrast"]
    assert splits_of(config.load("small")) == ["test", "unseen", "challenge"]


def test_pairs_of_unequal_sides_are_refused(imdb):
    with (imdb / "test_contrast.tsv").open("a") as file:
        file.write("Positive\tOne more.\n")
    with pytest.raises(ValueError, match="do not make pairs"):
        load_problems("imdb", "contrast")


def test_a_sentiment_that_is_none(imdb):
    text = (imdb / "test_original.tsv").read_text().replace("Negative", "Mixed")
    (imdb / "test_original.tsv").write_text(text)
    with pytest.raises(ValueError, match="test_original.tsv, row 1: 'Mixed' is no"):
        load_problems("imdb", "original")


def test_reviews_that_are_not_there(imdb):
    with pytest.raises(FileNotFoundError, match="train/neg has no reviews"):
        load_problems("imdb", "train")


def test_sst2(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    (tmp_path / "sst2").mkdir()
    text = 'sentence\tlabel\n"a joy \t1\nlong and empty .\t0\n'
    (tmp_path / "sst2" / "dev.tsv").write_text(text, "utf-8")
    first, second = load_problems("sst2", "validation")
    assert first.text.startswith('"a joy Is this review') and first.answer == "b"
    assert second.answer == "a" and second.choices == ("negative", "positive")
    with pytest.raises(ValueError, match="published without gold answers"):
        load_problems("sst2", "test")
    (tmp_path / "sst2" / "dev.tsv").write_text("sentence\tlabel\nfine\tgood\n")
    with pytest.raises(ValueError, match="sst2-validation-00000: no gold answer"):
        load_problems("sst2", "validation")


def test_anli(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path))
    row = {"uid": "u1", "context": "It rained. ", "hypothesis": "It was dry.",
           "label": "c"}  # fmt: skip
    write_lines(tmp_path / "anli" / "R3" / "dev.jsonl", [row])
    [problem] = load_problems("anli", "validation")
    assert problem.id == "anli-u1" and problem.answer == "c"
    assert problem.text.startswith("It rained. Claim: It was dry. What is")
    write_lines(tmp_path / "anli" / "R3" / "dev.jsonl", [{**row, "label": "x"}])
    with pytest.raises(ValueError, match="anli-u1: no gold answer"):
        load_problems("anli", "validation")
