"""Entering a session in the list of its user, and ending those beyond the limit."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass, field
from typing import Callable, List, Optional, Sequence, Set

from ..errors import TooManySessions
from ..retry import contended, pause
from .end import AT_ONCE, end
from .entries import Entering, Entry, SessionList
from .find import find, has
from .user_list import UserList

#: Ids that an entry may have before those that were renewed are looked for.
_RENEWED_OFTEN = 4


class _Outcome(enum.Enum):
    """What was found in the list when the session was to be entered."""

    #: It is in the list, and that is all.
    DONE = enum.auto()
    #: It is in the list, and these ids of its entry may be gone.
    RENEWED = enum.auto()
    #: It is in the list, and so many of those before it are too many, unless they have ended.
    TOO_MANY = enum.auto()
    #: It is in the list, which is too long by so many entries, of those before it, unless they are gone.
    TOO_LONG = enum.auto()
    #: It is not in the list, since there are so many too many, unless they have ended.
    FULL = enum.auto()


@dataclass(frozen=True)
class _Entered:
    outcome: _Outcome
    #: The entries that are to be looked at.
    entries: Sequence[Entry] = ()
    too_many: int = 0


@dataclass
class _Looked:
    """The entries that were looked at."""

    #: The handles of entries without a living session.
    dead: Set[str] = field(default_factory=set)
    #: How many entries have nothing under any of their ids.
    empty: int = 0
    #: The ids under which there is nothing.
    gone: List[str] = field(default_factory=list)


def enter(users: UserList, entering: Entering) -> bool:
    """Enters a session. Where a log-in makes too many, the oldest ones are ended, or it is refused.

    :return: ``False`` if it has ended meanwhile, and is not in the list.
    :raises TooManySessions: it is refused.
    """
    handle = secrets.token_urlsafe(12)
    looked = _Looked()
    for attempt in range(users.attempts):
        entered = _try_to_enter(users, entering, handle, looked)
        ends_others = entered.outcome in (_Outcome.TOO_MANY, _Outcome.TOO_LONG)
        if ends_others and entering.exists and not has(users, entering.sid):
            # One that was ended meanwhile ends no other.
            users.leave([entering.sid])
            return False
        if entered.outcome is _Outcome.FULL:
            more = _look(users, entered.entries, lambda so_far: len(so_far.dead) >= entered.too_many)
            if len(more.dead) < entered.too_many:
                raise TooManySessions()
            looked.dead |= more.dead
            looked.gone += more.gone
            pause(attempt)
            continue
        if entered.outcome is _Outcome.RENEWED:
            users.leave(_look(users, entered.entries, lambda so_far: False).gone)
        elif entered.outcome is _Outcome.TOO_MANY:
            seen = _look(users, entered.entries, lambda so_far: len(so_far.dead) >= entered.too_many)
            _make_room(users, entered, seen, len(seen.dead))
        elif entered.outcome is _Outcome.TOO_LONG:
            seen = _look(users, entered.entries, lambda so_far: so_far.empty >= entered.too_many)
            _make_room(users, entered, seen, seen.empty)
        return True
    raise contended()


def _try_to_enter(users: UserList, entering: Entering, handle: str, looked: _Looked) -> _Entered:
    """``looked`` says which entries do not count."""
    limit, refuses = users.max_sessions, users.refuses_when_full
    entered = _Entered(_Outcome.DONE)

    def counting(sessions: SessionList) -> List[Entry]:
        return [entry for entry in sessions.entries if entry.handle not in looked.dead]

    def change(sessions: SessionList) -> bool:
        nonlocal entered
        sessions.remove(looked.gone)
        others = [entry.copy() for entry in counting(sessions)]
        is_new = sessions.enter(entering, handle, users.now)
        too_many = 0 if limit is None else max(len(counting(sessions)) - limit, 0)
        too_long = sessions.shorten()
        if too_many > 0 and refuses and is_new and not entering.exists:
            entered = _Entered(_Outcome.FULL, others, too_many)
            return False
        if too_many > 0 and not refuses:
            entered = _Entered(_Outcome.TOO_MANY, _older(sessions, entering.sid), too_many)
        elif too_long > 0:
            entered = _Entered(_Outcome.TOO_LONG, _older(sessions, entering.sid), too_long)
        else:
            often = _often_renewed(sessions, entering.sid)
            entered = _Entered(_Outcome.DONE) if often is None else _Entered(_Outcome.RENEWED, [often])
        return True

    users.change(change)
    return entered


def _older(sessions: SessionList, sid: str) -> List[Entry]:
    """A session that the list has had already takes the place of older ones only, which were to go before."""
    older: List[Entry] = []
    for entry in sessions.entries:
        if entry.has(sid):
            break
        older.append(entry.copy())
    return older


def _often_renewed(sessions: SessionList, sid: str) -> Optional[Entry]:
    """Returns the entry of an id, without that id, if it has many that were renewed."""
    entry = next((entry.copy() for entry in sessions.entries if entry.has(sid)), None)
    if entry is None:
        return None
    entry.ids = [own for own in entry.ids if own.sid != sid]
    return entry if len(entry.ids) >= _RENEWED_OFTEN else None


def _make_room(users: UserList, entered: _Entered, looked: _Looked, found: int) -> None:
    """Forgets those of the entries that have ended, and ends the oldest others, as many as are too many."""
    users.leave(looked.gone)
    living = [entry.handle for entry in entered.entries if entry.handle not in looked.dead]
    oldest = set(living[: max(entered.too_many - found, 0)])
    # Also under the ids that they get meanwhile.
    end(users, entered.entries, lambda entry: entry.handle in oldest)


def _look(users: UserList, entries: Sequence[Entry], is_enough: Callable[[_Looked], bool]) -> _Looked:
    """Looks at entries from the oldest on, until that is enough."""
    looked = _Looked()
    for first in range(0, len(entries), AT_ONCE):
        some = entries[first : first + AT_ONCE]
        found = find(users, some)
        for entry in some:
            of_entry = [one for one in found if entry.has(one.sid)]
            looked.empty += all(one.is_gone for one in of_entry)
            if not any(one.lives for one in of_entry):
                looked.dead.add(entry.handle)
        looked.gone += [one.sid for one in found if one.is_gone]
        if is_enough(looked):
            break
    return looked
