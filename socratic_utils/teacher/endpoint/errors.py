"""What the refusals of an endpoint mean, each as one sentence.

An error is whatever a server replies: the API's object, a list of it, a nested `detail`
or a page; `refusals.json` has the words to look for and the advice.  No message repeats
a server's own words: some servers echo the key.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from socratic_utils.files import read_json

SYSTEM = "the system message"
REFUSALS = read_json(Path(__file__).with_name("refusals.json"))
PARTS: dict[str, str] = REFUSALS["parts"]  # of requests, and their names in prose
OF_ONE_REQUEST = ("filtered", "too long", "too many")  # meanings; others may succeed


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


class RefusedError(TeacherError):
    """This request is refused for good, others may be answered."""


def error_in(body: Any, status: int = 200) -> tuple[int, Any]:
    """Status and error of a decoded body; an error in a 200 has its own code or 500."""
    body = body[0] if isinstance(body, list) and body else body
    error = body.get("error") if isinstance(body, Mapping) else None
    if status == 200 and error:
        code = str(error.get("code")) if isinstance(error, Mapping) else ""
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else 500
    return status, error or body


def is_retried(status: int, error: Any = None) -> bool:
    """Whether the same request may succeed at another time."""
    if status == 429:
        return meaning(status, error) != "402"
    return status >= 500 or status in (408, 409, 425)


def is_no_api(status: int, error: Any) -> bool:
    """Whether an address has no such API, rather than one that lacks the model."""
    words = _words(error)
    is_page = "model" not in words or words.startswith("<")
    return status == 405 or (status == 404 and is_page)


def meaning(status: int, error: Any) -> str:
    """What a refusal says, or its status where it says nothing: a key of the advice."""
    if status in (200, 400, 413, 422, 429):
        for name, known in REFUSALS["meanings"].items():
            if re.search(known, _words(error), re.S):
                return name
    return {405: "404", 413: "too long"}.get(status, str(status))


def explained(model: str, status: int, error: Any) -> TeacherError:
    """An HTTP error as one sentence; `error` is the decoded `error` of its body."""
    found, advice = meaning(status, error), REFUSALS["advice"]
    advice = advice.get(found) or advice.get(f"{status // 100}xx", "")
    kind = RefusedError if not advice or found in OF_ONE_REQUEST else TeacherError
    advice = advice.format(model=model) or "the request was refused"
    return kind(f"teacher {model}, HTTP {status}: {advice}; answers so far are kept")


def unsupported_part(body: Mapping, error: Any, status: int = 400) -> str | None:
    """The part of a request's `body` that a refusal calls unsupported, if it does."""
    how, words = "unsupported", _words(error)
    how += ", status 5xx" if status >= 500 else ""  # of templates that fail there
    can_name = status in (400, 403, 422, 500, 501) and re.search(REFUSALS[how], words)
    if not can_name or meaning(400, error) in OF_ONE_REQUEST:
        return None
    places = {}
    for name, prose in PARTS.items():
        pattern = rf"(?<=['\"`]){name}(?=\\?['\"`])|(?<![\w.\\])({prose})(?!\w)"
        if name in body and (place := re.search(pattern, words)):
            places[name] = place.start()
    if places:  # the first: "max_tokens is not supported, use ..."
        return min(places, key=places.__getitem__)
    roles = [message["role"] for message in body.get("messages") or ()]
    is_system = "system" in roles and re.search(REFUSALS["no system message"], words)
    return SYSTEM if is_system else None


def _words(error: Any) -> str:
    return str(error).lower().lstrip()
