"""The session of the request that asks for its user's sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from .label import Label


@dataclass(frozen=True)
class Asking:
    """A session that asks for its user's sessions."""

    #: Its id, as it was loaded or last saved; ``None`` if it is not stored as one of this user.
    sid: Optional[str]
    #: For the list, in which it may be missing.
    label: Label
    #: Follows an id that another request has renewed to that of the session which lives now, if it is the
    #: same one.
    living_successor: Callable[[float], Optional[str]]
    #: Is called when the session has been ended: nothing more is written of it.
    ended: Callable[[], None]
