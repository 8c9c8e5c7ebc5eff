"""Looking for the sessions that a list names."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Iterable, List, Optional

from ..stores.store import Loaded
from .entries import Entry
from .marks import is_ended_mark
from .user_list import UserList

#: The age in seconds up to which an entry without a session may be that of one which is about to be created:
#: the other side's minute and twice the time that a request has for its calls there.
BEING_CREATED = 60 + 2 * 3

#: Anything else was written by somebody else, and is not looked up.
_AN_ID = re.compile(r"[A-Za-z0-9_-]+\Z")


class There(enum.Enum):
    """The state of an id in the store."""

    #: A session of the user.
    SESSION = enum.auto()
    #: The session of a visitor or of another user: who is logged in may be changed in place, and changed
    #: back.
    OF_SOMEBODY_ELSE = enum.auto()
    #: Nothing, and a session may come.
    BEING_CREATED = enum.auto()
    #: Nothing, and nothing will come.
    GONE = enum.auto()


@dataclass(frozen=True)
class Found:
    """An id of an entry, with what the store holds under it."""

    sid: str
    there: There
    #: The session of the user.
    session: Optional[Loaded] = None

    @property
    def lives(self) -> bool:
        """There is a session of the user, or there may be one soon."""
        return self.there in (There.SESSION, There.BEING_CREATED)

    @property
    def is_gone(self) -> bool:
        """There is nothing, and nothing will come."""
        return self.there is There.GONE


def find(users: UserList, entries: Iterable[Entry]) -> List[Found]:
    """Looks for the sessions of entries, in one round trip each."""
    return [_find_one(users, own.sid, own.age) for entry in entries for own in entry.ids]


def has(users: UserList, sid: str) -> bool:
    """Tells whether the session of this id is one of the user's."""
    return _find_one(users, sid, BEING_CREATED + 1).there is There.SESSION


def _find_one(users: UserList, sid: str, age: int) -> Found:
    if not _AN_ID.match(sid):
        return Found(sid, There.GONE)
    loaded = users.store.load(users.key_of(sid), users.now)
    if loaded is None:
        return Found(sid, There.BEING_CREATED if age <= BEING_CREATED else There.GONE)
    if is_ended_mark(users.records, loaded):
        return Found(sid, There.GONE)
    if users.is_users(loaded):
        return Found(sid, There.SESSION, loaded)
    return Found(sid, There.OF_SOMEBODY_ELSE)
