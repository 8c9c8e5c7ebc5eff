"""The session of one request."""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass
from functools import wraps
from typing import Any, Callable, Dict, Optional, Set

from flask_session.base import ServerSideSession
from werkzeug.datastructures import CallbackDict

from .errors import SessionUnavailable
from .saving import Stored, is_empty
from .stores.store import StoreError
from .term import LIFETIME, Refresh

log = logging.getLogger("flask_session_swap")


@dataclass
class Opened:
    """A session as it was opened by a request's cookie."""

    #: What the session holds at first.
    data: Dict[str, Any]
    #: Its record; ``None`` for a session that is stored nowhere.
    stored: Optional[Stored] = None
    #: The id with which the request came, if another request has renewed it.
    renewed: Optional[str] = None
    #: The record of a session whose absolute lifetime has passed.
    over: Optional[Stored] = None
    #: The cookie was signed with a key that is to be replaced.
    is_outdated: bool = False
    #: The rule of lives by which it was opened; ``None`` if that was not asked for.
    refresh: Optional[Refresh] = None


class SwapSession(ServerSideSession):  # type: ignore[misc]
    """A session that is loaded when it is first used, so that a page that does not use it costs nothing.

    It is used as any session of Flask's. Where the store can't be used, whatever uses it raises ``SessionUnavailable``, which
    is a 503.
    """

    def __init__(
        self,
        opening: Callable[[], Opened],
        new_sid: Callable[[], str],
        *,
        login_key: Optional[str],
        only_reads: bool,
        label: str,
    ) -> None:
        def on_update(session: SwapSession) -> None:
            session._modified = session.accessed = True
            session.is_muted = False

        CallbackDict.__init__(self, None, on_update)
        self.accessed = False
        #: The request's method is one that changes nothing.
        self.only_reads = only_reads
        #: ``None`` before the first use.
        self.opened: Optional[Opened] = None
        #: Why the session can't be used.
        self.failure: Optional[StoreError] = None
        #: ``modified`` was set to ``False`` after the last change.
        self.is_muted = False
        #: The keys that this request has set, also to the value that they had.
        self.was_set: Set[str] = set()
        #: Somebody has logged out or cleared the session, also where nobody was logged in.
        self.wants_end = False
        #: A user has logged in, perhaps the one who was.
        self.has_logged_in = False
        #: A user who was logged in has logged out. What this request had set before is theirs.
        self.has_logged_out = False
        #: A new id was asked for.
        self.wants_new_id = False
        #: The label in the list of the user's sessions.
        self.label = label
        self._login_key = login_key
        self._modified = False
        self._opening = opening
        self._loading = threading.RLock()
        self._new_sid = new_sid
        self._first_sid: Optional[str] = None

    @property
    def modified(self) -> bool:
        """Whether the session was changed, as far as its first level shows. Changes deeper in it are found without that.

        Set to ``False`` after a change, the change is not saved where ``SESSION_REFRESH_EACH_REQUEST`` is off."""
        self._use()
        return self._modified

    @modified.setter
    def modified(self, modified: bool) -> None:
        self._use()
        self._modified, self.is_muted = modified, not modified

    @property
    def sid(self) -> str:
        """The id: that of the record, or the one under which a new session is going to be stored. A log-in gives another one.

        It can't be set: ``app.session_interface.regenerate(session)`` makes a new one."""
        stored = self.load().stored
        if stored is not None:
            return stored.sid
        if self._first_sid is None:
            self._first_sid = self._new_sid()
        return self._first_sid

    def next_sid(self) -> str:
        """Returns an id for a new record: at first the one that the application may know already."""
        first, self._first_sid = self._first_sid, None
        return first or self._new_sid()

    def load(self) -> Opened:
        """Loads the session, unless that was done.

        Where it can't be loaded, the answer is going to be a 503, whatever the page makes of it. So only the first use is told:
        the application's page for that, which may ask who is logged in, finds an empty session.
        """
        if self.opened is not None:
            return self.opened
        # A request may have threads: what one has set must not be overwritten by what another loads.
        with self._loading:
            if self.opened is not None:
                return self.opened
            if self.failure is not None:
                return Opened({})
            try:
                opened = self._opening()
            except StoreError as error:
                self.failure = error
                log.error("a session could not be loaded: %s", error, exc_info=error)
                raise SessionUnavailable from error
            dict.update(self, opened.data)
            self.opened = opened
            return opened

    def saved(self, opened: Opened) -> None:
        """Goes on with what a save has stored."""
        self.opened = opened
        dict.clear(self)
        dict.update(self, opened.data)
        self.was_set.clear()
        self.wants_end = self.has_logged_in = self.has_logged_out = self.wants_new_id = False

    def ended_here(self, opened: Opened) -> None:
        """Leaves a session that this request has ended by the list of its user: what is set from here on belongs to a new
        one."""
        self.saved(opened)
        self._modified = True

    def raw(self) -> Dict[str, Any]:
        """Returns what the session holds, without counting that as a use."""
        return dict(dict.items(self))

    def __bool__(self) -> bool:
        self._use()
        return not is_empty(self.raw())

    def set_lifetime(self, seconds: Optional[float]) -> None:
        """Gives this session a life of its own after each use, such as "remember me" or five minutes for a code; ``None``
        takes it back. It is the user's who is logged in, and cut to ``SESSION_LIFETIME_MAX``.

        :raises ValueError: it is less than a second, or without an end. Nothing is changed.
        """
        if seconds is None:
            self.pop(LIFETIME, None)
        elif not 1 <= seconds < math.inf:
            raise ValueError("a session lives for at least a second, and not for ever")
        else:
            self[LIFETIME] = int(seconds)

    def __setitem__(self, key: str, value: Any) -> None:
        self._use()
        if key == self._login_key:
            if value is None:
                self._log_out()
            else:
                self.has_logged_in = True
        self.was_set.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._use()
        if key == self._login_key:
            self._log_out()
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        self._use()
        if key == self._login_key:
            self._log_out()
        return super().pop(key, *default)

    def popitem(self) -> Any:
        self._use()
        if next(dict.__reversed__(self), None) == self._login_key:
            self._log_out()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *arguments: Any, **named: Any) -> None:
        self._use()
        values: Dict[str, Any] = dict(*arguments, **named)
        for key, value in values.items():
            self[key] = value
        # As in Flask, to change nothing is a change, too.
        self.modified = True

    def __ior__(self, other: Any) -> SwapSession:
        self.update(other)
        return self

    def clear(self) -> None:
        """Removes everything but the flag of permanent sessions. That ends the session, unless something is set again."""
        self._use()
        self._log_out()
        super().clear()
        self.was_set.clear()
        self.wants_end = True

    def _log_out(self) -> None:
        """Notes that whoever is logged in does not want to be any more."""
        self.wants_end = True
        if self._login_key is not None and dict.get(self, self._login_key) is not None:
            self.has_logged_out = True
            self.was_set.clear()

    def _use(self) -> None:
        self.accessed = True
        self.load()


def _loading(name: str) -> Any:
    inherited = getattr(ServerSideSession, name)

    @wraps(inherited)
    def method(self: SwapSession, *arguments: Any, **named: Any) -> Any:
        self._use()
        return inherited(self, *arguments, **named)

    return method


for _name in (
    "__contains__", "__eq__", "__getitem__", "__iter__", "__len__", "__ne__", "__or__", "__reversed__",
    "__ror__", "copy", "get", "items", "keys", "values",
):  # fmt: skip
    setattr(SwapSession, _name, _loading(_name))
