"""What a request has made of its session, and what is to be done about it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, Dict, Mapping, Optional

from . import login
from .changes import Changes
from .listed import LISTED
from .owner import Owner
from .saving import Home, Plan, Stored, is_empty
from .session import Opened, SwapSession
from .term import CREATED_AT, LIFETIME, Refresh, live_alike, must_be_dated

log = logging.getLogger("flask_session_swap")


@dataclass(frozen=True)
class Planned:
    """A plan, and how much of it the request wants."""

    plan: Plan
    #: The changes are to be saved.
    is_wanted: bool
    #: Somebody has logged out, or cleared the session, and nobody is logged in.
    wants_end: bool

    def without_seals(self) -> Planned:
        """Returns the same without what is only sealed."""
        return replace(self, plan=replace(self.plan, changes=replace(self.plan.changes, seals={})))


def planned(
    home: Home, session: SwapSession, opened: Opened, login_key: Optional[str], refresh: Refresh, now: float
) -> Planned:
    """Finds out what a request has made of its session.

    Raises what the format of the records raises for a value that it can't hold.
    """
    records, settings, stored, data = home.records, home.settings, opened.stored, session.raw()
    if session.has_logged_in and login_key is not None and data.get(login_key) is not None:
        # As it is going to be read: JSON makes a text of some values.
        data.update(records.decode(records.encode({login_key: data[login_key]})) or {})
    if LIFETIME in session.was_set:
        _bind_lifetime(data, login_key, refresh)
    rotation: Optional[login.Rotation] = None
    # What is stored is compared as a whole first: nested changes are found by it, too, and most requests change nothing.
    encoded = None if stored is None else records.encode(data)
    asks = session.has_logged_in or session.has_logged_out or session.wants_new_id
    if stored is not None and encoded == stored.loaded.record and not asks:
        base: Mapping[str, Any] = data
        changes = Changes()
    else:
        base = {} if stored is None else records.decode(stored.loaded.record) or {}
        rotation = login.rotation(
            base, data, login_key, records, logged_in=session.has_logged_in, logged_out=session.has_logged_out
        )
        if rotation is not None and login_key is not None:
            absolute = settings.absolute_lifetime
            data = login.settled(
                base, data, login_key, rotation, was_set=session.was_set, absolute=absolute, now=now
            )
            encoded = None
        if session.wants_new_id and rotation is None:
            rotation = login.Rotation.RENEWAL
        changes = Changes.between(base, data, records)
    user = None if login_key is None else data.get(login_key)
    if not is_empty(data):
        seals: Dict[str, Any] = {}
        if must_be_dated(data, login_key, settings.absolute_lifetime, now):
            seals[CREATED_AT] = Owner.of(data, login_key).bind(int(now))
        if stored is not None and rotation is None and user is not None:
            seals.update(_entered(home, session, stored, data, user, now))
        changes = changes.sealing(seals)
    is_wanted = bool(changes) and (not session.is_muted or (refresh.each_use and not is_empty(data)))
    changes_life = stored is not None and is_wanted and not live_alike(base, data)
    may_extend = refresh.each_use or is_wanted or session.modified
    plan = Plan(
        stored=stored,
        base=base,
        data=data,
        changes=changes,
        rotation=rotation,
        renewed=opened.renewed,
        is_due=changes_life or (stored is not None and _is_due(refresh, stored, data, login_key, may_extend, now)),
        changes_life=changes_life,
        login_key=login_key,
        policies=settings.merge,
        records=records,
        encoded=None if changes.seals else encoded,
    )
    return Planned(
        plan,
        is_wanted=is_wanted,
        wants_end=user is None and session.wants_end,
    )


def _entered(
    home: Home, session: SwapSession, stored: Stored, data: Mapping[str, Any], user: Any, now: float
) -> Dict[str, Any]:
    """Enters a session in the list of its user that never was, or long ago: one that a program without lists has made.
    Returns the seal that says so; nothing if that can't be done, and the next request tries again."""
    lists, sid = home.lists, stored.sid
    if lists is None or not lists.must_be_entered(data, user, sid, now):
        return {}
    is_entered = lists.enter_late(user, sid, label=session.label, now=now)
    return {LISTED: lists.seal(user, sid, now)} if is_entered else {}


def _bind_lifetime(data: Dict[str, Any], login_key: Optional[str], refresh: Refresh) -> None:
    """Makes the life that a request has given to its session the user's who is logged in."""
    seconds = data.get(LIFETIME)
    if isinstance(seconds, int):
        if seconds > refresh.longest:
            log.warning("a session's own lifetime of %d s is cut to SESSION_LIFETIME_MAX", seconds)
        data[LIFETIME] = Owner.of(data, login_key).bind(int(min(seconds, refresh.longest)))


def _is_due(
    refresh: Refresh, stored: Stored, data: Mapping[str, Any], login_key: Optional[str], may_extend: bool, now: float
) -> bool:
    term, expires = refresh.term_of(data, login_key, now), stored.loaded.expires
    return refresh.is_too_long(expires, term, now) or (may_extend and refresh.is_due(expires, term, now))

