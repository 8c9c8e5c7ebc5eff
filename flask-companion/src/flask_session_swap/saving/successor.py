"""The note that a renewed id leaves of its successor, for requests that still come with the old id.

It lets nobody in and hands nobody any data. It is a record of its own under a hash of the old id: no cookie can name it, and
Flask-Session never looks there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Optional

from ..login import Rotation
from ..stores.store import Loaded

#: The words by which a note says why there is a new id.
RENEWAL, LOG_IN, OTHER_USER = "renewal", "log-in", "other-user"

#: What an id is made of. None that looks otherwise is ever looked up.
SID = re.compile(r"[A-Za-z0-9_-]{1,200}")

_NOTE = re.compile(rf"({RENEWAL}|{LOG_IN}|{OTHER_USER}) ({SID.pattern})")


@dataclass(frozen=True)
class Successor:
    """The successor that a note names."""

    sid: str
    reason: str

    @classmethod
    def of(cls, sid: str, rotation: Rotation) -> Successor:
        if rotation == Rotation.OTHER_USER:
            return cls(sid, OTHER_USER)
        # Whoever has the remember-me cookie may renew the id, without a password.
        return cls(sid, RENEWAL if rotation <= Rotation.RECALL else LOG_IN)

    @classmethod
    def read(cls, note: bytes) -> Optional[Successor]:
        """Reads a note; ``None`` if it is not one."""
        found = _NOTE.fullmatch(note.decode("ascii", "replace"))
        return found and cls(found[2], found[1])

    def encoded(self) -> bytes:
        return f"{self.reason} {self.sid}".encode()


@dataclass(frozen=True)
class Living:
    """The session at the end of a chain of notes."""

    sid: str
    loaded: Loaded
    #: ``False`` if the user was another one somewhere on the way.
    is_same_session: bool
    #: Only log-ins have led here: whoever has one of the ids on the way, and no password, has not made this one.
    is_by_log_in: bool


def note_key(prefix: str, sid: str) -> str:
    """Returns the key of the note about an id."""
    return f"{prefix}~{hashlib.sha256(sid.encode()).hexdigest()}"
