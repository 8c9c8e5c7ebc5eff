"""`POST /ops`: the whole session over HTTP, one operation after the other."""

import time
from functools import partial

from flask import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    current_app,
    flash,
    g,
    get_flashed_messages,
    request,
    session,
)

from typed_values import from_typed, to_typed

routes = Blueprint("operations", __name__)


def pop(key, *default):
    return session.pop(key, *default)


def delete(key):
    del session[key]


def set_item(key, value):
    session[key] = value


def append(key, value):
    session[key].append(value)


def set_in(key, inner, value):
    session[key][inner] = value


def set_permanent(permanent):
    session.permanent = permanent


def set_modified(modified):
    session.modified = modified


def regenerate():
    # The cookie session has no id, so there is nothing to renew (rule A29).
    renew = getattr(current_app.session_interface, "regenerate", None)
    if renew:
        renew(session._get_current_object())


def fail():
    raise RuntimeError("the handler was asked to fail")


def vary(token):
    g.setdefault("vary", []).append(token)


def save():
    # The record is written at once; the cookie goes with the response, whose own save comes last.
    saved = Response()
    try:
        current_app.session_interface.save_session(current_app, session._get_current_object(), saved)
    except Exception as error:
        return str(error)
    if hasattr(session, "opened"):
        # The companion sends a cookie once, and what it can't save is an answer.
        after_this_request(partial(with_cookies, saved.headers.getlist("Set-Cookie")))
    return True if saved.status_code == 200 else saved.status


def with_cookies(cookies, response):
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


READING = {
    "get": lambda key, default=None: session.get(key, default),
    "getitem": lambda key: session[key],
    "pop": pop,
    "setdefault": lambda key, value: session.setdefault(key, value),
    "contains": lambda key: key in session,
    "len": lambda: len(session),
    "bool": lambda: bool(session),
    "get_permanent": lambda: session.permanent,
    "get_modified": lambda: session.modified,
    "get_flashes": lambda: [list(pair) for pair in get_flashed_messages(with_categories=True)],
    "dump": lambda: dict(session),
    "id": lambda: getattr(session, "sid", None),
    "save": save,
}

WRITING = {
    "set": set_item,
    "del": delete,
    "update": lambda values: session.update(values),
    "clear": lambda: session.clear(),
    # An empty, modified session is deleted at save, record and cookie (rules A11 and B10).
    "destroy": lambda: session.clear(),
    "set_permanent": set_permanent,
    "set_modified": set_modified,
    "append": append,
    "set_in": set_in,
    "flash": flash,
    "regenerate": regenerate,
    "raise": fail,
    "abort404": lambda: abort(404),
    "vary": vary,
    "sleep": lambda milliseconds: time.sleep(milliseconds / 1000),
}


def read_operations():
    """The request's operations with their arguments as Python values; 400 if the body is anything else."""
    try:
        operations = [(name, from_typed(arguments)) for name, *arguments in request.get_json(force=True)["ops"]]
    except (KeyError, TypeError, ValueError):
        abort(400, "the body has to be {\"ops\": [[name, argument, …], …]} with typed values")
    for name, _ in operations:
        if name not in READING and name not in WRITING:
            abort(400, f"unknown operation {name!r}")
    return operations


@routes.post("/ops")
def ops():
    results = []
    for name, arguments in read_operations():
        if name in READING:
            results.append(to_typed(READING[name](*arguments)))
        else:
            WRITING[name](*arguments)
    response = current_app.json.response({"results": results})
    if "vary" in g:
        response.headers["Vary"] = ", ".join(g.vary)
    return response
