"""Locks by key, which are there as long as somebody holds or awaits them."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary


class KeyedLocks:
    """A lock for each record, so that no visitor waits for another one's."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()

    def of(self, key: str) -> threading.Lock:
        """Returns the lock of a key."""
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = threading.Lock()
            return lock
