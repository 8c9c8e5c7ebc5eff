"""The sessions of one user: which there are, and ending them from elsewhere.

The list is one more record of the same store, changed by compare-and-swap: no store needs a method for it. It
lies under a hash of the login value, where no cookie and no other program looks. The Rust side keeps the same
lists.
"""

from __future__ import annotations

from .label import set_session_label
from .lists import Lists
from .marks import HidingMarks
from .seal import LISTED
from .user_sessions import UserSession, UserSessions

__all__ = [
    "LISTED",
    "HidingMarks",
    "Lists",
    "UserSession",
    "UserSessions",
    "set_session_label",
]
