"""The one line that gives an application these sessions."""

from __future__ import annotations

from typing import Any, Optional

from flask import Flask, session
from flask_session.defaults import Defaults

from .cleanup import register_cleanup
from .interface import SwapSessionInterface
from .session import SwapSession
from .settings import LONGEST_LIFE, ConfigurationError, Settings
from .stores import open_store


class Session:
    """Keeps the sessions of an application in the store that its configuration names, as Flask-Session's class of this name.

    ::

        from flask_session_swap import Session

        app = Flask(__name__)
        app.config["SESSION_TYPE"] = "redis"
        Session(app)

    :param app: the application; without one, ``init_app`` is called later.
    """

    def __init__(self, app: Optional[Flask] = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Gives an application its sessions.

        :raises ConfigurationError: a setting has a value that it can't have, or the store can't compare and swap.
        """
        settings = Settings.of(app.config)
        kind = app.config.get("SESSION_TYPE", Defaults.SESSION_TYPE)
        if not isinstance(kind, str):
            raise ConfigurationError("SESSION_TYPE is the name of a store, such as \"redis\"")
        lifetime = app.permanent_session_lifetime.total_seconds()
        if lifetime < 1:
            raise ConfigurationError("PERMANENT_SESSION_LIFETIME is at least a second: no store keeps anything for less")
        if lifetime > LONGEST_LIFE:
            raise ConfigurationError("PERMANENT_SESSION_LIFETIME is at most 36,500 days")
        store = open_store(kind.lower(), app)
        app.session_interface = SwapSessionInterface(app, store, settings)
        register_cleanup(app, store)
        _listen_to_flask_login(app)


def _listen_to_flask_login(app: Flask) -> None:
    """Notes log-ins and log-outs that leave the session as it was: of the user who is logged in, or of nobody."""
    try:
        from flask_login import user_logged_in, user_logged_out
    except ImportError:
        return

    def logged_in(sender: Any, **_: Any) -> None:
        if isinstance(session._get_current_object(), SwapSession):  # type: ignore[attr-defined]
            session.has_logged_in = True  # type: ignore[attr-defined]

    def logged_out(sender: Any, **_: Any) -> None:
        if isinstance(session._get_current_object(), SwapSession):  # type: ignore[attr-defined]
            session.wants_end = True  # type: ignore[attr-defined]

    user_logged_in.connect(logged_in, app, weak=False)
    user_logged_out.connect(logged_out, app, weak=False)
