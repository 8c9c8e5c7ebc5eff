"""A store with sessions and the lists of their users, in which sessions are made and ended as a save does
it."""

from __future__ import annotations

import secrets
from typing import Any, Dict, List, Optional

from flask_session_swap import clock
from flask_session_swap.errors import SessionEnded
from flask_session_swap.listed import LISTED, HidingMarks, Lists, UserSessions
from flask_session_swap.listed.asking import Asking
from flask_session_swap.listed.label import Label
from flask_session_swap.records import Format, Msgspec
from flask_session_swap.settings import Settings
from flask_session_swap.stores.store import Done, Store
from flask_session_swap.term import Refresh

PREFIX = "session:"
LIFETIME = 31 * 24 * 3600


class World:
    """One process."""

    def __init__(self, store: Store, records: Optional[Format] = None, **settings: Any) -> None:
        self.raw = store
        self.store = HidingMarks(store, records or Msgspec("msgpack"))
        self.records = records or Msgspec("msgpack")
        refresh = Refresh(LIFETIME, LIFETIME, None, True, 0.1)
        self.lists = Lists(
            store,
            self.records,
            Settings(login_key="user", listed=True, **settings),
            key_prefix=PREFIX,
            login_key=lambda: "user",
            refresh=lambda: refresh,
        )

    def log_in(self, user: object, *, label: str = "", renews: Optional[str] = None) -> str:
        """Makes a session of a user, instead of the one that ``renews`` names, and returns its id."""
        sid = secrets.token_urlsafe(32)
        now = clock.now()
        self.lists.enter_new(user, sid, renews=renews, instead_of=None, label=label, now=now)
        data = {"user": user, LISTED: self.lists.seal(user, sid, now)}
        self.create(sid, data)
        if renews is not None:
            self.store.delete(PREFIX + renews, now)
        return sid

    def create(self, sid: str, data: Dict[str, Any]) -> None:
        """Makes a session."""
        swapped = self.store.swap(PREFIX + sid, None, self.records.encode(data), LIFETIME, clock.now())
        if not isinstance(swapped, Done):
            raise SessionEnded

    def change(self, sid: str, **values: Any) -> None:
        """Changes a session in place, as a program does that knows no lists."""
        now = clock.now()
        there = self.store.load(PREFIX + sid, now)
        assert there is not None
        data = {**(self.records.decode(there.record) or {}), **values}
        assert isinstance(self.store.swap(PREFIX + sid, there, self.records.encode(data), None, now), Done)

    def log_out(self, user: object, sid: str) -> None:
        now = clock.now()
        self.store.delete(PREFIX + sid, now)
        self.lists.leave(user, [sid], now, with_renewed=True)

    def lives(self, sid: str) -> bool:
        """Tells whether there is a session under an id."""
        return self.store.load(PREFIX + sid, clock.now()) is not None

    def data(self, sid: str) -> Dict[str, Any]:
        """Returns what is in a session; nothing if it has ended."""
        there = self.store.load(PREFIX + sid, clock.now())
        return {} if there is None else self.records.decode(there.record) or {}

    def of(self, user: object, *, asking: Optional[str] = None) -> UserSessions:
        """Returns the sessions of a user, perhaps as one of them asks for them."""
        if asking is None:
            return UserSessions(self.lists, user)
        return UserSessions(self.lists, user, Asking(asking, Label(""), lambda now: None, lambda: None))

    def listed(self, user: object) -> List[str]:
        """Returns the ids that the list of a user names, those of the first entered first."""
        return [own.sid for entry in self.lists.of(user, clock.now()).load().entries for own in entry.ids]

    def labels(self, user: object) -> List[str]:
        return [session.label for session in self.of(user).list()]
