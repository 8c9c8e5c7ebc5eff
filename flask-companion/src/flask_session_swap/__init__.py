"""Sessions of Flask that lose nothing, in the places where Flask-Session keeps them."""

from .errors import (
    ChangeRefused,
    RecordTooLarge,
    SessionEnded,
    SessionRenewed,
    SessionUnavailable,
    TooManySessions,
)
from .extension import Session
from .settings import ConfigurationError

__all__ = [
    "ChangeRefused",
    "ConfigurationError",
    "RecordTooLarge",
    "Session",
    "SessionEnded",
    "SessionRenewed",
    "SessionUnavailable",
    "TooManySessions",
]
