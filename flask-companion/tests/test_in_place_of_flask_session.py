"""What the public tests of Flask-Session 0.8 ask of every store, asked of the companion, which takes its place in one line.

Those tests are not in what is distributed, so these are their questions in words of our own; ``in_its_place.py`` runs
the tests themselves. Flask-Session reads each session then, as it would on the day on which the line is changed back.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Callable, Dict

import flask_session
import pytest
from cachelib.file import FileSystemCache
from flask import Flask, request, session
from flask.testing import FlaskClient
from pymemcache.client.base import PooledClient
from pymongo import MongoClient
from redis import Redis

import flask_session_swap

Config = Dict[str, Any]


def database(server: str) -> Callable[[pytest.FixtureRequest, Path], Config]:
    def config(request: pytest.FixtureRequest, folder: Path) -> Config:
        return {
            "SESSION_TYPE": "sqlalchemy",
            "SQLALCHEMY_DATABASE_URI": request.getfixturevalue(server).create(f"as_flask_session_{secrets.token_hex(4)}"),
        }

    return config


#: How an application says where its sessions are.
STORES: Dict[str, Callable[[pytest.FixtureRequest, Path], Config]] = {
    "redis": lambda request, folder: {
        "SESSION_TYPE": "redis",
        "SESSION_REDIS": Redis(port=request.getfixturevalue("redis_server").port),
    },
    "memcached": lambda request, folder: {
        "SESSION_TYPE": "memcached",
        "SESSION_MEMCACHED": PooledClient(request.getfixturevalue("memcached_server").address, default_noreply=False),
    },
    "mongodb": lambda request, folder: {
        "SESSION_TYPE": "mongodb",
        "SESSION_MONGODB": MongoClient(request.getfixturevalue("mongodb_server").url),
    },
    "sqlite": lambda request, folder: {
        "SESSION_TYPE": "sqlalchemy",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'sessions.db'}",
    },
    "postgresql": database("postgres_server"),
    "mariadb": database("mariadb_server"),
    "files": lambda request, folder: {
        "SESSION_TYPE": "cachelib",
        "SESSION_CACHELIB": FileSystemCache(str(folder / "sessions"), threshold=0),
    },
}


@pytest.fixture(params=sorted(STORES))
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    return {"SESSION_PERMANENT": False, **STORES[request.param](request, tmp_path)}


def client(config: Config, attach: Callable[[Flask], Any], has_jar: bool = True) -> FlaskClient:
    """A browser that visits an application with these sessions. Without a jar it sends the cookies that it is told to."""
    app = Flask(__name__)
    app.config.update(config)
    attach(app)

    @app.get("/")
    def page() -> str:
        return "hello"

    @app.route("/value", methods=["GET", "POST", "DELETE"])
    def value() -> str:
        if request.method == "POST":
            session["value"] = request.form["value"]
        elif request.method == "DELETE":
            del session["value"]
        return str(session.get("value", "none"))

    return app.test_client(use_cookies=has_jar)


@pytest.mark.parametrize("chosen", [{}, {"SESSION_TYPE": "null"}, {"SESSION_TYPE": "nonsense"}])
def test_without_a_store_an_application_does_not_start(chosen: Config) -> None:
    with pytest.raises(ValueError):
        client({"SECRET_KEY": "secret", **chosen}, flask_session_swap.Session)


def test_a_value_is_set_read_changed_and_deleted(config: Config) -> None:
    visitor = client(config, flask_session_swap.Session)
    assert visitor.get("/value").text == "none"
    assert visitor.post("/value", data={"value": "42"}).text == "42"
    assert visitor.get("/value").text == "42"
    assert visitor.post("/value", data={"value": "43"}).text == "43"
    assert visitor.get("/value").text == "43"
    assert visitor.delete("/value").text == "none"
    assert visitor.get("/value").text == "none"


def test_an_answer_varies_by_the_cookie_if_the_session_was_used(config: Config) -> None:
    visitor = client(config, flask_session_swap.Session)
    visitor.post("/value", data={"value": "42"})
    assert "Vary" not in visitor.get("/").headers
    assert visitor.get("/value").headers.getlist("Vary") == ["Cookie"]


def test_flask_session_reads_what_was_set_and_is_read(config: Config) -> None:
    for serialization in ("msgpack", "json"):
        config["SESSION_SERIALIZATION_FORMAT"] = serialization
        visitor = client(config, flask_session_swap.Session)
        answer = visitor.post("/value", data={"value": "44"})
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith("session=")

        before = client(config, flask_session.Session, has_jar=False)
        known = {"Cookie": cookie.partition(";")[0]}
        assert before.get("/value", headers=known).text == "44"
        assert before.post("/value", data={"value": "45"}, headers=known).text == "45"
        assert visitor.get("/value").text == "45"
