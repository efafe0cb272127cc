"""What can be said about an endpoint without asking it, and its errors as one sentence.

    >>> check_address("http://127.0.0.1:8000/v1")
    >>> unsupported_part({"seed": 0}, {"message": "Unknown argument: seed"})
    'seed'

Imports only the standard library, so that a dry run works before anything is installed.
No message repeats a server's own words: some servers echo the key.
"""

import re
from collections.abc import Mapping
from typing import Any

KEY_VARIABLE = "OPENAI_API_KEY"
APIS = ("chat", "completion")
MODES = ("live", "batch")
NAME_A_PARAMETER = (400, 403, 422)  # the statuses of a refusal that may do so
PARAMETERS = ("max_tokens", "temperature", "seed", "n", "logprobs")
SYSTEM = "the system message"
_UNSUPPORTED = re.compile(
    r"support|unrecogni[sz]ed|unknown|unexpected|extra|permitted|not allowed|not accept"
)
_TOO_LONG = re.compile(r"(?s)(?=.*context).*(length|exceed|maximum)")
_ADVICE = {
    401: f"the key in {KEY_VARIABLE} is not accepted",
    402: "the account has no credit left: look at your provider's page",
    403: f"the key in {KEY_VARIABLE} may not use this model",
    404: "the endpoint does not know {model}: give the name it serves it by",
    429: "too many requests for too long: wait, or lower the concurrency",
} | dict.fromkeys(range(300, 400), "the address has moved: correct --teacher-url")


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


class RefusedError(TeacherError):
    """This request is refused for good, others may be answered."""


def check_address(url: str) -> None:
    """Raises ValueError unless `url` is the address of a server, without a key."""
    host, rest = r"([\w.-]+|\[[\da-fA-F:]+\])", r"(:[1-9]\d*)?(/[^?@\s]*)?"
    if not re.fullmatch(f"https?://{host}{rest}", url):
        such = f"such as http://127.0.0.1:8000/v1 (a key belongs into {KEY_VARIABLE})"
        raise ValueError(f"the teacher's URL is no address of a server, {such}")


def is_retried(status: int) -> bool:
    """Whether the same request may succeed at another time."""
    return status >= 500 or status in (408, 409, 425, 429)


def explained(model: str, status: int, error: Any) -> TeacherError:
    """An HTTP error as one sentence; `error` is the decoded `error` of its body."""
    code, _, words = _fields(error)
    advice = _ADVICE.get(402 if code == "insufficient_quota" else status)
    kind = TeacherError if advice or is_retried(status) else RefusedError
    if kind is TeacherError:
        advice = (advice or "the server fails").format(model=model)
    elif _TOO_LONG.search(words):
        advice = "the prompt is longer than the model's context: take shorter problems"
    elif code == "content_filter":
        advice = "its content filter refuses this problem"
    else:
        advice = "the request was refused"
    return kind(f"teacher {model}, HTTP {status}: {advice}; answers so far are kept")


def unsupported_part(body: Mapping, error: Any) -> str | None:
    """The part of a request's `body` that a refusal calls unsupported, if it does."""
    _, param, words = _fields(error)
    if _TOO_LONG.search(words) or not _UNSUPPORTED.search(words):
        return None
    for name in PARAMETERS:
        quoted = rf"['\"`]{name}['\"`]"
        named = quoted if param or name == "n" else rf"{quoted}|\b{name}\b"
        said = param in (name, f"body.{name}") or re.search(named, words)
        if name in body and said:
            return name
    roles = [message["role"] for message in body.get("messages", ())]
    return SYSTEM if "system" in roles and re.search(r"\bsystem\b", words) else None


def _fields(error: Any) -> tuple[str, str, str]:
    """`code` and `param` of the API, where given, and all words in lower case."""
    fields = error if isinstance(error, Mapping) else {}
    code, param = (str(fields.get(name) or "") for name in ("code", "param"))
    return code, param, str(error).lower()
