"""What servers answer: every kind of reply and refusal, live and in batch jobs.

Each case is a reply of a real server on loopback: a tuple (status, body) as it is, or a
dictionary that changes a good answer (`tests.helpers.teacher_server`).
"""

import gzip
import json
import sqlite3
import time
import traceback
import warnings

import pytest

from socratic_utils import config
from socratic_utils.filtering import keep_if_correct
from socratic_utils.problems import Problem
from socratic_utils.teacher import RefusedError, Teacher, TeacherError, cache
from socratic_utils.teacher.endpoint.client import addresses
from socratic_utils.teacher.endpoint.errors import unsupported_part
from socratic_utils.teacher.teacher import STORE_NAME
from tests.helpers.batch_server import BatchServer
from tests.helpers.teacher_server import TeacherServer

KEY = "sk-very-secret-0123456789"
PROBLEMS = [
    Problem(f"toy-train-{i:04d}", "toy", "train", f"Story{i:02d}. How many?", "48")
    for i in range(12)
]
CHAIN = "Q1: How many?\nA1: 4 * 12 = 48.\nThe answer is 48."
# A cut reply: its last line may have gone on.
CUT = "Q1: How many?\nA1: 4 * 12 = 48.\nThe answer is 4"


@pytest.fixture(autouse=True)
def environment(monkeypatch, slept):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def make(url, folder=None, model="toy", **options):
    options = {"recorded": (), "max_retries": 2, "concurrency": 1} | options
    return Teacher(model, getattr(url, "url", url), folder, **options)


def sampled(mode, behaviour, **options):
    """A row and a chain of a server that always answers so, and the server."""
    with BatchServer(always={"Story": behaviour}) as server:
        teacher = make(server, mode=mode, **options)
        [chain] = teacher.sample(PROBLEMS[:1])
    [row] = teacher.store.of("toy")
    return row, chain


# --- forms of a reply ---------------------------------------------------------------

MODES = pytest.mark.parametrize("mode", ["live", "batch"])
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Is it 5?"}]}
WHOLE = {
    "plain": {"content": CHAIN},
    "parts": {"content": [THOUGHT, {"type": "text", "text": CHAIN}]},
    "two text parts": {"content": [{"type": "text", "text": CHAIN[:20]}, THOUGHT,
                                   {"type": "text", "text": CHAIN[20:]}]},
    "responses' word": {"content": [{"type": "output_text", "text": CHAIN}]},
    "one part": {"content": {"type": "text", "text": CHAIN}},
    "whitespace": {"content": f"\n\n  {CHAIN}\n \n"},
    "reasoning beside": {"content": CHAIN, "reasoning_content": "Is it 5?"},
    "think marks": {"content": f"<think>The answer is 5.</think>\n\n{CHAIN}"},
    "a closing mark alone": {"content": f"The answer is 5.\n</think>\n\n{CHAIN}"},
    "no usage": {"content": CHAIN, "usage": None},
    "usage of another kind": {"content": CHAIN, "usage": {"completion_tokens": "5"}},
    "usage as a list": {"content": CHAIN, "usage": [5]},
    "refusal is null": {"content": CHAIN, "refusal": None, "tool_calls": None},
}  # fmt: skip


