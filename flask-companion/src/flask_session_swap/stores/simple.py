"""The store of sessions in cachelib's ``SimpleCache``: in the memory of this process."""

from __future__ import annotations

import logging
import threading
from typing import Any, Dict, Optional, Tuple

from .store import Conflict, Done, Loaded, Swapped

_log = logging.getLogger(__name__)

#: The number of new sessions between two scans at least, or an eighth of all there are.
_BETWEEN_SCANS = 16


class SimpleStore:
    """Sessions in a ``SimpleCache``. They end with the process, and no other process sees them.

    Nothing that is alive is ever removed to make room, unlike in cachelib. Above the cache's threshold what has expired
    is removed, and if that is not enough, a warning is logged.
    """

    pickles = True

    def __init__(self, cache: Any) -> None:
        """:param cache: a ``SimpleCache`` that writes pickles."""
        #: Of each key the Unix time of its end, 0 is never, and the pickle.
        self._items: Dict[str, Tuple[float, bytes]] = cache._cache
        self._threshold: int = cache._threshold
        # Older releases have none, and are not made for threads.
        self._lock = getattr(cache, "_lock", None) or threading.RLock()
        self._scanned_at = 0
        self._has_warned = False

    def load(self, key: str, now: float) -> Optional[Loaded]:
        with self._lock:
            return self._look_up(key, now)

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        with self._lock:
            found = self._look_up(key, now)
            if (None if found is None else found.record) != (None if expected is None else expected.record):
                return Conflict(found)
            if new is None:
                self._items.pop(key, None)
                return Done()
            if lifetime is not None:
                ends = now + lifetime
            else:
                ends = found.expires or 0 if found is not None else 0
            self._items[key] = (ends, new)
            if found is None:
                self._make_room(now)
            return Done()

    def delete(self, key: str, now: float) -> bool:
        with self._lock:
            found = self._look_up(key, now)
            self._items.pop(key, None)
            return found is not None

    def _look_up(self, key: str, now: float) -> Optional[Loaded]:
        ends, record = self._items.get(key, (0, None))
        if not isinstance(record, bytes) or 0 < ends <= now:
            return None
        return Loaded(record, ends or None)

    def _make_room(self, now: float) -> None:
        size = len(self._items)
        if size <= self._threshold or size < self._scanned_at + max(self._scanned_at // 8, _BETWEEN_SCANS):
            return
        for key in [key for key, (ends, _) in self._items.items() if 0 < ends <= now]:
            del self._items[key]
        self._scanned_at = len(self._items)
        if self._scanned_at <= self._threshold:
            self._has_warned = False
        elif not self._has_warned:
            self._has_warned = True
            _log.warning(
                "there are %d sessions in the SimpleCache, more than its threshold of %d; none of them has expired, "
                "and none was removed",
                self._scanned_at,
                self._threshold,
            )
