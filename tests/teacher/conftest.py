"""What tests of the teacher share."""

import asyncio

import anyio
import pytest


@pytest.fixture
def slept(monkeypatch):
    """The seconds of each pause between two attempts; no time passes."""
    seconds = []
    whole = asyncio.sleep

    async def sleep(delay, *_):
        if delay:
            seconds.append(delay)
        await whole(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(anyio, "sleep", sleep)
    return seconds
