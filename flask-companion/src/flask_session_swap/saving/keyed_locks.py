"""Locks by key, which are there as long as somebody holds or awaits them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Iterator
from weakref import WeakValueDictionary

#: For how many seconds a turn is awaited. Where the store does not answer, those who wait are not to wait for each other's
#: timeouts, too.
PATIENCE = 0.5


class KeyedLocks:
    """A lock for each record, so that no visitor waits for another one's."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Waits until nobody else in this process is at a key, but not for long: without a turn a swap only meets a conflict
        more often."""
        lock = self._of(key)
        has_turn = lock.acquire(timeout=PATIENCE)
        try:
            yield
        finally:
            if has_turn:
                lock.release()

    def _of(self, key: str) -> threading.Lock:
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = threading.Lock()
            return lock
