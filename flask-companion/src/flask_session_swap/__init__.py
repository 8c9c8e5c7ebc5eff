"""Sessions of Flask that lose nothing, in the places where Flask-Session keeps them."""

from .devices import sessions_of, user_sessions
from .errors import (
    ChangeRefused,
    RecordTooLarge,
    SessionEnded,
    SessionRenewed,
    SessionUnavailable,
    TooManySessions,
)
from .extension import Session
from .listed import UserSession, UserSessions, set_session_label
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
    "UserSession",
    "UserSessions",
    "sessions_of",
    "set_session_label",
    "user_sessions",
]