@MODES
@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_reply_is_read_in_every_form(mode, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row, chain = sampled(mode, WHOLE[name])
    assert chain.answer == "48" and len(chain.steps) == 1 and "thinking" not in row
    if name != "think marks":
        assert "Is it 5?" not in row["text"]


ENDS = {"stop": True, "STOP": True, "eos": True, "eos_token": True, "end_turn": True,
        "stop_sequence": True, None: True, "length": False, "max_tokens": False,
        "MAX_TOKENS": False, "model_length": False, "tool_calls": False,
        "anything": False, 7: False}  # fmt: skip


@MODES
@pytest.mark.parametrize("word, whole", ENDS.items())
def test_a_reply_is_whole_only_where_the_model_ended_it(mode, word, whole):
    row, chain = sampled(mode, {"content": CUT, "finish_reason": word})
    assert chain.answer == ("4" if whole else None) and chain.text == CUT
    assert row["finish_reason"] == word  # as the server says it


def test_a_cut_choice_is_no_answer_either():
    problem = Problem("c", "toy", "train", "Story. Where?", "b", "choice",
                      choices=("bank", "home"))  # fmt: skip
    reply = {"content": "Boats.\nThe answer is ban", "finish_reason": "max_tokens"}
    with TeacherServer(always={"Story": reply}) as server:
        [chain] = make(server).sample([problem], "cot")
    assert chain.answer is None


EMPTY = {
    "null": {"content": None},
    "empty": {"content": ""},
    "blank": {"content": " \n"},
    "no parts": {"content": []},
    "thinking parts": {"content": [THOUGHT]},
    "open mark": {"content": "<think>The answer is 48."},
}
HIDDEN = {"usage": {"prompt_tokens": 7, "completion_tokens": 9,
                    "completion_tokens_details": {"reasoning_tokens": 9}}}  # fmt: skip
FIELDS = {"reasoning_content": CHAIN}, {"reasoning": CHAIN}, HIDDEN


@pytest.mark.parametrize("finish, sentence", [
    ("length", "in 1 all [59] tokens went into thinking: raise --teacher-tokens"),
    ("stop", "1 replies of toy are only thoughts, of which nothing is used$"),
])  # fmt: skip
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", EMPTY)
def test_thoughts_without_a_text_are_a_reason_of_their_own(
    name, field, finish, sentence
):
    mode = "batch" if name == "null" else "live"
    with pytest.warns(UserWarning, match=sentence):
        row, chain = sampled(mode, EMPTY[name] | field | {"finish_reason": finish})
    assert row["text"] == chain.text == "" and chain.answer is None
    assert chain.tokens == row["completion_tokens"] == row["thinking"]


def test_notebook_02_counts_them():
    always = {f"Story0{i}": EMPTY["null"] | HIDDEN | {"finish_reason": "length"}
              for i in (1, 3)}  # fmt: skip
    with TeacherServer(always=always) as server, pytest.warns(UserWarning):
        result = keep_if_correct(PROBLEMS[:5], make(server), "socratic", 0)
    assert result.reasons() == {"kept": 3, "only thinking": 2}


def test_a_reply_without_text_and_thoughts_has_no_final_answer():
    with TeacherServer(always={"Story": {"content": ""}}) as server:
        result = keep_if_correct(PROBLEMS[:2], make(server), "socratic", 0)
    assert result.reasons() == {"no final answer": 2}


# --- replies that are none ----------------------------------------------------------

NONE = {
    "error": {"content": "", "finish_reason": "error"},
    "error with a part": {"content": CHAIN[:40], "finish_reason": "ERROR"},
    "aborted": {"content": CHAIN, "finish_reason": "abort"},
    "error in the choice": {"content": CHAIN, "error": {"code": 502}},
    "filtered": {"content": None, "finish_reason": "content_filter"},
    "filtered with a part": {"content": CHAIN[:40], "finish_reason": "content_filter"},
    "Gemini's filter": {"content": CHAIN[:40], "finish_reason": "SAFETY"},
    "untyped parts": {"content": [{"text": CHAIN}]},
    "unknown parts": {"content": [{"type": "image_url", "image_url": "x"}]},
    "a number": {"content": 48},
    "a tool": {"content": None, "tool_calls": [{"id": "x"}],
               "finish_reason": "tool_calls"},
    "not ended": {"content": None, "finish_reason": None},
    "error object": (200, {"error": {"code": 502, "message": KEY}}),
    "error text": (200, {"error": KEY}),
    "error and choices": (200, {"error": {"message": KEY}, "choices": [
        {"message": {"content": CHAIN}, "finish_reason": "stop"}]}),
    "a list": (200, []),
    "a detail": (200, {"detail": KEY}),
    "choices are null": (200, {"choices": None}),
    "choices are a number": (200, {"choices": 3}),
    "null": (200, None),
    "a stream": (200, f"data: {json.dumps({'choices': []})}\n\ndata: [DONE]\n\n"),
    "deep": (200, "[" * 100_000),
    "proxy": (502, f"<html>{KEY}</html>"),
    "bad gateway": (504, ""),
    "overloaded": (529, {"error": {"message": KEY}}),
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_reply_is_asked_for_again_and_never_stored(name, tmp_path):
    with TeacherServer([NONE[name]]) as server:
        teacher = make(server, tmp_path)
        [chain] = teacher.sample(PROBLEMS[:1])
        assert len(server.requests) == 2 and chain.answer == "48"
    with TeacherServer(always={"Story00": NONE[name]}) as server:
        teacher = make(server, tmp_path / "b")
        with pytest.raises(TeacherError) as caught:
            teacher.sample(PROBLEMS[:1])
        assert len(server.requests) == 3 and teacher.store.of("toy") == []
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, RefusedError) == ("filter" in name)


@pytest.mark.parametrize("name", [n for n in NONE if "deep" not in n])
def test_so_it_is_in_batch_jobs(name):
    with BatchServer(always={"Story00": NONE[name]}) as server:
        teacher = make(server, mode="batch")
        if "filter" in name:
            with pytest.warns(UserWarning, match="content filter refuses"):
                teacher.sample(PROBLEMS[:3])
        else:
            with pytest.raises(TeacherError, match="1 of 3 chains of toy did not come"):
                teacher.sample(PROBLEMS[:3])
        assert [b["size"] for b in server.batches.values()] == [3, 1, 1, 1]
    assert len(teacher.store.of("toy")) == 2


def test_a_filtered_problem_does_not_stop_the_others():
    with TeacherServer(always={"Story03": NONE["filtered"]}) as server:
        with pytest.warns(UserWarning, match="refuses this problem; .* 4 of 48 chains"):
            chains = make(server).sample(PROBLEMS, n=4, temperature=1.0)
        assert max(r.get("n", 1) for r in server.requests) == 4
    assert sum(chain.answer == "48" for chain in chains) == 44


def test_one_choice_that_is_none_costs_the_others_neither_reply_nor_n():
    class OneFails(TeacherServer):
        def completion(self, request, behaviour="ok"):
            body = super().completion(request, behaviour)
            if "Story02" in str(request) and len(body["choices"]) > 1:
                body["choices"][1]["finish_reason"] = "error"
            return body

    with OneFails() as server:
        teacher = make(server)
        assert len(teacher.sample(PROBLEMS[:6], n=4, temperature=1.0)) == 24
        assert [r.get("n", 1) for r in server.requests].count(1) == 1
        assert len(server.requests) == 7
    assert teacher.usage["completion_tokens"] >= 6 * 20 + 5  # the lost one cost some


def test_compressed_replies_are_read(monkeypatch):
    body = {"choices": [{"message": {"content": CHAIN}, "finish_reason": "stop"}]}
    data, head = gzip.compress(json.dumps(body).encode()), {"Content_Encoding": "gzip"}
    with TeacherServer([(200, data[:30], head), (200, data, head)]) as server:
        assert make(server).sample(PROBLEMS[:1])[0].answer == "48"


# --- log-likelihoods ----------------------------------------------------------------

TOKEN = {"token": "x", "logprob": -0.5}
LOST = [
    {"content": [TOKEN, {"token": "x", "logprob": None}]},
    {"content": [TOKEN, {"token": "x"}]},
    {"content": [TOKEN, None]},
    {"content": [TOKEN, {"token": "x", "logprob": float("nan")}]},
    {"content": [TOKEN, {"token": "x", "logprob": "-0.5"}]},
    {"token_logprobs": [-0.5, None]},
    {"token_logprobs": [None]},
    {"content": None}, {"token_logprobs": []}, {}, [], "none", None,
]  # fmt: skip


@pytest.mark.parametrize("api", ["chat", "completion"])
@pytest.mark.parametrize("logprobs", LOST)
def test_a_likelihood_that_is_lost_does_not_cost_the_text(api, logprobs):
    row, chain = sampled("live", {"logprobs": logprobs}, logprobs=True, api=api)
    assert chain.answer == "48" and row["completion_tokens"] == 5
    assert row["logprob"] is row["tokens"] is chain.logprob is chain.tokens is None


def test_a_likelihood_with_thoughts_in_it_is_not_that_of_the_text():
    reply = {"content": f"<think>Is it 5?</think>{CHAIN}"}
    row, chain = sampled("live", reply, logprobs=True)
    assert row["logprob"] is None and chain.answer == "48"


def test_a_completion_that_goes_on_with_another_exemplar_is_cut_there():
    text = f"{CHAIN}\n\nProblem: Ann has 5.\nThe answer is 5."
    reply = {"text": text, "finish_reason": "length"}
    row, chain = sampled("live", reply, logprobs=True, api="completion")
    assert chain.text == CHAIN and chain.answer == "48" and row["logprob"] is None


# --- refusals -----------------------------------------------------------------------


def refusal(message, status=400, **fields):
    return status, {"error": {"message": message, **fields}}


GEMINI = [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
           "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find '
                      "field."}}]  # fmt: skip
