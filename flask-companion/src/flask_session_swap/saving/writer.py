"""One save of a session."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, List, Mapping, Optional

from ..errors import RecordTooLarge, SessionEnded, SessionUnavailable
from ..listed import LISTED, Lists
from ..login import FLASK_LOGIN, Rotation
from ..records import Format
from ..retry import contended, pause
from ..settings import Settings
from ..stores.store import Done, Loaded, Store, StoreError, Swapped
from ..term import Refresh, Term, live_alike
from . import following, moving
from .keyed_locks import KeyedLocks
from .plan import Draft, Life, Plan, Saved, Stored
from .successor import OTHER_USER, RENEWAL, Living, Successor, note_key

log = logging.getLogger("flask_session_swap")

#: An id may be renewed again while its note is young. Nobody renews it more often than this in a minute but on purpose.
_LONGEST_CHAIN = 16


@dataclass(frozen=True)
class Home:
    """The store of an application's sessions, and its rules."""

    store: Store
    records: Format
    settings: Settings
    #: The lists of the users' sessions, if there are any.
    lists: Optional[Lists]
    key_prefix: str
    #: Threads of one process take turns at a record, instead of finding out by a conflict.
    locks: KeyedLocks = field(default_factory=KeyedLocks)
    #: The log was told that a record has no room for what is sealed, which each use finds anew.
    told_of_full: threading.Event = field(default_factory=threading.Event)

    def key(self, sid: str) -> str:
        return self.key_prefix + sid


