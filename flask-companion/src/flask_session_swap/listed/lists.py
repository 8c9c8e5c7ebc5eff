"""The part that a save has in the list of the user: entering a session before it is created, removing it
afterwards."""

from __future__ import annotations

import logging
from typing import Callable, Mapping, Optional, Sequence

from ..errors import SessionUnavailable
from ..owner import fingerprint
from ..records import Format
from ..settings import Settings
from ..stores.store import Store, StoreError
from ..term import Refresh
from .enter import enter
from .entries import Entering
from .label import label_entered, label_for, label_is_chosen, listing_has_failed, note_that_listing_failed
from .seal import is_entered, seal_of
from .user_list import UserList

_log = logging.getLogger(__name__)


class Lists:
    """The lists of all users' sessions in one store. A ``user`` is the login value, as the session holds
    it."""

    def __init__(
        self,
        store: Store,
        records: Format,
        settings: Settings,
        *,
        key_prefix: str,
        login_key: Callable[[], Optional[str]],
        refresh: Callable[[], Refresh],
    ) -> None:
        """Keeps lists in a store: that itself, and not one which hides the marks of sessions that were ended
        while they were being created.

        :param login_key: returns the key that says who is logged in.
        :param refresh: returns the rule of the lifetimes.
        """
        self.refresh = refresh
        self._store = store
        self._records = records
        self._settings = settings
        self._key_prefix = key_prefix
        self._login_key = login_key

    def enter_new(
        self,
        user: object,
        sid: str,
        *,
        renews: Optional[str],
        instead_of: Optional[str],
        label: str,
        now: float,
    ) -> None:
        """Enters a session that is about to be created. Where that makes too many, the oldest ones are ended.

        :param renews: the id under which it was loaded, also that of a visitor who logs in.
        :param instead_of: the id under which it was to be created first, if nobody knows what came of that.
        :param label: what the browser calls itself.
        :raises TooManySessions: the user has as many as are allowed, and is to be refused.
        """
        chosen = label_for(label)
        enter(self.of(user, now), Entering(sid, chosen, False, renews, instead_of))
        label_entered(chosen)

    def enter_late(self, user: object, sid: str, *, label: str, now: float) -> bool:
        """Enters a session that exists and was never entered, or long ago, as best can be: a request that
        only reads does not fail by it.

        :return: it is in the list, and is to be sealed. Otherwise its next request tries again.
        """
        chosen = label_for(label)
        try:
            entered = enter(self.of(user, now), Entering(sid, chosen, exists=True))
        except (StoreError, SessionUnavailable):
            _log.warning("a session could not be entered in the list of its user", exc_info=True)
            note_that_listing_failed()
            return False
        if entered:
            label_entered(chosen)
        else:
            note_that_listing_failed()
        return entered

    def leave(self, user: object, sids: Sequence[str], now: float, *, with_renewed: bool = False) -> None:
        """Removes sessions from the list, as best can be, that are gone.

        :param with_renewed: they were ended by a request that came with these ids: those that were renewed to
        them are gone, too. Not for one that was created just now and is taken back, since the one before
        lives on.
        """
        if user is None:
            return
        users = self.of(user, now)
        if with_renewed:
            users.leave_with_renewed(sids)
        else:
            users.leave(sids)

    def must_be_entered(self, data: Mapping[str, object], user: object, sid: str, now: float) -> bool:
        """Tells whether a stored session is to be entered: because it never was, or long ago, or has another
        label now."""
        if user is None or listing_has_failed():
            return False
        lasts = self._longest_life() / 2
        return label_is_chosen() or not is_entered(data, self._fingerprint(user), sid, lasts=lasts, now=now)

    def seal(self, user: object, sid: str, now: float) -> object:
        """Makes the value of ``_listed`` in the record of a session that is entered now."""
        return seal_of(self._fingerprint(user), sid, now)

    def of(self, user: object, now: float) -> UserList:
        """Returns the list of a user."""
        return UserList(
            store=self._store,
            records=self._records,
            key_prefix=self._key_prefix,
            login_key=self._login_key(),
            longest_life=self._longest_life(),
            max_sessions=self._settings.max_per_user,
            refuses_when_full=self._settings.when_full == "refuse",
            attempts=self._settings.swap_attempts,
            user=self._fingerprint(user),
            now=now,
        )

    def _fingerprint(self, user: object) -> str:
        """Returns the fingerprint of a login value as it is when it comes back from the store: JSON makes
        texts of some."""
        if isinstance(user, (str, int)):
            return fingerprint(user)
        stored = self._records.decode(self._records.encode({"user": user})) or {}
        return fingerprint(stored.get("user"))

    def _longest_life(self) -> float:
        refresh = self.refresh()
        return max(refresh.longest, refresh.lifetime)