MISTRAL = {"object": "error", "type": "invalid_request_error", "message": {"detail": [
    {"type": "extra_forbidden", "loc": ["body", "seed"], "input": 0,
     "msg": "Extra inputs are not permitted"}]}}  # fmt: skip
RAW = json.dumps(
    {
        "error": {
            "message": "Unsupported parameter: 'max_tokens' is not "
            "supported with this model.",
            "param": "max_tokens",
        }
    }
)
REFUSALS = [
    ("max_tokens", refusal(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.", param="max_tokens",
        code="unsupported_parameter")),
    ("max_tokens", refusal("Provider returned error", metadata={"raw": RAW})),
    ("max_tokens", (200, {"error": {"code": 400, "message": RAW}})),
    ("temperature", refusal(
        "Unsupported value: 'temperature' does not support 0 with this model. Only the "
        "default (1) value is supported.", param="temperature")),
    ("temperature", (422, {"detail": [{"loc": ["body", "temperature"], "input": 0.0,
                                       "msg": "Input should be greater than 0"}]})),
    ("temperature", refusal("invalid temperature: only 1 is allowed for this model")),
    ("temperature", (422, {"error": "Input validation error: `temperature` must be "
                                    "strictly positive", "error_type": "validation"})),
    ("seed", (400, GEMINI)),
    ("seed", (422, MISTRAL)),
    ("seed", (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]})),
    ("seed", (400, {"error": "seed is not supported"})),
    ("seed", (400, "Unknown argument: seed")),
    ("n", refusal("Multiple candidates is not enabled for this model")),
    ("n", refusal("Only one candidate can be specified")),
    ("n", refusal("'n' : number must be at most 1")),
    ("n", refusal("n must be 1 when using greedy sampling, got 2.")),
    ("n", refusal("Unrecognized request argument: n")),
    ("logprobs", refusal("Logprobs is not enabled for models/gemini-2.5-flash")),
    ("logprobs", (403, {"error": {"message": "You are not allowed to request logprobs "
                                             "from this model"}})),
    ("logprobs", (501, {"error": {"message": "logprobs is not implemented"}})),
    ("stop", refusal("Unsupported parameter: 'stop' is not supported.", param="stop")),
    ("system", refusal("System role not supported")),
    ("system", refusal("Developer instruction is not enabled for models/gemma-3")),
    ("system", refusal("Only user and assistant roles are supported!")),
    ("system", refusal("Conversation roles must alternate user/assistant/user/...")),
    ("system", refusal("Unsupported value: 'messages[0].role' does not support 'system'"
                       " with this model.", param="messages[0].role")),
    ("system", (422, {"error": "Template error: invalid operation: System role not "
                               "supported (in <string>:1)"})),
    ("system", (500, {"error": {"code": 500, "type": "server_error",
                                "message": "System role not supported"}})),
]  # fmt: skip


