"""The plan of a save, and its result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Container, Dict, Mapping, NamedTuple, Optional

from ..changes import PERMANENT, Changes
from ..login import Rotation, has_logged_in_here, is_recalled
from ..merge import Policy
from ..records import Format
from ..stores.store import Done, Loaded, StoreError
from ..term import OF_LIFE


class Stored(NamedTuple):
    """A record in the store, as the next swap expects it."""

    sid: str
    loaded: Loaded


class Draft(NamedTuple):
    """A record that is to be written."""

    data: Dict[str, Any]
    record: bytes
    #: There is nothing to keep.
    is_empty: bool

    @classmethod
    def of(cls, data: Dict[str, Any], seals: Container[str], records: Format) -> Draft:
        """Encodes a session. Raises what the format raises for a value that it can't hold."""
        return cls(data, records.encode(data), is_empty(data, seals))


class Life(NamedTuple):
    """The life that a record gets when it is written."""

    #: In seconds; ``None`` keeps the end that it has.
    lifetime: Optional[int]
    expires: Optional[float]

    @classmethod
    def of(cls, loaded: Loaded) -> Life:
        """Keeps the life that a record has."""
        return cls(None, loaded.expires)


class Saved(NamedTuple):
    """The result of a save: the place where it has left a session."""

    #: ``None`` if nothing is stored any more.
    stored: Optional[Stored] = None
    #: The record has got a new life.
    is_extended: bool = False
    #: The id with which the request came, if another request has renewed it: no answer carries a cookie then.
    renewed: Optional[str] = None
    #: What the session holds by now, where that is known to be something else than the request has made of it.
    data: Optional[Mapping[str, Any]] = None

    @classmethod
    def as_written(cls, sid: str, draft: Draft, done: Done, life: Life) -> Saved:
        """The result of a save that has written this."""
        loaded = Loaded(draft.record, life.expires, done.version)
        return cls(Stored(sid, loaded), is_extended=life.lifetime is not None, data=draft.data)


@dataclass
class Plan:
    """One save, and everything that it needs."""

    #: The record as it was loaded; ``None`` if there was none.
    stored: Optional[Stored]
    #: What the request has made of it.
    data: Dict[str, Any]
    #: What is stored without being a change.
    seals: Mapping[str, Any]
    rotation: Optional[Rotation]
    #: The id with which the request came, if another request has renewed it.
    renewed: Optional[str]
    login_key: Optional[str]
    policies: Mapping[str, Policy]
    records: Format
    #: The record of what the request has made, where that is known already.
    encoded: Optional[bytes] = None
    #: The life of the record is due to be extended.
    is_due: bool = False
    #: The session has got or lost a life of its own, or a permanent cookie.
    changes_life: bool = False

    # Both are found out where they are needed: most requests that save meet nobody else.

    @cached_property
    def base(self) -> Mapping[str, Any]:
        """The session that was loaded."""
        return {} if self.stored is None else self.records.decode(self.stored.loaded.record) or {}

    @cached_property
    def changes(self) -> Changes:
        """The changes that make of it what the request wants to store."""
        return Changes.between(self.base, self.data, self.records).sealing(self.seals)

    def draft(self) -> Draft:
        """Returns what the request wants to store."""
        if self.encoded is None:
            return self._draft({**self.data, **self.seals})
        return Draft(self.data, self.encoded, is_empty(self.data))

    def without_data(self) -> Draft:
        """Returns the changes alone, for a user who starts without the data of the session before."""
        return self._draft(self.changes.without_removals().made_to(permanent_alone(self.base)))

    def merged_into(self, current: Loaded) -> Optional[Draft]:
        """Applies the changes to the record that others have written meanwhile. ``None`` if it belongs to another user by
        now: a program without these rules changes the user under one id.

        :raises ChangeRefused: a policy refuses.
        """
        theirs = self.read(current)
        return None if self._has_changed_hands(theirs) else self.merged(theirs)

    def merged_into_successor(self, current: Loaded) -> Optional[Draft]:
        """As ``merged_into``, of the session in which the one that was loaded lives on."""
        theirs = self.read(current)
        if self.login_key is not None and self._has_changed_hands(theirs):
            # The visitor of the old session may have become the user of this one.
            if self.base.get(self.login_key) is not None or not has_logged_in_here(theirs, self.login_key):
                return None
        return self.merged(theirs)

    def merged(self, theirs: Mapping[str, Any]) -> Draft:
        """Applies the changes to what others have made of the session."""
        changes = self.changes.rebased(self.base, theirs, self.policies, self.records)
        return Draft.of(changes.made_to(theirs), self.seals, self.records)

    def to_join(self) -> Plan:
        """Returns the changes of a log-in for another session of the same user."""
        if self.rotation != Rotation.OTHER_USER:
            return self
        # The data of the user before does not concern the one who logs in.
        joining = replace(self)
        joining.base, joining.changes = permanent_alone(self.base), self.changes.without_removals()
        return joining

    @property
    def is_recall(self) -> bool:
        """A remember-me cookie logs in, and nobody with a password."""
        return self.rotation == Rotation.RECALL

    def may_join(self, theirs: Mapping[str, Any], *, is_by_log_in: bool) -> bool:
        """Tells whether a log-in shares the session of another one of the same user: one by the cookie that of another one by
        the cookie, and one by a password that to which nothing but such log-ins have led."""
        if self.login_key is None or not self.is_of_same_user(theirs):
            return False
        is_theirs_recalled = is_recalled(theirs, self.login_key)
        return is_theirs_recalled if self.is_recall else is_by_log_in and not is_theirs_recalled

    def is_of_same_user(self, theirs: Mapping[str, Any]) -> bool:
        """Tells whether a session is that of the user who logs in."""
        user, other = self._user(self.data), self._user(theirs)
        return user is not None and other is not None and self.records.same(user, other)

    def is_visitors(self, theirs: Mapping[str, Any]) -> bool:
        """Tells whether nobody is logged in in a session. Without a login key nobody knows."""
        return self.login_key is not None and self._user(theirs) is None

    def read(self, loaded: Loaded) -> Dict[str, Any]:
        """Reads a record of the store.

        :raises StoreError: it is not a session.
        """
        try:
            return self.records.decode(loaded.record) or {}
        except ValueError as error:
            raise StoreError("what is stored is not a session", is_open=False) from error

    def _draft(self, data: Dict[str, Any]) -> Draft:
        return Draft.of(data, self.seals, self.records)

    def _user(self, data: Mapping[str, Any]) -> Any:
        return None if self.login_key is None else data.get(self.login_key)

    def _has_changed_hands(self, theirs: Mapping[str, Any]) -> bool:
        """Tells whether a session belongs neither to the user whose record was loaded nor to the one who logs in now."""
        if self.login_key is None:
            return False
        others = self._user(theirs)
        mine = (self._user(self.base), self._user(self.data))
        return not any(self.records.same(user, others) for user in mine)


def is_empty(data: Mapping[str, Any], seals: Container[str] = ()) -> bool:
    """Tells whether there is nothing to keep: what only says how a session lives, or was only sealed, is not anything."""
    return data.keys() <= OF_LIFE if not seals else all(key in OF_LIFE or key in seals for key in data)


def permanent_alone(data: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns an empty session that is as permanent as another."""
    return {key: value for key, value in data.items() if key == PERMANENT}
