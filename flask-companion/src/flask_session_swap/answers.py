"""Answers that are made by the session instead of the page."""

from __future__ import annotations

import logging

from flask import Flask
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException

log = logging.getLogger("flask_session_swap")

#: Headers that an answer keeps when it is replaced: those that restrict what a browser does with any answer of the site, those
#: that let a script of another origin see the status, and those that name server and request. All others speak of the old
#: answer: its body, its target, its cookies. Nobody knows all of those, so this names what stays.
_STAYING = frozenset(
    (
        "access-control-allow-credentials",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "content-security-policy",
        "content-security-policy-report-only",
        "cross-origin-embedder-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "permissions-policy",
        "referrer-policy",
        "server",
        "strict-transport-security",
        "traceparent",
        "vary",
        "x-content-type-options",
        "x-correlation-id",
        "x-frame-options",
        "x-request-id",
    )
)


def replace(app: Flask, response: Response, error: HTTPException) -> None:
    """Makes an answer that of an error, by the application's own page for it if there is one."""
    try:
        page = app.make_response(app.handle_http_exception(error))
    except Exception:
        log.exception("the application's page for an error of sessions has failed")
        page = app.make_response(error)
    if hasattr(response.response, "close"):
        # What else is to be done at the end is done at the end of the new answer.
        response.response.close()
    response.status_code = error.code or page.status_code
    for name in {name for name, _ in response.headers if name.lower() not in _STAYING}:
        del response.headers[name]
    for name in {name for name, _ in page.headers}:
        response.headers.setlist(name, page.headers.getlist(name))
    response.headers["Cache-Control"] = "no-store"
    response.direct_passthrough = False
    response.response = page.response


def forbid_sharing(response: Response) -> None:
    """Keeps an answer with a session's cookie out of caches that serve everybody: they would hand one visitor's session to
    another."""
    response.vary.add("Cookie")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    elif not response.cache_control.no_store:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