@pytest.mark.parametrize("mode", ["live", "batch"])
@pytest.mark.parametrize("name, said", REFUSALS)
def test_a_part_that_is_refused_is_omitted(name, said, mode, tmp_path, capsys):
    if mode == "batch" and (said[0] >= 500 or name == "n"):
        pytest.skip("a job asks for single samples; faults of a server are repeated")
    api = "completion" if name == "stop" else "chat"
    with BatchServer(refuses={name: said}) as server:
        teacher = make(server, tmp_path, mode=mode, api=api, logprobs=True)
        assert len(teacher.sample(PROBLEMS[:2], n=2)) == 4
        asked = len(server.requests)
        again = make(server, tmp_path, mode=mode, api=api, logprobs=True)
        assert len(again.sample(PROBLEMS[2:4], n=2)) == 4  # learnt once, and kept
    part = "the system message" if name == "system" else name
    if mode == "live":
        assert asked == (5 if name == "n" else 3)
        assert len(server.requests) - asked == (4 if name == "n" else 2)
    else:
        assert [b["size"] for b in server.batches.values()] == [4, 4, 4]
    rows = teacher.store.of("toy")
    assert {tuple(row["unsupported"]) for row in rows} == {(part,)} and len(rows) == 8
    assert capsys.readouterr().out.count(f"toy does not take {part}:") == 2  # each run
    last = server.requests[-1] if mode == "live" else {}
    if name == "max_tokens" and mode == "live":
        assert last["max_completion_tokens"] == 200
    if name == "system" and mode == "live":
        first = last["messages"][0]
        assert first["role"] == "user" and "\n\nProblem: " in first["content"]


