"""Finding out what a request has made of its session, and planning what is to be done about it."""

from __future__ import annotations

import logging
from typing import Any, Dict, Mapping, NamedTuple, Optional

from . import login
from .listed import LISTED, Lists
from .owner import Owner
from .records import Format
from .saving import Home, Plan, Stored, is_empty
from .session import Opened, SwapSession
from .term import CREATED_AT, LIFETIME, Refresh, live_alike, must_be_dated

log = logging.getLogger("flask_session_swap")


class Planned(NamedTuple):
    """A plan, and how much of it the request wants."""

    plan: Plan
    #: The request has made something else of the session.
    has_changed: bool
    #: That is to be saved.
    is_wanted: bool
    #: Somebody has logged out, or cleared the session, and nobody is logged in.
    wants_end: bool


def planned(
    home: Home, session: SwapSession, opened: Opened, login_key: Optional[str], refresh: Refresh, now: float
) -> Planned:
    """Finds out what a request has made of its session.

    Raises what the format of the records raises for a value that it can't hold.
    """
    records, settings, stored, data = home.records, home.settings, opened.stored, session.raw()
    # The first level as it was loaded. What is deeper may have been changed in place.
    loaded = {} if stored is None else opened.data
    if session.has_logged_in and login_key is not None and data.get(login_key) is not None:
        # As it is going to be read: JSON makes a text of some values.
        data.update(records.decode(records.encode({login_key: data[login_key]})) or {})
    if LIFETIME in session.was_set:
        _bind_lifetime(data, login_key, refresh)
    rotation = login.rotation(
        loaded, data, login_key, records, logged_in=session.has_logged_in, logged_out=session.has_logged_out
    )
    encoded: Optional[bytes] = None
    if rotation is not None and login_key is not None:
        base = {} if stored is None else records.decode(stored.loaded.record) or {}
        absolute = settings.absolute_lifetime
        data = login.settled(base, data, login_key, rotation, was_set=session.was_set, absolute=absolute, now=now)
    elif stored is not None:
        encoded = _encoded(session, stored, records, data)
    if session.wants_new_id and rotation is None:
        rotation = login.Rotation.RENEWAL
    seals: Dict[str, Any] = {}
    if not is_empty(data):
        if must_be_dated(data, login_key, settings.absolute_lifetime, now):
            seals[CREATED_AT] = Owner.of(data, login_key).bind(int(now))
        if stored is not None and rotation is None and home.lists is not None and login_key is not None:
            seals.update(_entered(home.lists, session, stored, data, login_key, now))
    plan = Plan(
        stored=stored,
        data=data,
        seals=seals,
        rotation=rotation,
        renewed=opened.renewed,
        login_key=login_key,
        policies=settings.merge,
        records=records,
        encoded=None if seals else encoded,
    )
    has_changed = rotation is not None or _has_changed(session, plan, encoded)
    is_wanted = has_changed and (not session.is_muted or (refresh.each_use and not is_empty(data)))
    if stored is not None:
        plan.changes_life = is_wanted and not live_alike(loaded, data)
        may_extend = refresh.each_use or is_wanted or session.modified
        plan.is_due = plan.changes_life or _is_due(refresh, stored, data, login_key, may_extend, now)
    user = None if login_key is None else data.get(login_key)
    return Planned(plan, has_changed, is_wanted, wants_end=user is None and session.wants_end)


def _encoded(session: SwapSession, stored: Stored, records: Format, data: Dict[str, Any]) -> bytes:
    try:
        return records.encode(data)
    except Exception:
        if session.modified or _can_be_written(records, stored):
            raise
        # Another program has written what this format can't hold, and this request has only read it.
        return stored.loaded.record


def _can_be_written(records: Format, stored: Stored) -> bool:
    try:
        records.encode(records.decode(stored.loaded.record) or {})
    except Exception:
        return False
    return True


def _has_changed(session: SwapSession, plan: Plan, encoded: Optional[bytes]) -> bool:
    if plan.stored is None:
        return True
    # What is stored is compared as a whole first: nested changes are found by it, too, and most requests change nothing.
    if encoded == plan.stored.loaded.record:
        return False
    # Otherwise it has changed, unless another program writes the same in another way.
    return session.modified or bool(plan.changes)


def _entered(
    lists: Lists, session: SwapSession, stored: Stored, data: Mapping[str, Any], login_key: str, now: float
) -> Dict[str, Any]:
    """Enters a session in the list of its user that never was, or long ago: one that a program without lists has made.
    Returns the seal that says so; nothing if that can't be done, and the next request tries again."""
    user, sid = data.get(login_key), stored.sid
    if user is None or not lists.must_be_entered(data, user, sid, now):
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
