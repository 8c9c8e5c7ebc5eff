"""The clock that Flask's session code sees: the request's `X-Probe-Now`, or real time without it.

Only what stamps or ages a session is redirected, in cookies and in the rows of a database. Everything else (thread timeouts, the Redis client) keeps
real time, or a request dated 2024 would upset it.
"""

import time
from contextvars import ContextVar
from datetime import datetime, timezone
from types import SimpleNamespace

import cachelib.file
import flask.sessions
import itsdangerous.timed
from flask_session.sqlalchemy import sqlalchemy as rows

_request_time = ContextVar("request_time", default=None)


def now():
    """Unix seconds."""
    given = _request_time.get()
    return time.time() if given is None else given


class RequestDatetime(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls):
        return cls.now(timezone.utc).replace(tzinfo=None)


def install_in(clock_of_companion):
    """Redirects the clock of our package, which is one for all of its uses."""
    clock_of_companion.now = now


def install(app):
    """Redirects the clocks of the signer, of cookies and of rows, and wraps `app` so that requests can set them."""
    itsdangerous.timed.time = SimpleNamespace(time=now)
    flask.sessions.datetime = RequestDatetime
    cachelib.file.time = now
    rows.datetime = RequestDatetime
    inner = app.wsgi_app

    def with_request_time(environ, start_response):
        given = environ.get("HTTP_X_PROBE_NOW")
        token = _request_time.set(float(given) if given else None)
        try:
            return inner(environ, start_response)
        finally:
            _request_time.reset(token)

    app.wsgi_app = with_request_time