def test_an_endpoint_that_changed_its_mind_is_learnt_anew(tmp_path):
    refused = dict(REFUSALS[:1])
    with TeacherServer(refuses=refused) as server:
        make(server, tmp_path).sample(PROBLEMS[:1])
        server.refuses = {"max_completion_tokens": refusal("unknown parameter")}
        make(server, tmp_path).sample(PROBLEMS[1:3])
        assert [len(r.keys() & {"max_tokens", "max_completion_tokens"})
                for r in server.requests] == [1] * 5  # fmt: skip
        assert "max_tokens" in server.requests[-1]
        asked = len(server.requests)
        make(server, tmp_path).sample(PROBLEMS[3:4])
        assert len(server.requests) == asked + 1


def test_after_a_week_everything_is_tried_again(tmp_path):
    refused = {"temperature": REFUSALS[3][1]}
    with TeacherServer(refuses=refused) as server:
        make(server, tmp_path).sample(PROBLEMS[:1])
        with sqlite3.connect(tmp_path / STORE_NAME) as db:
            db.execute("UPDATE unsupported SET at = at - ?", (cache.KNOWN_SECONDS,))
        make(server, tmp_path).sample(PROBLEMS[1:2])
        assert ["temperature" in r for r in server.requests] == [True, False] * 2
        make(server, tmp_path).sample(PROBLEMS[2:3])  # and is known for another week
        assert len(server.requests) == 5
        server.refuses = {}
        with sqlite3.connect(tmp_path / STORE_NAME) as db:
            db.execute("UPDATE unsupported SET at = at - ?", (cache.KNOWN_SECONDS,))
        make(server, tmp_path).sample(PROBLEMS[3:4])
        assert len(server.requests) == 6 and "temperature" in server.requests[-1]


def test_models_are_learnt_apart(tmp_path):
    with TeacherServer(refuses={"seed": REFUSALS[8][1]}) as server:
        for model in ("toy", "other"):
            make(server, tmp_path, model).sample(PROBLEMS[:1])
        assert len(server.requests) == 4


def test_requests_in_flight_at_a_refusal_are_asked_again(tmp_path):
    with TeacherServer(refuses={"seed": REFUSALS[8][1]}, latency=0.02) as server:
        chains = make(server, tmp_path, concurrency=6).sample(PROBLEMS)
        assert len(server.requests) <= 12 + 6
    assert all(chain.answer == "48" for chain in chains)


def test_a_reasoning_model_is_asked_not_to_think():
    with TeacherServer() as server:
        make(server, model=config.load("paper").teacher).sample(PROBLEMS[:1])
        make(server, model="gpt-4.1-mini").sample(PROBLEMS[:1])
        first, second = server.requests
    assert first["reasoning_effort"] == "none" and "reasoning_effort" not in second
    refused = {"reasoning_effort": refusal(
        "Unsupported value: 'reasoning_effort' does not support 'none' with this model."
    )}  # fmt: skip
    with TeacherServer(refuses=refused) as server:
        make(server, model="gpt-6-astra").sample(PROBLEMS[:1])
        assert len(server.requests) == 2


