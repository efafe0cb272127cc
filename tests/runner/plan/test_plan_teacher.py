"""What a run would cost, and teachers whose chains others have published."""

import os

import pytest

from socratic_utils import config
from socratic_utils.experiments.corpus import corpus, filtered
from socratic_utils.experiments.data import teacher_of, train_problems
from socratic_utils.runner import cli, options
from socratic_utils.runner.plan.teacher import plan_of, teacher_plan
from socratic_utils.teacher.published import PublishedTeacher
from tests.helpers.teacher_server import TeacherServer


@pytest.fixture(autouse=True)
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def test_the_recorded_teacher_costs_nothing():
    assert teacher_plan(config.load("small")) == {}
    assert teacher_plan(config.load("small", reuse="reference")) == {}


def test_another_teacher_is_asked_for_at_most_this():
    settings = config.load("smoke", teacher="gpt-4.1-mini", max_resamples=3)
    plan = teacher_plan(settings)
    problems = settings.train_limit
    assert plan["01"].requests == 2 * problems
    assert plan["02"].requests == 2 * 3 * problems
    assert 0 < plan["01"].dollars < plan["02"].dollars < 0.1
    assert plan["01"].hours is None
    assert plan["14"].requests == settings.test_limit  # of test problems to be judged
    more = config.load("smoke", teacher="gpt-4.1-mini", test_limit=50)
    assert teacher_plan(more)["14"].requests == 20
    assert plan["06"].requests == 3 * settings.many.test_limit + 2 * 4 * problems
    # Alone, a notebook asks for the chains that an earlier one would have asked for.
    sampled = plan["10"].requests
    assert plan_of(settings, ["11"])["11"].requests == sampled
    first = plan["01"].requests + plan["02"].requests
    assert plan_of(settings, ["02"])["02"].requests == first
    assert plan_of(settings, ["12"])["12"].requests == first + sampled


def test_what_is_cached_and_right_is_not_asked_again():
    with TeacherServer(reply="She has 4 * 12 = 48.\nThe answer is 48.") as server:
        settings = config.load("smoke", teacher="toy", teacher_url=server.url)
        teacher = teacher_of(settings)
        problems = train_problems(settings)
        teacher.sample(problems[:5], "cot")
        plan = teacher_plan(settings)
    assert plan["01"].requests == 2 * len(problems) - 5
    assert plan["01"].basis == "estimated from cached replies"
    # The known ones that are wrong are sampled again, like the unknown ones.
    wrong = len(problems) - sum(p.answer == "48" for p in problems[:5])
    others = settings.max_resamples * (wrong + len(problems))
    assert plan["02"].requests == others


def test_a_dry_run_reports_it_for_every_notebook(capsys):
    assert cli.main(["smoke", "--teacher", "gpt-4.1-mini", "--dry-run"]) == 0
    lines = {x.split()[2]: x for x in capsys.readouterr().out.splitlines()
             if x.startswith("would run")}  # fmt: skip
    assert "at most 24 requests" in lines["01_teacher_generation"]
    assert "at most 6 requests" in lines["14_human_judgement"]
    assert "$" in lines["02_filtering"] and "asks" not in lines["03_baselines"]


@pytest.mark.parametrize(
    ("only", "requests"), [("03", 2 * 4 * 12), ("06", 12 + 4 * 4 * 12), ("10", 12)]
)
def test_the_first_that_trains_asks_for_both_styles(only, requests, capsys):
    """All students learn from the problems that CoT and Socratic chains have."""
    words = ["smoke", "--teacher", "gpt-4.1-mini", "--only", only, "--dry-run"]
    assert cli.main(words) == 0
    [line] = [x for x in capsys.readouterr().out.splitlines() if "would run" in x]
    assert f"asks the teacher for at most {requests} requests" in line


@pytest.mark.parametrize(
    "option, sentence",
    [
        (
            ["--teacher-mode", "later"],
            "--teacher-mode: invalid choice: 'later' (choose from 'live', 'batch')",
        ),
        (["--teacher-api", "poem"], "--teacher-api: invalid choice"),
    ],
)
def test_bad_options_are_one_sentence(option, sentence, capsys):
    with pytest.raises(SystemExit) as leaving:
        cli.main(["smoke", *option, "--dry-run"])
    assert leaving.value.code == options.BAD_INPUT
    assert sentence in capsys.readouterr().err


# --- published chains ---------------------------------------------------------------

needs_data = pytest.mark.skipif(
    not os.environ.get("SOCRATIC_DATA_DIR"), reason="needs SOCRATIC_DATA_DIR"
)


@needs_data
def test_published_chains_pass_the_same_filter():
    settings = config.load("smoke", dataset="svamp", teacher="palm-540b")
    result = filtered(settings, "cot")
    assert len(result.attempts) == settings.train_limit  # nothing is asked again
    assert {chain.source for chain in result.kept} == {"palm-540b"}
    assert teacher_plan(settings) == {}
    pairs = corpus(settings, "cot")
    assert len(pairs) == len(result.kept) > 0


@needs_data
def test_a_published_teacher_says_what_it_has():
    settings = config.load("smoke", dataset="svamp", teacher="palm-540b")
    with pytest.raises(ValueError, match="no socratic chains on the 'train' split"):
        filtered(settings, "socratic")
    teacher = PublishedTeacher("palm-540b")
    with pytest.raises(ValueError, match="one published chain a problem"):
        teacher.sample(train_problems(settings), n=2)
