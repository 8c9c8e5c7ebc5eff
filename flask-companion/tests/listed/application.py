"""A small application with a page of devices."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from flask import Flask, Response, jsonify, request, session
from flask.testing import FlaskClient

import flask_session_swap.extension
from flask_session_swap import Session, sessions_of, set_session_label, user_sessions
from flask_session_swap.stores.store import Store

Answer = Any


def application(store: Optional[Store], monkeypatch: pytest.MonkeyPatch, **config: Any) -> Flask:
    """Makes an application over a store, or over the one that its configuration names."""
    app = Flask(__name__)
    app.config.update(
        {"SESSION_TYPE": "redis", "SESSION_LOGIN_KEY": "user", "SESSION_LISTED": True, **config}
    )
    with monkeypatch.context() as patched:
        if store is not None:
            patched.setattr(flask_session_swap.extension, "open_store", lambda kind, app: store)
        Session(app)

    @app.post("/log-in/<user>")
    def log_in(user: str) -> Answer:
        session["user"] = user
        if "label" in request.args:
            set_session_label(request.args["label"])
        return "welcome"

    @app.post("/log-out")
    def log_out() -> Answer:
        session.pop("user", None)
        return "goodbye"

    @app.post("/renew")
    def renew() -> Answer:
        app.session_interface.regenerate(session)  # type: ignore[attr-defined]
        return "renewed"

    @app.post("/set/<key>/<value>")
    def set_key(key: str, value: str) -> Answer:
        session[key] = value
        return "set"

    @app.post("/label/<text>")
    def label(text: str) -> Answer:
        set_session_label(text)
        return session.get("user", "")

    @app.get("/who")
    def who() -> Answer:
        return session.get("user", "")

    @app.get("/devices")
    def devices() -> Answer:
        return jsonify(user_sessions().list())

    @app.post("/end/<handle>")
    def end(handle: str) -> Answer:
        return jsonify(user_sessions().end(handle))

    @app.post("/end-others")
    def end_others() -> Answer:
        return jsonify(user_sessions().end_others())

    @app.post("/end-all")
    def end_all() -> Answer:
        return jsonify(user_sessions().end_all())

    @app.post("/end-all-and-flash")
    def end_all_and_flash() -> Answer:
        ended = user_sessions().end_all()
        session["bye"] = ended
        return jsonify(ended)

    @app.post("/admin/end/<user>")
    def admin_end(user: str) -> Answer:
        return jsonify(sessions_of(user).end_all())

    return app


class Device:
    """A browser of its own."""

    def __init__(self, app: Flask, name: str = "a browser") -> None:
        self.name = name
        self._client: FlaskClient = app.test_client()

    def post(self, path: str) -> Response:
        return self._client.post(path, headers={"User-Agent": self.name})

    def get(self, path: str) -> Response:
        return self._client.get(path, headers={"User-Agent": self.name})

    def log_in(self, user: str = "momo") -> None:
        assert self.post(f"/log-in/{user}").status_code == 200

    @property
    def user(self) -> str:
        return self.get("/who").text

    @property
    def sid(self) -> str:
        cookie = self._client.get_cookie("session")
        return "" if cookie is None else cookie.value

    def devices(self) -> Any:
        answer = self.get("/devices")
        assert answer.status_code == 200, answer.text
        return answer.json
