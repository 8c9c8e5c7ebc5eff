"""The errors of a session's save, each with its answer."""

from __future__ import annotations

from typing import Optional

from werkzeug.exceptions import Conflict, InternalServerError, ServiceUnavailable


class SessionEnded(Conflict):
    """The session has ended while the request was running, or is another user's. Nothing was saved of the request."""

    description = "The session of this request has ended meanwhile. Nothing was saved."


class SessionRenewed(Conflict):
    """The request came with an id that another request has renewed, and what it has changed is not kept."""

    description = "The session of this request has a new id by now. Nothing was saved: send the request again."


class ChangeRefused(Conflict):
    """Another request has changed a key whose policy is ``refuse``. Nothing was saved of the request."""

    description = "Another request has changed the same meanwhile. Nothing was saved."

    def __init__(self, key: str) -> None:
        super().__init__()
        #: The key that both have changed.
        self.key = key


class TooManySessions(Conflict):
    """The user has as many sessions as ``SESSION_MAX_PER_USER`` allows, and ``SESSION_WHEN_FULL`` is ``"refuse"``."""

    description = "This user has as many sessions as are allowed. Nobody was logged in."


class SessionUnavailable(ServiceUnavailable):
    """The store of sessions can't be used, or nobody knows whether it has saved the session."""

    description = "Sessions can't be loaded or saved at the moment."

    def __init__(self, description: Optional[str] = None) -> None:
        # In seconds. Most outages are shorter than a person's patience.
        super().__init__(description, retry_after=1)


class RecordTooLarge(InternalServerError):
    """The session is longer than ``SESSION_MAX_SIZE`` allows. Nothing was saved, and trying again would not help."""

    def __init__(self, details: str = "") -> None:
        super().__init__()
        #: For the log: how long it is, and its longest keys.
        self.details = details
