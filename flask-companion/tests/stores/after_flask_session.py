"""A session that Flask-Session has begun, and that the companion goes on with, and the other way round."""

from __future__ import annotations

from typing import Callable

import flask_session
from flask import Flask, session

from flask_session_swap import clock
from flask_session_swap.records import Format
from flask_session_swap.stores.store import Done, Store


def goes_on_at_either(app: Flask, open_store: Callable[[Flask], Store], records: Format) -> None:
    """Lets Flask-Session make a session, changes it in the store, and looks whether Flask-Session sees that."""

    @app.get("/<value>")
    def set_value(value: str) -> str:
        before = str(session.get("value"))
        session["value"] = value
        return before

    flask_session.Session(app)
    client = app.test_client()
    assert client.get("/one").text == "None"
    cookie = client.get_cookie("session")
    assert cookie is not None
    key = f"session:{cookie.value}"
    store = open_store(app)
    loaded = store.load(key, clock.now())
    assert loaded is not None
    held = records.decode(loaded.record)
    assert held is not None and held["value"] == "one"
    changed = records.encode({**held, "value": "two"})
    assert isinstance(store.swap(key, loaded, changed, None, clock.now()), Done)
    assert client.get("/three").text == "two"
