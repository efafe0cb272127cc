"""Prices, estimates, and a budget that is never passed."""

import csv
import re
import warnings
from datetime import date, timedelta

import pytest

from socratic_utils.config import PRESETS
from socratic_utils.files import project_root
from socratic_utils.problems import Problem
from socratic_utils.teacher import Teacher, TeacherError, cost
from socratic_utils.teacher.cost import Budget, Price, estimate, price_of, spent
from tests.helpers.teacher_server import TeacherServer

PROBLEMS = [
    Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:02d}. How many?", "48")
    for i in range(40)
]


@pytest.fixture
def prices(tmp_path, monkeypatch):
    """The toy teacher costs 1,000 dollars a million prompt tokens, 2,000 to complete:
    a reply of the test server (7 and 5 tokens) is 1.7 cents."""
    path = tmp_path / "prices.csv"
    path.write_text("model,prompt,completion\ntoy,1000,2000\n")
    monkeypatch.setenv(cost.PRICES_VARIABLE, str(path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return path


def test_the_shipped_table_has_prices():
    assert price_of("gpt-4.1-mini") == Price(0.40, 1.60)
    assert price_of("gpt-4.1-mini", batch=True) == Price(0.20, 0.80)
    assert price_of("no-such-model") is None


def test_every_teacher_that_is_named_anywhere_has_a_price():
    root = project_root()
    names = {settings.teacher for settings in PRESETS.values()}
    for path in [root / "README.md", root / "run_all.sh",
                 *(root / "notebooks").glob("*.ipynb")]:  # fmt: skip
        pattern = r"--teacher (gpt-\S+)|teacher\W+(gpt-[\w.-]+)"
        for found in re.findall(pattern, path.read_text("utf-8")):
            names.update(filter(None, found))
    assert "gpt-6-luna" in names and all(map(price_of, names)), names


def test_every_price_has_the_day_it_was_read():
    with cost.price_table().open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if float(row["completion"]):
            assert date(2026, 5, 1) <= date.fromisoformat(row["read"]) <= date.today()


@pytest.mark.parametrize("days, warned", [(None, 0), (0, 0), (364, 0), (366, 1)])
def test_a_price_that_is_older_than_a_year_is_warned_of(prices, days, warned):
    read = date.today() - timedelta(days=days or 0)
    prices.write_text(
        "model,prompt,completion,read\n"
        f"other,1,2,2001-01-01\ntoy,1,2,{'' if days is None else read}\n"
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert price_of("toy") == Price(1.0, 2.0)
    assert len(caught) == warned
    assert all(str(prices) in str(w.message) for w in caught)


def test_a_bad_line_is_named(prices):
    for row in ("toy,cheap,2,", "toy,1,2,May 2026"):
        prices.write_text(f"model,prompt,completion,read\n{row}\n")
        with pytest.raises(ValueError, match="prices.csv, line 2"):
            price_of("toy")
    prices.unlink()
    with pytest.raises(ValueError, match="does not exist"):
        price_of("toy")


def test_estimates_by_hand():
    requests = [({"prompt": "x" * 400}, 1), ({"prompt": "x" * 800}, 1)]
    blind = estimate(requests, [], Price(1.0, 10.0))
    assert (blind.prompt_tokens, blind.completion_tokens) == (300, 240)
    assert blind.dollars == pytest.approx((300 + 2400) / 1e6) and blind.hours is None
    assert blind.basis == "estimated"
    # 3 characters a token, 50 tokens a reply, 2 seconds a request with 4 at a time
    known = [{"prompt_tokens": 100, "prompt_characters": 300, "completion_tokens": 50,
              "seconds": 2.0}]  # fmt: skip
    seen = estimate(requests, known, None, concurrency=4)
    assert (seen.prompt_tokens, seen.completion_tokens) == (400, 100)
    assert seen.dollars is None and seen.hours == pytest.approx(1.0 / 3600)
    both = blind + seen
    assert both.requests == 4 and both.dollars is None
    assert "4 requests" in str(both) and "price unknown" in str(both)
    # A prompt is paid once for its ten chains.
    many = estimate([(request, 10) for request, _ in requests], known, Price(1.0, 10.0))
    assert (many.requests, many.prompt_tokens, many.completion_tokens) == (2, 400, 1000)


def test_what_replies_cost():
    price = Price(1000.0, 2000.0)
    live = {"prompt_tokens": 7, "completion_tokens": 5}
    assert spent([live], price) == pytest.approx(0.017)
    assert spent([live | {"batch": True}], price) == pytest.approx(0.0085)
    untold = {"prompt_tokens": None, "completion_tokens": None, "text": "x" * 5,
              "prompt_characters": 7}  # fmt: skip
    assert spent([untold], price) == pytest.approx(0.017)  # not nothing
    request = {"messages": [{"role": "user", "content": "八" * 600}], "max_tokens": 1}
    assert Budget(9.0, Price(1.0, 0.0)).worst(request) >= 1800 / 1e6


def test_an_estimate_counts_only_what_is_missing(tmp_path, prices):
    with TeacherServer() as server:
        teacher = Teacher("toy", server.url, tmp_path / "c", recorded=())
        assert teacher.estimate(PROBLEMS, "cot", n=2).requests == 40
        teacher.sample(PROBLEMS[:30], "cot", n=2)
        left = teacher.estimate(PROBLEMS, "cot", n=2)
    assert left.requests == 10 and left.completion_tokens == 100
    assert left.basis == "estimated from cached replies" and left.hours is not None


def test_reservations_never_pass_the_limit():
    budget = Budget(1.0, Price(0.0, 1000.0))
    worst = budget.worst({"prompt": "", "max_tokens": 300})
    assert worst == pytest.approx(0.3)
    assert [budget.admit(worst) for _ in range(4)] == [True, True, True, False]
    budget.settle(worst, [{"prompt_tokens": 0, "completion_tokens": 100}])
    assert budget.spent == pytest.approx(0.1) and budget.admit(0.29)
    assert not budget.admit(0.1)
    with pytest.raises(ValueError, match="above 0"):
        Budget(0.0, Price(1.0, 1.0))


def test_a_run_stops_below_its_budget_and_goes_on_later(tmp_path, prices):
    def teacher(server, dollars):
        return Teacher("toy", server.url, tmp_path / "c", recorded=(), concurrency=4,
                       max_tokens=10, max_cost=dollars)  # fmt: skip

    with TeacherServer() as server:
        worst = Budget(1.0, Price(1000.0, 2000.0)).worst(
            teacher(server, 9).request(PROBLEMS[0], "cot", 0.0, 0)
        )
        limit = round(worst + 10 * 0.017, 4)
        with pytest.raises(TeacherError, match="could pass --max-cost") as caught:
            teacher(server, limit).sample(PROBLEMS, "cot")
        assert "\n" not in str(caught.value) and "are missing" in str(caught.value)
        asked = len(server.requests)
        assert 0 < asked * 0.017 <= limit
        with pytest.raises(TeacherError, match="could pass"):
            teacher(server, limit).sample(PROBLEMS, "cot")  # what is spent stays spent
        assert len(server.requests) * 0.017 <= limit
        chains = teacher(server, 50.0).sample(PROBLEMS, "cot")
        assert len(chains) == 40 and len(server.requests) == 40


def test_replies_that_give_no_chain_are_paid_for_too(tmp_path, prices, slept):
    used = {"usage": {"prompt_tokens": 0, "completion_tokens": 10}}
    with TeacherServer(
        always={"Story": used | {"finish_reason": "content_filter"}}
    ) as s:
        teacher = Teacher("toy", s.url, tmp_path / "c", recorded=(), max_cost=90.0)
        budget = teacher.budget()
        teacher.budget = lambda: budget
        with pytest.raises(TeacherError, match="content filter"):
            teacher.sample(PROBLEMS[:1], "cot")
        assert budget.spent == pytest.approx(len(s.requests) * 0.02) and s.requests


def test_an_unknown_cost_is_said_before_anything_is_asked(prices, capsys):
    with TeacherServer() as server:
        teacher = Teacher("priceless", server.url, None, recorded=(), max_cost=None)
        assert "price unknown" in str(teacher.estimate(PROBLEMS[:2], "cot"))
        teacher.sample(PROBLEMS[:2])
        teacher.sample(PROBLEMS[2:4])
    said = "no price is known for priceless: its cost is unknown"
    assert capsys.readouterr().out.count(said) == 1


def test_a_price_that_is_missing_is_asked_for(tmp_path, prices):
    with TeacherServer() as server:
        teacher = Teacher("dear", server.url, None, recorded=(), max_cost=1.0)
        with pytest.raises(TeacherError, match="no price is known for dear") as caught:
            teacher.sample(PROBLEMS[:2])
        assert str(prices) in str(caught.value) and server.requests == []
