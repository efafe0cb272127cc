"""What the refusals of an endpoint mean, each as one sentence.

    >>> unsupported_part({"seed": 0}, {"message": "Unknown argument: seed"})
    'seed'

An error is whatever a server replies: the API's object, a list of it, a nested `detail`
or a page.  No message repeats a server's own words: some servers echo the key.  Imports
nothing that a dry run would have to install.
"""

import re
from collections.abc import Mapping
from typing import Any

from socratic_utils.config import KEY_VARIABLE

APIS = ("chat", "completion")
MODES = ("live", "batch")
SYSTEM = "the system message"
PARTS = {  # of a request that it may lack, and how prose names them
    "max_tokens": "max[_ ]tokens", "temperature": "temperature", "seed": "seed",
    "n": r"n(?= must| should| is|>| >)|(?<=argument: )n|multiple (choice|completion)s"
         r"|(multiple|one) candidates?",
    "logprobs": "log[_ ]?prob(abilitie)?s", "stop": "stop( sequences?)?",
    "reasoning_effort": "reasoning[_ .]effort",
}  # fmt: skip
_UNSUPPORTED = re.compile(
    r"support|unrecogni[sz]ed|unknown|unexpected|extra|permitted|allowed|not accept|only|"
    r"must|cannot|invalid|deprecated|not (enabled|available|implemented|valid)"
)
_NO_SYSTEM = re.compile(
    r"\bsystem\b|developer instruction|roles must alternate|only user and assistant"
)
_TOO_LONG, _TOO_MANY, _FILTERED = "too long", "too many", "filtered"
_MEANINGS = {  # of a request's refusal, whatever its status
    _FILTERED: r"content_filter",
    402: r"insufficient_quota|billing_hard_limit|billing_not_active",
    _TOO_LONG: r"context(?=.*(length|exceed|maximum|window))|(length|exceed).*context|"
               r"max_new_tokens|(prompt|input|request)\b.{0,30}too (long|large)",
    _TOO_MANY: r"max_(completion_)?tokens.{0,60}(too (large|high)|at most|less|maximum)",
    401: r"api key not|invalid api key|incorrect api key",
    404: r"model.{0,80}(not (found|exist)|n.t exist)|(invalid|unknown) model|valid model",
}  # fmt: skip
_ADVICE = {
    _FILTERED: "its content filter refuses this problem",
    _TOO_LONG: "the prompt with teacher_tokens is longer than the model's context: take "
               "shorter problems or lower teacher_tokens",
    _TOO_MANY: "it does not allow so many tokens per reply: lower teacher_tokens",
    401: f"the key in {KEY_VARIABLE} is not accepted",
    402: "the account has no credit left: look at your provider's page",
    403: f"the key in {KEY_VARIABLE} may not use this model",
    404: "the endpoint does not know {model}: give the name it serves it by, or correct "
         "--teacher-url, which usually ends in /v1",
    429: "too many requests for too long: wait, or lower the concurrency",
    **dict.fromkeys(range(300, 400), "the address has moved: correct --teacher-url"),
}  # fmt: skip


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


class RefusedError(TeacherError):
    """This request is refused for good, others may be answered."""


def error_in(body: Any, status: int = 200) -> tuple[int, Any]:
    """Status and error of a decoded body; an error in a 200 has its own code, or 500."""
    body = body[0] if isinstance(body, list) and body else body
    error = body.get("error") if isinstance(body, Mapping) else None
    if status == 200 and error:
        code = str(error.get("code")) if isinstance(error, Mapping) else ""
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else 500
    return status, error or body


def is_retried(status: int, error: Any = None) -> bool:
    """Whether the same request may succeed at another time."""
    return (
        status in (408, 409, 425, 429) and meaning(429, error) != 402 or status >= 500
    )


def is_no_api(status: int, error: Any) -> bool:
    """Whether an address has no such API, rather than one that lacks the model."""
    words = _words(error)
    knows_none = "model" not in words or words.startswith("<")
    return status == 405 or (status == 404 and knows_none)


def meaning(status: int, error: Any) -> int | str:
    """A key of `_ADVICE`: what a refusal says, or the status where it says nothing."""
    if status in (200, 400, 413, 422, 429):
        for name, known in _MEANINGS.items():
            if re.search(known, _words(error), re.S):
                return name
    return _TOO_LONG if status == 413 else 404 if status == 405 else status


def explained(model: str, status: int, error: Any) -> TeacherError:
    """An HTTP error as one sentence; `error` is the decoded `error` of its body."""
    found = meaning(status, error)
    failing = "the server fails" if is_retried(status) else ""
    advice = _ADVICE.get(found, failing).format(model=model)
    kind = TeacherError if advice and isinstance(found, int) else RefusedError
    advice = advice or "the request was refused"
    return kind(f"teacher {model}, HTTP {status}: {advice}; answers so far are kept")


def unsupported_part(body: Mapping, error: Any, status: int = 400) -> str | None:
    """The part of a request's `body` that a refusal calls unsupported, if it does."""
    words = _words(error)
    if status >= 500:  # of templates and functions that a server lacks
        named = re.search("support|implemented|roles must", words)
    else:
        named = status in (400, 403, 422) and _UNSUPPORTED.search(words)
    if not named or meaning(400, error) in (_TOO_LONG, _TOO_MANY):
        return None
    places = {}
    for name, prose in PARTS.items():
        pattern = rf"(?<=['\"`]){name}(?=\\?['\"`])|(?<![\w.\\])({prose})(?!\w)"
        if name in body and (place := re.search(pattern, words)):
            places[name] = place.start()
    if places:  # the first: "max_tokens is not supported, use ..."
        return min(places, key=places.__getitem__)
    roles = [message["role"] for message in body.get("messages") or ()]
    return SYSTEM if "system" in roles and _NO_SYSTEM.search(words) else None


def _words(error: Any) -> str:
    return str(error).lower().lstrip()
