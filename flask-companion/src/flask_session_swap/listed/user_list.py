"""Changing a list: compare-and-swap, again after each change by others."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from ..errors import SessionUnavailable
from ..owner import Owner
from ..records import Format
from ..retry import contended, pause
from ..stores.store import Done, Loaded, Store, StoreError
from .entries import SessionList
from .reading import content_of

_log = logging.getLogger(__name__)

#: The life of the list of sessions that live for seconds only: longer than any of them takes to be created.
_AT_LEAST = 300


@dataclass(frozen=True)
class UserList:
    """The list of one user, for one request or task."""

    store: Store
    records: Format
    key_prefix: str
    #: The key that says who is logged in.
    login_key: Optional[str]
    #: The longest life that a session can have, in seconds.
    longest_life: float
    #: The number of sessions that a user may have. A log-in beyond that is refused, or ends the oldest one.
    max_sessions: Optional[int]
    refuses_when_full: bool
    #: How often a swap is tried that others are always faster than.
    attempts: int
    #: The fingerprint of the login value.
    user: str
    now: float

    def load(self) -> SessionList:
        """Returns the list as it is."""
        return self._read(self.store.load(self._key, self.now))

    def change(self, change: Callable[[SessionList], bool]) -> None:
        """Changes the list, until ``change`` returns that there is nothing to write.

        It is called again after each change by others, with the list as it is then.
        """
        expected = self.store.load(self._key, self.now)
        for attempt in range(self.attempts):
            sessions = self._read(expected)
            if not change(sessions) or (expected is None and not sessions.entries):
                return
            # One that a process with other settings has written is not to end before its sessions.
            life = max(self._life, sessions.life)
            new = self.records.encode(sessions.data(life, self.now)) if sessions.entries else None
            swapped = self.store.swap(self._key, expected, new, life if sessions.entries else None, self.now)
            if isinstance(swapped, Done):
                return
            expected = swapped.current
            pause(attempt)
        raise contended()

    def leave(self, sids: Sequence[str]) -> None:
        """Removes ids whose sessions are gone, as best can be: what is left is removed when the list is
        shown, or full."""
        self._leave_by(sids, lambda sessions: sessions.remove(sids))

    def leave_with_renewed(self, sids: Sequence[str]) -> None:
        """As ``leave``, of sessions that were ended by requests that came with these ids."""
        self._leave_by(sids, lambda sessions: sessions.remove_with_renewed(sids))

    def key_of(self, sid: str) -> str:
        """Returns the key of a session in the store."""
        return self.key_prefix + sid

    def is_users(self, loaded: Loaded) -> bool:
        """Tells whether a record is a session of the user."""
        data = content_of(self.records, loaded)
        return data is not None and Owner.of(data, self.login_key).user == self.user

    def _leave_by(self, sids: Sequence[str], remove: Callable[[SessionList], bool]) -> None:
        if not sids:
            return
        try:
            self.change(remove)
        except (StoreError, SessionUnavailable):
            _log.warning("an ended session stays in the list of its user for now", exc_info=True)

    @property
    def _key(self) -> str:
        return f"{self.key_prefix}~user:{self.user}"

    @property
    def _life(self) -> int:
        """Twice the longest life that a session can have, so that the list outlives one which is entered
        again at a use here after half of that. One that only a program without lists uses for longer is
        entered again when it comes here.
        """
        return int(2 * self.longest_life) + _AT_LEAST

    def _read(self, loaded: Optional[Loaded]) -> SessionList:
        if loaded is None:
            return SessionList()
        data = content_of(self.records, loaded)
        sessions = SessionList.of(data, loaded, self.now) if data is not None else None
        if sessions is None:
            _log.error("the list of a user's sessions can't be read, and is begun anew")
            return SessionList()
        return sessions
