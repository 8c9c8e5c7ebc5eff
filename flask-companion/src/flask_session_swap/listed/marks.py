"""The mark in the place of a session that was ended while it was being created."""

from __future__ import annotations

from typing import Optional

from ..records import Format
from ..stores.store import Conflict, Loaded, Store, Swapped
from .reading import content_of

#: A mark is not longer in any format, in bytes.
_LONGEST_MARK = 16


def ended_mark(records: Format) -> bytes:
    """Makes the mark: an empty session, which is nothing to Flask either."""
    return records.encode({})


def is_ended_mark(records: Format, loaded: Loaded) -> bool:
    """Tells whether a record is a mark."""
    return len(loaded.record) <= _LONGEST_MARK and content_of(records, loaded) == {}


class HidingMarks:
    """A store of sessions. Where there is a mark there is no session, and none can be created."""

    def __init__(self, store: Store, records: Format) -> None:
        self._store = store
        self._records = records

    def load(self, key: str, now: float) -> Optional[Loaded]:
        """As ``Store.load``."""
        return self._hidden(self._store.load(key, now))

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        """As ``Store.swap``."""
        swapped = self._store.swap(key, expected, new, lifetime, now)
        return Conflict(self._hidden(swapped.current)) if isinstance(swapped, Conflict) else swapped

    def delete(self, key: str, now: float) -> bool:
        """As ``Store.delete``."""
        return self._store.delete(key, now)

    def _hidden(self, loaded: Optional[Loaded]) -> Optional[Loaded]:
        return None if loaded is None or is_ended_mark(self._records, loaded) else loaded