REPEATS = {"type": "missing", "loc": ["body", "user"], "msg": "Field required"}
NOT_PARTS = [
    refusal("'max_tokens' is too large: 512. This model supports at most 256 tokens."),
    refusal(
        "This model's maximum context length is 4096 tokens; max_tokens is not "
        "supported with it."
    ),
    refusal("The prompt is too long: temperature"),
    refusal("the request was rejected"),
    refusal("temperature"),
    (422, {"detail": [REPEATS]}),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 2000"}),
    (429, {"error": {"message": "temperature is not supported"}}),
    (404, {"error": {"message": "temperature is not supported"}}),
    (503, {"error": {"message": "invalid seed"}}),
]


@pytest.mark.parametrize("status, body", NOT_PARTS)
def test_a_refusal_of_another_kind_teaches_nothing(status, body):
    sent = {
        "temperature": 0,
        "max_tokens": 512,
        "seed": 0,
        "n": 2,
        "messages": [
            {"role": "system", "content": "x"},
            {"role": "user", "content": "y"},
        ],
    }
    error = body.get("error", body)
    assert unsupported_part(sent, error, status) is None


SENTENCES = [
    (refusal("maximum context length is 4096 tokens"), "take shorter problems", True),
    ((413, "<html>too large</html>"), "take shorter problems", True),
    (refusal("prompt is too long: 9 tokens > 8 maximum"), "lower --teacher-tok", True),
    (NOT_PARTS[0], "fewer|not allow so many tokens per reply", True),
    ((404, {"error": {"message": "The model `toy` does not exist",
                      "code": "model_not_found"}}), "does not know toy: give the name",
     False),
    ((404, {"error": "model 'toy' not found, try pulling it first"}),
     "does not know toy: give the name", False),
    (refusal("Invalid model: toy"), "does not know toy: give the name", False),
    (refusal("toy is not a valid model ID"), "does not know toy", False),
    (refusal(f"API key not valid. {KEY}"), "key in OPENAI_API_KEY is not accepted",
     False),
    ((401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
     "key in OPENAI_API_KEY is not accepted", False),
    ((403, f"<html>{KEY}</html>"), "may not use this model", False),
    ((402, {"error": {"message": "Insufficient Balance"}}), "no credit left", False),
    ((429, {"error": {"code": "insufficient_quota", "message": KEY}}),
     "no credit left", False),
    ((301, "", {"Location": "/elsewhere"}), "address has moved", False),
    (refusal("content_filter", code="content_filter"), "content filter refuses", True),
]  # fmt: skip


@pytest.mark.parametrize("reply, sentence, of_one_request", SENTENCES)
def test_a_refusal_is_one_sentence_without_the_servers_words(
    reply, sentence, of_one_request
):
    with TeacherServer(always={"Story": reply}) as server:
        with pytest.raises(TeacherError, match=sentence) as caught:
            make(server).sample(PROBLEMS[:1])
        assert len(server.requests) == 1  # it is not asked again
    assert "\n" not in str(caught.value) and "{" not in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, RefusedError) == of_one_request


def test_a_request_that_was_redirected_is_answered():
    with TeacherServer() as server, TeacherServer() as old:
        location = f"{server.url}/chat/completions"
        old.always = {"Story": (308, "", {"Location": location})}
        assert make(old).sample(PROBLEMS[:1])[0].answer == "48"


# --- addresses ----------------------------------------------------------------------

PAGE = (404, "<html><title>model not found</title></html>")
ELSEWHERE = [PAGE, (404, ""), (404, "404 page not found"), (405, "Method Not Allowed"),
             (405, {"detail": "Method Not Allowed"}), (404, {"detail": "Not Found"}),
             (404, {"error": {"message": "Invalid URL (POST /chat/completions)"}}),
             ]  # fmt: skip
GIVEN = ["", "/", "/v1", "/v1/", "/v1//", "/v1/chat/completions", "/v1/completions",
         "/chat/completions", "/v1/models", "/v1/chat/completions/"]  # fmt: skip


