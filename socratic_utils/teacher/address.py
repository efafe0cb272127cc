"""What can be said of a teacher's endpoint without asking it: its address, its errors.

Needs nothing that is installed, so that a dry run works before the environment is made.

    >>> check_address("http://127.0.0.1:8000/v1")
"""

from __future__ import annotations

from urllib.parse import urlsplit

KEY_VARIABLE = "OPENAI_API_KEY"
APIS = ("chat", "completion")
MODES = ("live", "batch")


class TeacherError(RuntimeError):
    """The teacher cannot answer; the message says what to do."""


class RefusedError(TeacherError):
    """This one request is refused for good; others may well be answered.

    `by_content` says that the problem itself is why, whatever else is asked of it.
    """

    by_content = False


class PassingError(TeacherError):
    """Another time it may work, after `pause` seconds where the server says so."""

    def __init__(self, told: str, pause: float = 0.0) -> None:
        super().__init__(told)
        self.pause = pause


def check_address(url: str) -> None:
    """Raises ValueError, in one sentence, on what is no server's address.

    Names and keys inside an address would come out in logs, so they are refused.
    """
    parts = urlsplit(url)
    try:
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        fine = False
    if not fine:
        raise ValueError(
            "the teacher's URL is no address of a server, such as "
            "http://127.0.0.1:8000/v1"
        )
    if parts.username or parts.password or parts.query:
        raise ValueError(f"put the key into {KEY_VARIABLE}, not into the teacher's URL")
