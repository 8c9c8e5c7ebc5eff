"""The rules of logging in and out."""

from __future__ import annotations

from enum import IntEnum
from typing import AbstractSet, Any, Dict, Mapping, Optional

from .changes import FLASHES, PERMANENT, added_flashes
from .owner import Owner
from .records import Format
from .term import CREATED_AT, LIFETIME

#: The key of the login time: Unix seconds, and the fingerprint of the user.
LOGIN_AT = "_login_at"

#: The key of what binds a login to the user's password on the Rust side.
STAMP = "_stamp"

#: Flask-Login's keys: who is logged in, and whether that was by a password in this session.
FLASK_LOGIN = "_user_id"
_FRESH = "_fresh"


class Rotation(IntEnum):
    """Why a session gets a new id; the stronger reason is the greater one."""

    #: ``regenerate``: all data is kept.
    RENEWAL = 1
    #: Flask-Login's remember-me cookie has logged a visitor in, without a password: all data is kept. It yields to whatever
    #: another request has done with the session.
    RECALL = 2
    #: The same user has logged in again: all data is kept.
    LOG_IN_AGAIN = 3
    #: A visitor has logged in: all data is kept.
    LOG_IN = 4
    #: Another user has logged in, or the user has logged out: nothing of the old session reaches the new one.
    OTHER_USER = 5


def rotation(
    base: Mapping[str, Any],
    data: Mapping[str, Any],
    login_key: Optional[str],
    records: Format,
    *,
    logged_in: bool,
    logged_out: bool,
) -> Optional[Rotation]:
    """Finds out whether a request has logged somebody in or out.

    :param logged_in: the request has set the login key, perhaps to the value that it had.
    :param logged_out: it has taken a user out, perhaps one whom it had itself put there, or puts there again.
    """
    if login_key is None:
        return None
    if logged_out:
        return Rotation.OTHER_USER
    before, now = base.get(login_key), data.get(login_key)
    if before is None:
        if now is None:
            return None
        return Rotation.RECALL if _is_without_password(data, login_key) else Rotation.LOG_IN
    if now is not None and records.same(before, now):
        return Rotation.LOG_IN_AGAIN if logged_in else None
    return Rotation.OTHER_USER


def settled(
    base: Mapping[str, Any],
    data: Mapping[str, Any],
    login_key: str,
    reason: Rotation,
    *,
    was_set: AbstractSet[str],
    absolute: Optional[int],
    now: float,
) -> Dict[str, Any]:
    """Returns what a session holds in which somebody has logged in or out.

    :param was_set: the keys that the request has set: what it has loaded is another user's.
    """
    own_lifetime = Owner.of(data, login_key).number(data.get(LIFETIME)) if LIFETIME in was_set else None
    if reason == Rotation.OTHER_USER:
        kept = {key: value for key, value in data.items() if key == PERMANENT or key in was_set or key == login_key}
        kept.pop(FLASHES, None)
        added = added_flashes(base, data)
        if added:
            kept[FLASHES] = added
    else:
        kept = dict(data)
        own_lifetime = own_lifetime or Owner.of(base, login_key).number(data.get(LIFETIME))
    for key in (LOGIN_AT, CREATED_AT, STAMP, LIFETIME):
        kept.pop(key, None)
    if data.get(login_key) is None:
        return kept
    owner = Owner.of(data, login_key)
    # Who is back by the cookie has not proven anything in this session: that was long ago.
    kept[LOGIN_AT] = owner.bind(0 if _is_without_password(data, login_key) else int(now))
    if absolute is not None:
        kept[CREATED_AT] = owner.bind(int(now))
    if own_lifetime:
        kept[LIFETIME] = owner.bind(own_lifetime)
    return kept


def has_logged_in_here(data: Mapping[str, Any], login_key: str) -> bool:
    """Tells whether the user of a session has logged in by these rules, and was not put there by another program."""
    owner = Owner.of(data, login_key)
    return owner.user is not None and owner.number(data.get(LOGIN_AT)) is not None


def is_recalled(data: Mapping[str, Any], login_key: str) -> bool:
    """Tells whether the user of a session has given no password, so that a remember-me cookie has logged in."""
    owner = Owner.of(data, login_key)
    by_cookie = owner.user is not None and owner.number(data.get(LOGIN_AT)) == 0
    return by_cookie and data.get(_FRESH) is False


def _is_without_password(data: Mapping[str, Any], login_key: str) -> bool:
    return login_key == FLASK_LOGIN and data.get(_FRESH) is False