@MODES
@pytest.mark.parametrize("given", GIVEN)
def test_the_api_is_found_from_any_address_of_it(given, mode, capsys):
    with BatchServer(elsewhere=PAGE) as server:
        chains = make(server.root + given, mode=mode).sample(PROBLEMS[:3])
        wrong = [p for p in server.paths if p != "/v1/chat/completions"]
    assert all(chain.answer == "48" for chain in chains)
    assert len(wrong) == ("v1" not in given)
    assert (f"asked at {server.url}" in capsys.readouterr().out) == ("v1" not in given)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_v1_is_tried_whatever_a_wrong_path_says(elsewhere):
    with TeacherServer(elsewhere=elsewhere) as server:
        teacher = make(server.root, concurrency=4)
        assert len(teacher.sample(PROBLEMS)) == 12
        assert server.paths.count("/chat/completions") <= 4


@pytest.mark.parametrize("path", ["", "/api", "/api/paas/v4", "/v1beta/openai"])
def test_an_api_at_another_path_is_asked_there(path):
    with TeacherServer(api_at=path, elsewhere=PAGE) as server:
        make(server.root + path).sample(PROBLEMS[:2])
        assert server.paths == [f"{path}/chat/completions"] * 2


@pytest.mark.parametrize("given", ["", "/v1", "/api"])
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_where_no_api_is_the_message_says_what_an_address_is_like(given, elsewhere):
    with TeacherServer(api_at="/nowhere", elsewhere=elsewhere) as server:
        with pytest.raises(TeacherError, match="correct --teacher-url, which usually"):
            make(server.root + given).sample(PROBLEMS[:3])
        assert len(server.paths) <= 3 + (given != "/v1")


def test_an_unknown_model_at_an_address_without_v1_is_no_wrong_address():
    unknown = (404, {"error": {"message": "The model `toy` does not exist"}})
    with TeacherServer(api_at="", always={"Story": unknown}) as server:
        with pytest.raises(TeacherError, match="does not know toy: give the name"):
            make(server.root).sample(PROBLEMS[:1])
        assert server.paths == ["/chat/completions"]


def test_addresses_by_hand():
    assert addresses(None) == (None,)
    assert addresses("https://h/v1/chat/completions/") == ("https://h/v1",)
    assert addresses("http://h:8/api/") == ("http://h:8/api", "http://h:8/api/v1")


SECRETS = ["http://u:geheim@h/v1", "http://h/v1?key=geheim", "http://h/v1#geheim",
           "geheim", "http://h:geheim/v1", "https://geheim@h"]  # fmt: skip


@pytest.mark.parametrize("url", [*SECRETS, ["http://u:geheim@h"]])
def test_an_address_with_a_key_is_refused_before_anything_is_written(
    url, tmp_path, monkeypatch, capfd
):
    from socratic_utils.experiments import stages
    from socratic_utils.runner import cli, jobs

    monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path))
    with pytest.raises(ValueError, match="the teacher's URL is no address") as caught:
        stages.start(config.load("smoke", teacher="toy", teacher_url=url), "01")
    assert "geheim" not in str(caught.value)
    if isinstance(url, str):
        for main in (cli.main, jobs.main):
            words = ["smoke", "--teacher", "toy", "--teacher-url", url]
            assert main([*words, "--dry-run"]) == main(words) == 2
            with pytest.raises(SystemExit):  # a misspelled option
                main(["smoke", f"--teacher_url=http://h/{url}"])
    assert list(tmp_path.iterdir()) == []
    assert "geheim" not in "".join(capfd.readouterr())


# --- time ---------------------------------------------------------------------------


def test_bytes_and_then_silence_hold_up_no_other_request(tmp_path):
    with TeacherServer(["stall", "stall", "drip"]) as server:
        start = time.monotonic()
        chains = make(server, tmp_path, timeout=1.0, concurrency=8).sample(PROBLEMS)
        assert time.monotonic() - start < 4.0
    assert all(chain.answer == "48" for chain in chains)
    assert Teacher("toy", recorded=()).timeout == 120.0
