"""From Flask-Session to the companion, and back: the sessions stay."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict

import flask_session
import pytest
from cachelib import FileSystemCache
from flask import Flask, session
from flask.testing import FlaskClient
from redis import Redis

import flask_session_swap
from servers import redis as servers

SINCE = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone.utc)


@pytest.fixture(params=["redis", "cachelib"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Dict[str, Any]:
    """The settings of one application: what both ways of keeping its sessions read."""
    if request.param == "redis":
        server: servers.Redis = request.getfixturevalue("redis_server")
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": Redis.from_url(server.url)}
    return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": FileSystemCache(str(tmp_path), threshold=0)}


def visitor(attach: Callable[[Flask], object], config: Dict[str, Any]) -> FlaskClient:
    app = Flask("shop")
    app.config.update(config, SESSION_LOGIN_KEY="user", SESSION_LISTED=True, SESSION_ABSOLUTE_LIFETIME=3600)
    attach(app)
    app.add_url_rule("/put/<thing>", "put", lambda thing: session.setdefault("cart", []).append(thing) or "put")
    app.add_url_rule("/in", "in", lambda: session.update(user="momo", since=SINCE) or "in")
    app.add_url_rule("/out", "out", lambda: session.clear() or "out")
    app.add_url_rule("/cart", "cart", lambda: [session.get("user"), session.get("since") == SINCE, session.get("cart")])
    return app.test_client()


def test_a_session_goes_to_the_companion_and_back_and_a_log_out_at_either_is_one_at_both(config: Dict[str, Any]) -> None:
    before = visitor(flask_session.Session, config)
    before.get("/put/tea")
    before.get("/in")

    def goes_on_from(client: FlaskClient, attach: Callable[[Flask], object]) -> FlaskClient:
        other = visitor(attach, config)
        cookie = client.get_cookie("session")
        assert cookie is not None
        other.set_cookie("session", cookie.value)
        return other

    swap = goes_on_from(before, flask_session_swap.Session)
    assert swap.get("/cart").json == ["momo", True, ["tea"]]
    swap.get("/put/milk")
    # A new id, with what the companion keeps beside the session.
    swap.get("/in")
    back = goes_on_from(swap, flask_session.Session)
    back.get("/put/honey")
    assert back.get("/cart").json == ["momo", True, ["tea", "milk", "honey"]]
    assert swap.get("/cart").json == ["momo", True, ["tea", "milk", "honey"]]
    swap.get("/out")
    assert back.get("/cart").json == [None, False, None]

    swap.get("/in")
    again = goes_on_from(swap, flask_session.Session)
    assert again.get("/cart").json == ["momo", True, None]
    again.get("/out")
    assert swap.get("/cart").json == [None, False, None]
