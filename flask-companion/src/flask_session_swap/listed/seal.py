"""The seal that says in a session's record that it was entered in the list of its user."""

from __future__ import annotations

import hashlib
from typing import Mapping

#: The key of the seal: when the session was entered, in Unix seconds, and a hash of user and id. So it says
#: nothing where a program without lists has logged in another user, or has given the session another id.
LISTED = "_listed"

#: The most by which the clocks of two processes differ, in seconds.
_CLOCKS_DIFFER_BY = 5 * 60


def seal_of(user: str, sid: str, now: float) -> object:
    """Makes the seal of a session that is entered now. ``user`` is the fingerprint of the login value."""
    return [int(now), _code(user, sid)]


def is_entered(data: Mapping[str, object], user: str, sid: str, *, lasts: float, now: float) -> bool:
    """Tells whether a session says that it was entered for this user under this id, less than ``lasts``
    seconds ago."""
    seal = data.get(LISTED)
    if not isinstance(seal, (list, tuple)) or len(seal) != 2 or seal[1] != _code(user, sid):
        return False
    at = seal[0]
    if not isinstance(at, int) or isinstance(at, bool) or at < 0:
        return False
    return at - now <= _CLOCKS_DIFFER_BY if at > now else now - at <= lasts


def _code(user: str, sid: str) -> str:
    # Nobody gains by a seal that is wrong: this is long enough for it not to be so by chance.
    return hashlib.sha256((user + sid).encode()).hexdigest()[:16]
