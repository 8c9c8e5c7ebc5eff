"""The size and the life of memcached's items."""

from __future__ import annotations

from typing import Optional

#: Longer lives, in seconds, are given as the moment at which they end.
_LONGEST_RELATIVE = 30 * 24 * 60 * 60

#: The greatest moment that the server's protocol takes.
_LAST_MOMENT = 2**31 - 1


def expiry(now: float, lifetime: int) -> int:
    """Writes a life from now on as the protocol does: in seconds, at least one, or as the Unix time of its end."""
    seconds = max(lifetime, 1)  # zero would be for ever
    if seconds <= _LONGEST_RELATIVE:
        return seconds
    # Before 1970 plus 30 days there are no moments, only lives.
    return max(min(int(now) + seconds, _LAST_MOMENT), _LONGEST_RELATIVE)


def expiry_at(now: float, end: Optional[float]) -> int:
    """Writes a life that ends at a moment as the protocol does, to the nearest second. ``None`` is for ever.

    The server counts in ticks of a second, and a life that is written again and again must not become shorter by what
    is cut off.
    """
    return 0 if end is None else expiry(now, int(max(end - now, 0) + 0.5))


def room_for_record(limit: int, key: bytes) -> int:
    """Returns the bytes that are left for the record in an item of ``limit`` bytes.

    Each has a header, its cas number, the key with a zero byte and a line end after the record.
    """
    return max(limit - (48 + 8 + len(key) + 1 + 2), 0)
