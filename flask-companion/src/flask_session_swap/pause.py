"""Waiting after a conflict."""

from __future__ import annotations

import random
import time

#: In seconds.
_LONGEST = 0.01


def pause(attempt: int) -> None:
    """Waits after a conflict, for a random time. After the first one, the next try is made at once: the others are
    probably done."""
    if attempt > 0:
        time.sleep(random.uniform(0, min(_LONGEST, 0.001 * 2 ** min(attempt, 4))))
