"""Points in time as Flask-Session writes them: in UTC, without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

#: The last moment that Python can express; later ones are written as this one.
_LAST = datetime.max


def moment(now: float, later: float = 0) -> datetime:
    """Returns the moment that is so many seconds later than the Unix time ``now``."""
    try:
        return (_EPOCH + timedelta(seconds=now) + timedelta(seconds=later)).replace(tzinfo=None)
    except OverflowError:
        return _LAST


def unix_time(expiry: object) -> Optional[float]:
    """Returns the Unix time of what a database has as an expiry.

    :return: ``None`` if it is in a form that is not ours, or the last moment of all, which is no end.
    """
    if isinstance(expiry, str):
        try:
            expiry = datetime.fromisoformat(expiry)
        except ValueError:
            return None
    if not isinstance(expiry, datetime) or expiry == _LAST:
        return None
    aware = expiry if expiry.tzinfo is not None else expiry.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH).total_seconds()
