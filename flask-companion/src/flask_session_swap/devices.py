"""The sessions of a user, for a page of devices and for whoever ends them from elsewhere."""

from __future__ import annotations

from typing import Optional, Tuple

from flask import current_app, session
from werkzeug.exceptions import Unauthorized

from .interface import SwapSessionInterface
from .listed import Lists, UserSessions
from .listed.asking import Asking
from .listed.label import label_for
from .owner import Owner, fingerprint
from .saving import Writer
from .session import SwapSession
from .settings import ConfigurationError


def user_sessions() -> UserSessions:
    """Returns the sessions of the user who is logged in, within a request::

        @app.get("/devices")
        def devices():
            return jsonify(user_sessions().list())

        @app.post("/devices/end")
        def end():
            return ("", 204) if user_sessions().end(request.form["handle"]) else ("", 404)

    What a request has changed is not in the list yet: a user who has just logged in is, with the next request.

    :raises Unauthorized: nobody is logged in; that is a 401.
    :raises ConfigurationError: the sessions of users are not listed.
    """
    interface, lists = _kept()
    asking = session._get_current_object()  # type: ignore[attr-defined]
    assert isinstance(asking, SwapSession), "it is the one that the interface has opened"
    login_key = interface.login_key(current_app)
    user = None if login_key is None else asking.get(login_key)
    if user is None:
        raise Unauthorized("Nobody is logged in.")

    def living_successor(now: float) -> Optional[str]:
        refresh = interface.refresh(current_app)
        writer = Writer(interface.home, refresh, login_key, asking.next_sid, "", now)
        living = writer.living(asking.sid)
        return living.sid if living is not None and living.is_same_session else None

    return UserSessions(
        lists,
        user,
        Asking(
            sid=_stored_sid(interface, asking, login_key, user),
            label=label_for(asking.label),
            living_successor=living_successor,
            ended=lambda: asking.ended_here(interface.new_session()),
        ),
    )


def sessions_of(user: object) -> UserSessions:
    """Returns the sessions of any user, also in a job or a command that has an application context::

        sessions_of(user.id).end_all()

    Protect a page that does so as you would protect any other: it ends the sessions of whomever it is told.

    :param user: the login value, as sessions hold it. That is a text with Flask-Login: ``user.get_id()``.
    :raises ConfigurationError: the sessions of users are not listed.
    """
    return UserSessions(_kept()[1], user)


def _kept() -> Tuple[SwapSessionInterface, Lists]:
    interface = current_app.session_interface
    if not isinstance(interface, SwapSessionInterface):
        raise ConfigurationError("the application's sessions are not kept by flask_session_swap.Session(app)")
    if interface.home.lists is None:
        raise ConfigurationError("the sessions of users are not listed: write SESSION_LISTED = True")
    if interface.login_key(current_app) is None:
        raise ConfigurationError("the sessions of users are not listed: SESSION_LOGIN_KEY says whose they are")
    return interface, interface.home.lists


def _stored_sid(
    interface: SwapSessionInterface, asking: SwapSession, login_key: Optional[str], user: object
) -> Optional[str]:
    """Returns the id of the session that asks, if it is stored as one of the user's."""
    stored = asking.load().stored
    if stored is None:
        return None
    data = interface.home.records.decode(stored.loaded.record) or {}
    return stored.sid if Owner.of(data, login_key).user == fingerprint(user) else None