class Writer:
    """Saves a session. Whatever it can't save is an exception of ``errors``, or a ``StoreError``."""

    def __init__(
        self,
        home: Home,
        refresh: Refresh,
        login_key: Optional[str],
        new_sid: Callable[[], str],
        label: str,
        now: float,
    ) -> None:
        self.home = home
        self.now = now
        self._refresh = refresh
        self._login_key = login_key
        self._label = label
        self._new_sid = new_sid

    def save(self, plan: Plan) -> Saved:
        """Writes what is to be written."""
        draft = plan.draft()
        stored = plan.stored
        if stored is None:
            if draft.is_empty:
                return Saved(renewed=plan.renewed)
            if plan.renewed is not None:
                return following.create_beside_successor(self, plan.renewed, draft, plan)
            return self.create(draft)
        if plan.rotation is not None and not draft.is_empty:
            return moving.move_to_new_id(self, stored, draft, plan, plan.rotation)
        if plan.rotation == Rotation.OTHER_USER:
            if self._login_key == FLASK_LOGIN:
                self._note_log_out(stored.sid)
            self.end(stored.sid, stored.loaded)
            return Saved()
        return self._update(stored, draft, plan)

    def _note_log_out(self, sid: str) -> None:
        """Lets requests that come with the old id find that its user has logged out, so that the remember-me cookie which they
        bring, too, logs nobody in."""
        if self.home.settings.successor_seconds:
            # Nothing is ever stored under the new id. A note that is there leads to the session, which is ended where it is.
            note = Successor.of(self._new_sid(), Rotation.OTHER_USER).encoded()
            self.swap_note(sid, None, note)

    def _update(self, stored: Stored, draft: Draft, plan: Plan, *, follows: bool = True) -> Saved:
        """Applies the changes to the stored record; again after each change by others.

        :param follows: they are worth it to look where the session is that has another id by now.
        """
        key, expected = self.home.key(stored.sid), stored.loaded
        with self.home.locks.turn(key):
            for attempt in range(self.home.settings.swap_attempts):
                if not draft.is_empty and draft.record == expected.record:
                    return self._keep(Stored(stored.sid, expected), draft, plan)
                life = self.full_life(draft) if plan.is_due else Life.of(expected)
                swapped = self.swap(key, expected, None if draft.is_empty else draft, life)
                if isinstance(swapped, Done):
                    if draft.is_empty:
                        self.leave(expected, [stored.sid])
                        return Saved(data=draft.data)
                    return Saved.as_written(stored.sid, draft, swapped, life)
                if swapped.current is None:
                    break
                expected = swapped.current
                merged = plan.merged_into(expected)
                if merged is None:
                    raise SessionEnded
                draft = merged
                if plan.rotation is not None and not draft.is_empty:
                    # What was emptied here holds what others have added, and a new id was asked for.
                    break
                pause(attempt)
            else:
                raise contended()
        if swapped.current is None and not follows:
            return Saved(stored, renewed=stored.sid)
        if swapped.current is None:
            return following.merge_into_successor(self, Stored(stored.sid, expected), plan)
        assert plan.rotation is not None
        return moving.move_to_new_id(self, Stored(stored.sid, expected), draft, plan, plan.rotation)

    def _keep(self, stored: Stored, draft: Draft, plan: Plan) -> Saved:
        """Keeps a record whose bytes would stay the same, and extends its life if that is due."""
        saved = self.extend(stored, draft.data) if plan.is_due else Saved(stored)
        return saved._replace(data=draft.data)

    def extend(self, stored: Stored, data: Mapping[str, Any]) -> Saved:
        """Extends the life of a record, if it still is as it was loaded. Whatever comes of it, the request keeps its answer:
        there is nothing to be lost."""
        key, term, is_alike = self.home.key(stored.sid), self.term_of(data), True
        try:
            expected = stored.loaded
            for _ in range(2):
                life = term.life(self.now)
                swapped = self.home.store.swap(key, expected, expected.record, life, self.now)
                if isinstance(swapped, Done):
                    loaded = Loaded(expected.record, term.end(self.now), swapped.version)
                    # Of a session that lives otherwise by now, the cookie is to be sent by whoever has changed that.
                    return Saved(Stored(stored.sid, loaded), is_extended=is_alike)
                if swapped.current is None:
                    # It has ended meanwhile, or has a new id.
                    return Saved(stored, renewed=stored.sid)
                expected = swapped.current
                theirs = self.home.records.decode(expected.record) or {}
                term, is_alike = self.term_of(theirs), live_alike(data, theirs)
        except (StoreError, ValueError) as error:
            log.warning("the life of a session could not be extended: %s", error)
        return Saved(stored)

    def seal(self, stored: Stored, plan: Plan) -> Saved:
        """Adds to a record what was sealed, as best can be: the next request seals anew."""
        try:
            return self._update(stored, plan.draft(), plan, follows=False)
        except RecordTooLarge as error:
            if not self.home.told_of_full.is_set():
                self.home.told_of_full.set()
                log.warning("what was sealed in a session could not be written: %s", error.details)
            # Its life needs no room.
            return self.extend(stored, plan.base) if plan.is_due else Saved(stored)
        except (StoreError, SessionEnded, SessionUnavailable) as error:
            log.warning("what was sealed in a session could not be written: %s", type(error).__name__)
            return Saved(stored)

    def create(self, draft: Draft, renews: Optional[str] = None) -> Saved:
        """Stores a session under a new id. If nobody knows whether that was done, it is done once more under another id: the
        first one, which is random, will never be given to anybody."""
        self._check_size(draft)
        sid = self._new_sid()
        try:
            return self._create_as(draft, sid, renews, None)
        except StoreError as error:
            if not error.is_open:
                raise
            first, sid = sid, self._new_sid()
            saved = self._create_as(draft, sid, renews, first)
            self._give_up(first)
            return saved

    def _create_as(self, draft: Draft, sid: str, renews: Optional[str], instead_of: Optional[str]) -> Saved:
        user = self.user_of(draft.data)
        draft = self.sealed(draft, sid)
        if self.home.lists is not None and user is not None:
            self.home.lists.enter_new(
                user, sid, renews=renews, instead_of=instead_of, label=self._label, now=self.now
            )
        life = self.full_life(draft)
        swapped = self.swap(self.home.key(sid), None, draft, life)
        if isinstance(swapped, Done):
            return Saved.as_written(sid, draft, swapped, life)
        if swapped.current is None and user is not None:
            # All sessions of the user were ended while this one was being created.
            raise SessionEnded
        raise StoreError("the key of a new random id is taken: the store does not compare", is_open=False)

    def _give_up(self, sid: str) -> None:
        """Deletes what may have been stored under an id that nobody has."""
        try:
            key = self.home.key(sid)
            loaded = self.home.store.load(key, self.now)
            if loaded is not None:
                self.home.store.swap(key, loaded, None, None, self.now)
        except StoreError as error:
            log.warning("what a first try may have stored could not be deleted: %s", error)

    def sealed(self, draft: Draft, sid: str) -> Draft:
        """Returns a draft that says in whose list the session is under this id."""
        user = self.user_of(draft.data)
        if self.home.lists is None or user is None:
            return draft
        data = {**draft.data, LISTED: self.home.lists.seal(user, sid, self.now)}
        sealed = Draft(data, self.home.records.encode(data), draft.is_empty)
        # Without the seal it is entered again, at its next use.
        return sealed if self._fits(sealed) else draft

    def end(self, sid: str, loaded: Optional[Loaded]) -> None:
        """Ends a session, whatever its record holds by now, and also if another request has given it a new id."""
        sids, user = [sid], None if loaded is None else self.user_in(loaded)
        while True:
            if loaded is None and user is None and self.home.lists is not None:
                there = self.home.store.load(self.home.key(sid), self.now)
                user = None if there is None else self.user_in(there)
            if self.delete(sid):
                break
            found = self.successor_of(sid)
            if found is None or found.sid in sids:
                break
            sid = found.sid
            sids.append(sid)
        self._leave(user, sids, with_renewed=True)

    def delete(self, sid: str) -> bool:
        """Deletes the record under an id; returns whether there was one."""
        return self.home.store.delete(self.home.key(sid), self.now)

    def delete_what_is_over(self, over: Stored) -> None:
        """Deletes the record of a session whose time has passed, as best can be. If it was changed meanwhile, somebody may
        have logged in anew, and it is left alone."""
        try:
            swapped = self.home.store.swap(self.home.key(over.sid), over.loaded, None, None, self.now)
            if isinstance(swapped, Done):
                self.leave(over.loaded, [over.sid])
        except StoreError as error:
            log.warning("a session that is over could not be deleted: %s", error)

    def swap(self, key: str, expected: Optional[Loaded], draft: Optional[Draft], life: Life) -> Swapped:
        """Makes one swap of a session's record."""
        if draft is not None:
            self._check_size(draft)
        record = None if draft is None else draft.record
        return self.home.store.swap(key, expected, record, life.lifetime, self.now)

    def load(self, sid: str) -> Optional[Loaded]:
        """Loads the record of a session."""
        return self.home.store.load(self.home.key(sid), self.now)

    def swap_note(self, sid: str, expected: Optional[Loaded], note: Optional[bytes]) -> Swapped:
        """Makes one swap of the note about an id."""
        key, lifetime = note_key(self.home.key_prefix, sid), self.home.settings.successor_seconds
        return self.home.store.swap(key, expected, note, None if note is None else lifetime, self.now)

    def successor_of(self, sid: str) -> Optional[Successor]:
        """Looks for the note about an id under which nothing is stored."""
        if self.home.settings.successor_seconds == 0:
            return None
        note = self.home.store.load(note_key(self.home.key_prefix, sid), self.now)
        return None if note is None else Successor.read(note.record)

    def living(self, sid: str) -> Optional[Living]:
        """Follows the notes from an id under which nothing is stored to the session that lives now."""
        is_same_session = is_by_log_in = True
        for _ in range(_LONGEST_CHAIN):
            found = self.successor_of(sid)
            if found is None:
                return None
            is_same_session = is_same_session and found.reason != OTHER_USER
            is_by_log_in = is_by_log_in and found.reason != RENEWAL
            sid = found.sid
            loaded = self.load(sid)
            if loaded is not None:
                return Living(sid, loaded, is_same_session, is_by_log_in)
        return None

    def user_of(self, data: Mapping[str, Any]) -> Any:
        """Returns who is logged in; ``None`` if nobody is, or nobody says by which key."""
        return None if self._login_key is None else data.get(self._login_key)

    def user_in(self, loaded: Loaded) -> Any:
        """Returns who is logged in in a record."""
        try:
            return self.user_of(self.home.records.decode(loaded.record) or {}) if loaded.record else None
        except ValueError:
            return None

    def leave(self, loaded: Loaded, sids: List[str]) -> None:
        """Takes a session that has ended out of the list of its user, with the ids that it had before."""
        self._leave(self.user_in(loaded), sids, with_renewed=True)

    def leave_again(self, loaded: Loaded, sid: str) -> None:
        """Takes a session that this request has created and taken back out of the list of its user. The one before stays."""
        self._leave(self.user_in(loaded), [sid], with_renewed=False)

    def _leave(self, user: Any, sids: List[str], *, with_renewed: bool) -> None:
        if self.home.lists is not None:
            self.home.lists.leave(user, sids, self.now, with_renewed=with_renewed)

    def term_of(self, data: Mapping[str, Any]) -> Term:
        return self._refresh.term_of(data, self._login_key, self.now)

    def full_life(self, draft: Draft) -> Life:
        """Returns the life that a record begins when it is written."""
        term = self.term_of(draft.data)
        return Life(term.life(self.now), term.end(self.now))

    def _fits(self, draft: Draft) -> bool:
        limit = self.home.settings.max_size
        return limit == 0 or len(draft.record) <= limit

    def _check_size(self, draft: Draft) -> None:
        if not self._fits(draft):
            largest = sorted(draft.data, key=lambda key: -len(self.home.records.encode({key: draft.data[key]})))
            limit = self.home.settings.max_size
            raise RecordTooLarge(
                f"it has {len(draft.record)} bytes, and SESSION_MAX_SIZE is {limit}; its largest keys are {largest[:3]}"
            )
