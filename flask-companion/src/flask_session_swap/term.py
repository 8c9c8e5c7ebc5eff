"""The life of a session: what the configuration says, and what its record says of itself."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional

from .changes import PERMANENT
from .owner import Owner

#: The key of the time from which the absolute lifetime counts, in Unix seconds: that of the user who is logged in.
CREATED_AT = "_created_at"

#: The key of a session's own lifetime in whole seconds: that of the user who is logged in.
LIFETIME = "_lifetime"

#: The keys that say only how a session lives. Without anything else there is nothing to keep.
OF_LIFE = frozenset((PERMANENT, CREATED_AT, LIFETIME))

#: By how many seconds a time may lie in the future: the clocks of two machines differ.
_CLOCKS_DIFFER_BY = 5 * 60

#: By how many seconds a life may be longer than it should be.
_TOO_LONG = 60

#: A life is not extended by less, in seconds: stores count in whole ones.
_WORTH_A_CALL = 2


class Term(NamedTuple):
    """The life of one session. Times are Unix seconds."""

    #: Its life in seconds after each use.
    lifetime: float
    #: That is the session's own, not the configured one.
    is_own: bool = False
    #: The moment that it does not outlive, whatever uses it.
    until: Optional[float] = None

    def end(self, now: float) -> float:
        """Returns when the session ends if it is used now, and not later."""
        end = now + self.lifetime
        return end if self.until is None else min(end, self.until)

    def life(self, now: float) -> int:
        """Returns the life in seconds that a record gets now. Stores take none under a second."""
        return max(int(self.end(now) - now), 1)

    def is_over(self, now: float) -> bool:
        """Tells whether the session has ended, though it may still be stored."""
        return self.until is not None and now >= self.until


class Refresh(NamedTuple):
    """The rule of the lifetimes, ``SESSION_REFRESH_AFTER`` and ``SESSION_REFRESH_EACH_REQUEST``."""

    #: The life in seconds of a session that has none of its own.
    lifetime: float
    #: The longest life in seconds that counts as a session's own.
    longest: float
    #: The life in seconds of every session from its beginning on.
    absolute: Optional[int]
    #: Every use extends the life, not only a change.
    each_use: bool
    #: The share of its life after which a life is extended.
    after: float

    @property
    def is_flasks(self) -> bool:
        """Every use extends the life and sends the cookie."""
        return self.after <= 0

    def term_of(self, data: Mapping[str, Any], login_key: Optional[str], now: float) -> Term:
        """Returns the life of a session."""
        own = until = None
        if LIFETIME in data or (self.absolute is not None and CREATED_AT in data):
            owner = Owner.of(data, login_key)
            own = owner.number(data.get(LIFETIME)) or None
            created = _created_at(owner, data, now)
            if self.absolute is not None and created is not None:
                until = float(created + self.absolute)
        lifetime = self.lifetime if own is None else min(float(own), self.longest)
        return Term(lifetime, own is not None, until)

    def is_due(self, expires: Optional[float], term: Term, now: float) -> bool:
        """Tells whether a life that ends then is to be extended: enough of it has passed, it is longer than it should be,
        or nobody knows when it ends."""
        if expires is None or self.is_flasks:
            return True
        is_spent = max(expires - now, 0) <= term.lifetime * (1 - self.after)
        # Near the moment that nothing outlives, no use makes it longer.
        may_grow = term.until is None or expires + _WORTH_A_CALL < term.until
        return (is_spent and may_grow) or self.is_too_long(expires, term, now)

    def is_too_long(self, expires: Optional[float], term: Term, now: float) -> bool:
        """Tells whether a life that ends then is longer than it should be: another program has extended it, or the
        lifetime was made shorter."""
        return expires is not None and expires > term.end(now) + _TOO_LONG


def must_be_dated(data: Mapping[str, Any], login_key: Optional[str], absolute: Optional[int], now: float) -> bool:
    """Tells whether a session does not say yet from when its absolute lifetime counts."""
    if absolute is None:
        return False
    return _created_at(Owner.of(data, login_key), data, now) is None


def _created_at(owner: Owner, data: Mapping[str, Any], now: float) -> Optional[int]:
    created = owner.number(data.get(CREATED_AT))
    # One that is far in the future is wrong: the session would outlive its time.
    return None if created is None or created > now + _CLOCKS_DIFFER_BY else created


def live_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tells whether two sessions have the same life, and cookies that end alike."""
    alike = bool(one.get(PERMANENT)) == bool(other.get(PERMANENT))
    return alike and one.get(LIFETIME) == other.get(LIFETIME)
