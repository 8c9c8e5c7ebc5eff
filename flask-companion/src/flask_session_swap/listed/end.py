"""Ending sessions that a list names, also those that are being created."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Callable, List, Sequence, Set

from ..errors import SessionUnavailable
from ..retry import contended, pause
from ..stores.store import Done, StoreError
from .entries import Entry, SessionList
from .find import BEING_CREATED, Found, There, find
from .marks import ended_mark, is_ended_mark
from .user_list import UserList

#: The life in seconds of the mark that keeps a session from being created: longer than it can be about to be.
MARK_LASTS = 2 * BEING_CREATED

#: Entries that are looked for, and ended, before those that are gone are noted.
AT_ONCE = 16


class _Fate(enum.Enum):
    """The fate of a session that was to end."""

    ENDED = enum.auto()
    #: It had ended before, or will not begin.
    GONE = enum.auto()
    #: It is somebody else's.
    SPARED = enum.auto()


@dataclass
class _Progress:
    """The sessions that were dealt with so far."""

    #: The ids that were dealt with.
    done: List[str] = field(default_factory=list)
    #: Those of them under which there is nothing any more.
    gone: List[str] = field(default_factory=list)
    #: The handles of the sessions that were ended.
    ended: Set[str] = field(default_factory=set)

    def note(self, sid: str, fate: _Fate, entries: Sequence[Entry]) -> None:
        self.done.append(sid)
        if fate is not _Fate.SPARED:
            self.gone.append(sid)
        if fate is _Fate.ENDED:
            self.ended.update(entry.handle for entry in entries if entry.has(sid))

    def left_of(self, entries: Sequence[Entry], meant: Set[str]) -> List[Entry]:
        """Returns the entries that are meant, with the ids that were not dealt with yet."""
        left = SessionList([entry.copy() for entry in entries if entry.handle in meant])
        left.remove(self.done)
        return left.entries


def end(users: UserList, entries: Sequence[Entry], is_meant: Callable[[Entry], bool]) -> int:
    """Ends the sessions of those of the list's entries that are meant, and removes them from the list.

    One that gets another id meanwhile is ended under that.

    :return: how many sessions were ended.
    """
    meant = {entry.handle for entry in entries if is_meant(entry)}
    progress = _Progress()
    left = progress.left_of(entries, meant)
    for _ in range(users.attempts):
        if not left:
            return len(progress.ended)
        try:
            _end_entries(users, left, progress)
        finally:
            # What was ended before a failure leaves the list, too.
            now = _leave(users, progress)
        # What was renewed meanwhile has another id by now.
        left = progress.left_of(now, meant)
    if left:
        raise contended()
    return len(progress.ended)


def _leave(users: UserList, progress: _Progress) -> List[Entry]:
    """Removes what is gone from the list, and returns the entries that are in it by now."""
    entries: List[Entry] = []

    def remove(sessions: SessionList) -> bool:
        changed = sessions.remove(progress.gone)
        entries[:] = [entry.copy() for entry in sessions.entries]
        return changed

    users.change(remove)
    return entries


def _end_entries(users: UserList, entries: Sequence[Entry], progress: _Progress) -> None:
    for first in range(0, len(entries), AT_ONCE):
        some = entries[first : first + AT_ONCE]
        failed = None
        for found in find(users, some):
            try:
                progress.note(found.sid, _end_one(users, found), some)
            except (StoreError, SessionUnavailable) as error:
                # The others end all the same.
                failed = error
        if failed is not None:
            raise failed


def _end_one(users: UserList, found: Found) -> _Fate:
    """Ends a session, whatever its record holds by now, unless it has become somebody else's."""
    if found.there is There.OF_SOMEBODY_ELSE:
        return _Fate.SPARED
    if found.is_gone:
        return _Fate.GONE
    key, current = users.key_of(found.sid), found.session
    for attempt in range(users.attempts):
        if current is None:
            swapped = users.store.swap(key, None, ended_mark(users.records), MARK_LASTS, users.now)
        else:
            swapped = users.store.swap(key, current, None, None, users.now)
        if isinstance(swapped, Done):
            return _Fate.GONE if current is None else _Fate.ENDED
        if swapped.current is None:
            if current is not None:
                return _Fate.GONE
        elif is_ended_mark(users.records, swapped.current):
            return _Fate.GONE
        elif not users.is_users(swapped.current):
            return _Fate.SPARED
        else:
            current = swapped.current
        pause(attempt)
    raise contended()
