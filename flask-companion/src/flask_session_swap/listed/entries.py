"""The list of one user's sessions, as it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..stores.store import Loaded
from .label import Label

#: The age of an id under which there was a session: it is not about to be created.
HAS_EXISTED = 1_000_000_000

#: The longest list in bytes, about: so that every store can hold it. MySQL's column takes 65,535.
LONGEST = 60_000

#: Sessions that keep their labels in a list that is too long.
LABELLED = 50

#: What an entry takes beside its texts, at most, and an id beside its own.
PER_ENTRY = 96
PER_ID = 18

#: The greatest number that each format and the other side can hold.
_GREATEST = 2**64 - 1

#: Some stores count lives in whole seconds.
_STORES_ROUND = 1


class EnteredId(NamedTuple):
    """An id, and how many seconds ago it was entered; in the store: when the list was written."""

    sid: str
    #: ``HAS_EXISTED`` or more, if there was a session under it when it was entered.
    age: int


@dataclass(frozen=True)
class Entering:
    """A session that is to be entered."""

    sid: str
    label: Label
    #: There is a session under the id already, so that it can't be refused.
    exists: bool = False
    #: The id under which it was loaded: also that of a visitor who logs in, so that who does so twice at once
    #: is entered once.
    renews: Optional[str] = None
    #: The id under which it was to be created first, if nobody knows what came of that.
    instead_of: Optional[str] = None


@dataclass
class Entry:
    """One session, which keeps its entry when its id is renewed."""

    #: Its ids, the newest first. Those behind the first one are about to go, or have gone.
    ids: List[EnteredId]
    #: The name by which a page speaks of it. Nobody gets in with it.
    handle: str
    #: When it was entered first, in Unix seconds.
    created: int
    label: str

    def has(self, sid: str) -> bool:
        """Tells whether this is an id of the session."""
        return any(own.sid == sid for own in self.ids)

    def put(self, sid: str, age: int, *, in_front: bool) -> None:
        """Puts an id in front of the others, or behind them."""
        self.ids = [own for own in self.ids if own.sid != sid]
        self.ids.insert(0 if in_front else len(self.ids), EnteredId(sid, age))

    def copy(self) -> Entry:
        """Returns an entry that later changes leave alone."""
        return Entry(list(self.ids), self.handle, self.created, self.label)

    def size(self) -> int:
        """Returns about how many bytes it takes in the store."""
        return PER_ENTRY + self.label_size() + sum(len(own.sid) + PER_ID for own in self.ids)

    def label_size(self) -> int:
        """Returns the bytes of the label. JSON writes two characters for some."""
        return len(self.label.encode()) + self.label.count('"') + self.label.count("\\")


@dataclass
class SessionList:
    """The sessions of one user, in the order in which they were entered.

    An entry is written before the session that it names, and goes after it. So it may name a session that
    does not exist yet or any more, and no session exists that it does not name.
    """

    entries: List[Entry] = field(default_factory=list)
    #: The life that it was given when it was written, in seconds.
    life: int = 0

    @classmethod
    def of(cls, data: Mapping[str, object], loaded: Loaded, now: float) -> Optional[SessionList]:
        """Reads a list from the ``data`` of the record that was loaded. ``None`` if it is not one."""
        life, written = _number(data.get("life")), _number(data.get("written"))
        sessions = data.get("sessions")
        if life is None or written is None or not isinstance(sessions, (list, tuple)):
            return None
        since = _since_written(life, written, loaded.expires, now)
        entries = [_entry(session, since) for session in sessions]
        known = [entry for entry in entries if entry is not None]
        return cls(known, life) if len(known) == len(entries) else None

    def data(self, life: int, now: float) -> Dict[str, object]:
        """Makes the content of the record, which gets a life of so many seconds."""
        sessions = [
            {
                "ids": [[sid, age] for sid, age in entry.ids],
                "handle": entry.handle,
                "created": entry.created,
                "label": entry.label,
            }
            for entry in self.entries
        ]
        return {"life": life, "written": int(now), "sessions": sessions}

    def enter(self, entering: Entering, handle: str, now: float) -> bool:
        """Enters a session. ``True`` if the list has not had it: then ``handle``, a random name, is its."""
        ids = [sid for sid in (entering.sid, entering.renews, entering.instead_of) if sid is not None]
        label = entering.label
        entry = next((entry for entry in self.entries if any(entry.has(sid) for sid in ids)), None)
        is_new = entry is None
        if entry is None:
            entry = Entry([], handle, int(now), label.text)
            self.entries.append(entry)
        if entering.renews is not None:
            entry.put(entering.renews, HAS_EXISTED, in_front=False)
        entry.put(entering.sid, HAS_EXISTED if entering.exists else 0, in_front=True)
        if label.replaces or not entry.label:
            entry.label = label.text
        return is_new

    def remove(self, sids: Sequence[str]) -> bool:
        """Removes ids, and the entries of which none is left. ``False`` if there were none of them."""
        return self._keep(lambda own: own.sid not in sids)

    def remove_with_renewed(self, sids: Sequence[str]) -> bool:
        """Removes ids under which sessions have ended, as ``remove``, and those that were renewed to them.

        Whoever has the new id has it from an answer, before which the old one was gone.
        """
        for entry in self.entries:
            kept: List[EnteredId] = []
            is_behind = False
            for own in entry.ids:
                if not (is_behind and own.age >= HAS_EXISTED):
                    kept.append(own)
                is_behind = is_behind or own.sid in sids
            entry.ids = kept
        return self.remove(sids)

    def shorten(self) -> int:
        """Makes a list short enough for every store, as far as old labels can do that.

        :return: how many of the oldest sessions have to end for it.
        """
        size = sum(entry.size() for entry in self.entries)
        for entry in self.entries[: max(len(self.entries) - LABELLED, 0)]:
            if size <= LONGEST:
                break
            size -= entry.label_size()
            entry.label = ""
        too_many = 0
        for entry in self.entries:
            if size <= LONGEST:
                break
            size -= entry.size()
            too_many += 1
        return too_many

    def _keep(self, is_kept: Callable[[EnteredId], bool]) -> bool:
        before = sum(len(entry.ids) for entry in self.entries)
        for entry in self.entries:
            entry.ids = [own for own in entry.ids if is_kept(own)]
        self.entries = [entry for entry in self.entries if entry.ids]
        return sum(len(entry.ids) for entry in self.entries) < before


def _since_written(life: int, written: int, expires: Optional[float], now: float) -> int:
    """Returns how many seconds ago a list was written: by the clock of the store, which knows how much of its
    life is left.

    Rather too few than too many: they are added up by everybody who changes the list, and a session that is
    about to be created must not look old.
    """
    since = max(int(now) - written, 0) if expires is None else life - max(expires - now, 0)
    return int(max(since - _STORES_ROUND, 0))


def _entry(session: object, since: int) -> Optional[Entry]:
    if not isinstance(session, Mapping):
        return None
    ids, handle, label = session.get("ids"), session.get("handle"), session.get("label")
    created = _number(session.get("created"))
    if not isinstance(ids, (list, tuple)) or not isinstance(handle, str) or not isinstance(label, str):
        return None
    entered: List[EnteredId] = []
    for one in ids:
        if not isinstance(one, (list, tuple)) or len(one) != 2 or not isinstance(one[0], str):
            return None
        age = _number(one[1])
        if age is None:
            return None
        entered.append(EnteredId(one[0], min(age + since, _GREATEST)))
    return None if created is None else Entry(entered, handle, created, label)


def _number(value: object) -> Optional[int]:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _GREATEST
    return value if is_number and isinstance(value, int) else None
