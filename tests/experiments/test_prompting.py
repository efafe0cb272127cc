"""Students that are only prompted: the rows of Table 2(a), and other tasks."""

from socratic_utils.experiments import prompting as prompted


def test_the_three_ways_of_table_2a(settings, capsys):
    rows = {way.name: prompted.score(settings, way) for way in prompted.ways(settings)}
    assert list(rows) == ["no_cot", "greedy_cot", "self_consistency"]
    assert len(rows["greedy_cot"]) == settings.many.test_limit
    drawn = rows["self_consistency"]
    assert len(drawn) == settings.many.vote_limit * settings.many.votes[-1]
    assert {row["sample"] for row in drawn} == {0, 1}
    capsys.readouterr()
    prompted.score(settings, prompted.ways(settings)[1])
    assert "already solved" in capsys.readouterr().out


def test_a_trained_student_on_another_task(settings, tmp_path, monkeypatch):
    from socratic_utils.experiments import stages as experiments
    from tests.helpers.published_rows import write_lines

    data = tmp_path / "data"
    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    assert not prompted.at_hand(settings, "sst2")  # and no network is asked
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(data))
    assert not prompted.at_hand(settings, "openbookqa")
    choices = [{"label": x, "text": t} for x, t in zip("ABCD", "pqrs", strict=True)]
    row = {"id": "1", "question": {"stem": "Which?", "choices": choices},
           "answerKey": "B"}  # fmt: skip
    write_lines(data / "openbookqa" / "test.jsonl", [row])
    assert prompted.at_hand(settings, "openbookqa")
    [folder] = experiments.train(settings, "cot")
    way = prompted.ways(settings)[1]
    [found] = prompted.score(settings, way, folder, "openbookqa", "after")
    assert found["dataset"] == "openbookqa" and found["student"] == "after"
    both = prompted.transfer(settings)
    assert [row["student"] for row in both] == ["before", "after_cot"]
    from dataclasses import replace

    assert prompted.transfer(replace(settings, dataset="openbookqa")) == []
    assert prompted.transfer(replace(settings, reuse="reference")) == []
    assert found["prompt"].endswith("(a) p (b) q (c) r (d) s")
