"""Trying again where others were faster."""

from __future__ import annotations

import random
import time

from .errors import SessionUnavailable


def pause(attempt: int) -> None:
    """Waits after a conflict. After the first one the next try is made at once: the others are probably done."""
    if attempt > 0:
        time.sleep(random.uniform(0, min(2 ** min(attempt, 4), 10) / 1000))


def contended() -> SessionUnavailable:
    """Makes the error of a save that others were faster than each time."""
    return SessionUnavailable("Other requests were faster each time.")
