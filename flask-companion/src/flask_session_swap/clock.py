"""The time that sessions go by."""

from __future__ import annotations

import time


def now() -> float:
    """Returns the Unix time in seconds. Whoever asks for the time calls ``clock.now()``, so that tests can set it."""
    return time.time()
