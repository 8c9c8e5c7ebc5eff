"""The owner of a value that holds for one user only, such as a time: the user of a session may change."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Union

import msgspec

_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True)
class Owner:
    """The user who is logged in in a session."""

    #: The application says which key tells that.
    is_known: bool
    #: The fingerprint of the login value; ``None`` where nobody is logged in.
    user: Optional[str] = None

    @classmethod
    def of(cls, data: Mapping[str, Any], login_key: Optional[str]) -> Owner:
        """Finds out who is logged in in a session."""
        if login_key is None:
            return cls(is_known=False)
        user = data.get(login_key)
        return cls(True, None if user is None else fingerprint(user))

    def bind(self, number: int) -> Union[int, List[Any]]:
        """Makes the value that says a number of this owner: a plain one, or a list of it and the fingerprint."""
        return number if self.user is None else [number, self.user]

    def number(self, value: Any) -> Optional[int]:
        """Returns the number that a value says of this owner; ``None`` if it says one of somebody else, or is none."""
        if isinstance(value, (list, tuple)):
            if len(value) != 2 or (self.is_known and (self.user is None or value[1] != self.user)):
                return None
            value = value[0]
        elif self.user is not None:
            return None
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
        return value if is_number else None


def fingerprint(user: object) -> str:
    """Returns the SHA-256 of a login value as hex text, the same for all formats of records."""
    try:
        encoded = _encoder.encode(user)
    except (TypeError, ValueError, OverflowError):
        # A value that only a pickle holds. Nothing but Python reads it.
        encoded = pickle.dumps(user, 4)
    return hashlib.sha256(encoded).hexdigest()
