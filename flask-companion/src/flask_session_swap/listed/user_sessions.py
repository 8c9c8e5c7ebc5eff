"""The sessions of one user, as an application's pages show and end them."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, List, Optional, Sequence

from .. import clock
from ..errors import SessionEnded, SessionUnavailable
from ..stores.store import Loaded, StoreError
from .asking import Asking
from .end import end
from .enter import enter
from .entries import Entering, Entry
from .find import There, find, has
from .label import label_entered
from .lists import Lists
from .reading import content_of
from .user_list import UserList


@dataclass(frozen=True)
class UserSession:
    """One session of a user: what a page of devices shows of it. Nobody gets in with anything that is in it.

    ``jsonify`` and ``dataclasses.asdict`` make a mapping of it. Times are whole Unix seconds.
    """

    #: The name by which ``UserSessions.end`` takes it. It stays when the session gets another id.
    handle: str
    #: When the user logged in with it first, or when one that a program without lists has made was first
    #: seen. Another log-in of the same user with it, as where a password is asked for again, changes nothing
    #: of that.
    created: int
    #: When it was last used, as exactly as its life is extended: with the defaults, within a tenth of
    #: ``PERMANENT_SESSION_LIFETIME``.
    last_seen: int
    #: The ``User-Agent`` of the browser that logged in, unless the application has set another label
    #: (``set_session_label``). Whoever logs in may have sent any text: escape it.
    label: str
    #: It is the session of the request that asks.
    current: bool


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise SessionUnavailable from error


class UserSessions:
    """All sessions of one user: to show them, and to end them from elsewhere.

    A session that is ended is deleted: its next request is a visitor's, and a request that is changing it
    gets a 409. What a request has changed and not saved is not in the list: a user who has just logged in is
    in it with the next request.

    Where the store can't be used each call raises ``SessionUnavailable``, which is a 503. Some sessions may
    have ended then: call again.
    """

    def __init__(self, lists: Lists, user: object, asking: Optional[Asking] = None) -> None:
        """Is made by ``user_sessions`` and ``sessions_of``."""
        self._lists = lists
        self._user = user
        self._asking = asking

    @_available()
    def list(self) -> List[UserSession]:
        """Returns the sessions that live, the newest first, in one round trip and one for each session."""
        users = self._users()
        entries = users.load().entries
        current = self._current(users, entries)
        if current.is_of is _Is.NOT_ENTERED and self._asking is not None:
            # A program without lists has made the session, or a store that forgets has forgotten the list.
            label = self._asking.label
            if enter(users, Entering(current.sid, label, exists=True)):
                label_entered(label)
                current = _Current(_Is.ENTERED, current.sid)
            else:
                current = _Current(_Is.ENDED)
            entries = users.load().entries
        found = find(users, entries)
        users.leave([one.sid for one in found if one.is_gone])
        shown = []
        for entry in reversed(entries):
            living = [one.session for one in found if one.there is There.SESSION and entry.has(one.sid)]
            if living and living[0] is not None:
                shown.append(self._shown(users, entry, living[0], current.is_in(entry)))
        return shown

    def end(self, handle: str) -> bool:
        """Ends the session of this handle. ``False`` if there is none, or if it has ended already."""
        return self._end(lambda entry, current: entry.handle == handle) > 0

    def end_others(self) -> int:
        """Ends all sessions but the one that asks; all of them, if no session of the user asks.

        :return: how many were ended.
        :raises SessionEnded: the session that asks has ended itself.
        """
        return self._end(lambda entry, current: not current.is_in(entry), unless_ended=True)

    def end_all(self) -> int:
        """Ends all sessions. A log-in that is under way is refused (409), or is in the list afterwards; one
        that comes later is not concerned.

        :return: how many were ended.
        """
        return self._end(lambda entry, current: True)

    @_available()
    def _end(self, is_meant: Callable[[Entry, _Current], bool], *, unless_ended: bool = False) -> int:
        users = self._users()
        entries = users.load().entries
        current = self._current(users, entries)
        if unless_ended and current.is_of is _Is.ENDED:
            raise SessionEnded()
        ends_current = any(current.is_in(entry) and is_meant(entry, current) for entry in entries)
        ended = end(users, entries, lambda entry: is_meant(entry, current))
        if ends_current and self._asking is not None:
            self._asking.ended()
        return ended

    def _users(self) -> UserList:
        return self._lists.of(self._user, clock.now())

    def _current(self, users: UserList, entries: Sequence[Entry]) -> _Current:
        """Finds the session that asks among these."""
        if self._asking is None or self._asking.sid is None:
            return _Current(_Is.NONE)

        def is_entered(sid: str) -> bool:
            return any(entry.has(sid) for entry in entries)

        sid = self._asking.sid
        if is_entered(sid):
            return _Current(_Is.ENTERED, sid)
        if has(users, sid):
            return _Current(_Is.NOT_ENTERED, sid)
        # Another request may have given it a new id since.
        living = self._asking.living_successor(users.now)
        if living is None:
            return _Current(_Is.ENDED)
        return _Current(_Is.ENTERED if is_entered(living) else _Is.NOT_ENTERED, living)

    def _shown(self, users: UserList, entry: Entry, loaded: Loaded, current: bool) -> UserSession:
        seen = self._last_seen(users, loaded)
        # A session that another program keeps may have an end that tells nothing.
        last_seen = entry.created if seen is None else max(entry.created, min(int(seen), int(users.now)))
        return UserSession(entry.handle, entry.created, last_seen, entry.label, current)

    def _last_seen(self, users: UserList, loaded: Loaded) -> Optional[float]:
        """Returns when the life of a session was last extended, as its end tells."""
        data = content_of(users.records, loaded)
        if data is None or loaded.expires is None:
            return None
        term = self._lists.refresh().term_of(data, users.login_key, users.now)
        return None if loaded.expires == term.until else loaded.expires - term.lifetime


class _Is(enum.Enum):
    """The state of the session that asks."""

    #: None of the user's asks.
    NONE = enum.auto()
    ENTERED = enum.auto()
    #: It lives, and is not in the list.
    NOT_ENTERED = enum.auto()
    #: It has ended since it was loaded.
    ENDED = enum.auto()


@dataclass(frozen=True)
class _Current:
    """The session that asks."""

    is_of: _Is
    sid: str = ""

    def is_in(self, entry: Entry) -> bool:
        return self.is_of is _Is.ENTERED and entry.has(self.sid)
