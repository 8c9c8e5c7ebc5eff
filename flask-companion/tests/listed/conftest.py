"""A clock that tests move."""

from __future__ import annotations

import time

import pytest

from flask_session_swap import clock


class Clock:
    """The time of the test, which stands still unless it is moved."""

    def __init__(self) -> None:
        self.time = float(int(time.time()))

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(clock, "now", moved.now)
    return moved
