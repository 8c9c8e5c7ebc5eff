"""A store in memory, whose process can be killed after any number of calls."""

from __future__ import annotations

import threading
from typing import Dict, List, Optional

from flask_session_swap.stores.store import Conflict, Done, Loaded, StoreError, Swapped


class Killed(BaseException):
    """The process was killed: nothing that it had in mind is done any more."""


class MemoryStore:
    """Records that end by the time of the calls."""

    def __init__(self) -> None:
        self.records: Dict[str, Loaded] = {}
        #: How many calls were made.
        self.calls = 0
        #: After so many calls the process is killed.
        self.killed_after: Optional[int] = None
        #: Calls with these numbers fail.
        self.failing: List[int] = []
        self._lock = threading.Lock()

    def load(self, key: str, now: float) -> Optional[Loaded]:
        with self._lock:
            self._call()
            return self._there(key, now)

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        with self._lock:
            self._call()
            there = self._there(key, now)
            if (there and there.record) != (expected and expected.record):
                return Conflict(there)
            if new is None:
                self.records.pop(key, None)
            elif lifetime is None:
                assert there is not None, "a new record has a life"
                self.records[key] = Loaded(new, there.expires)
            else:
                self.records[key] = Loaded(new, now + lifetime)
            return Done()

    def delete(self, key: str, now: float) -> bool:
        with self._lock:
            self._call()
            there = self._there(key, now)
            self.records.pop(key, None)
            return there is not None

    def _there(self, key: str, now: float) -> Optional[Loaded]:
        loaded = self.records.get(key)
        is_over = loaded is not None and loaded.expires is not None and loaded.expires <= now
        return None if is_over else loaded

    def _call(self) -> None:
        if self.killed_after is not None and self.calls >= self.killed_after:
            raise Killed
        self.calls += 1
        if self.calls in self.failing:
            raise StoreError("the store is down", is_open=False)
