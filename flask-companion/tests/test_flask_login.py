"""Log-ins by the real Flask-Login."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from redis import Redis

from flask_session_swap import Session
from answers import cookie_of
from test_session import record


class User(UserMixin):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        self.id = name


def application(redis: Redis, **config: Any) -> FlaskClient:
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis, SECRET_KEY="k", **config)
    Session(app)
    LoginManager(app).user_loader(User)

    @app.route("/put/<thing>", methods=["GET", "POST"])
    def put(thing: str) -> str:
        session.setdefault("cart", []).append(thing)
        return "put"

    @app.get("/cart")
    def cart() -> str:
        return str(session.get("cart"))

    @app.post("/in/<name>")
    def log_in(name: str) -> str:
        login_user(User(name), remember=True)
        return "in"

    @app.post("/out")
    def log_out() -> str:
        logout_user()
        return "out"

    @app.get("/account")
    @login_required  # type: ignore[untyped-decorator]
    def account() -> str:
        return f"{current_user.id} {session.get('_fresh')}"

    return app.test_client()


def test_a_log_in_gives_a_new_id_and_keeps_what_the_visitor_had(redis: Redis) -> None:
    client = application(redis)
    visitor = cookie_of(client.get("/put/apple")) or ""
    client.post("/in/momo")
    assert client.get("/account").text == "momo True"
    assert record(redis, visitor) is None
    (key,) = (key for key in redis.keys("session:*") if b"~" not in key)
    stored = record(redis, key.decode().removeprefix("session:"))
    assert stored["_user_id"] == "momo" and stored["cart"] == ["apple"] and stored["_login_at"][0] > 0


def test_a_log_out_leaves_nothing_of_the_user_and_forgets_the_remembered_login(redis: Redis) -> None:
    client = application(redis)
    client.get("/put/apple")
    client.post("/in/momo")
    client.post("/out")
    assert client.get("/account").status_code == 401
    assert client.get_cookie("remember_token") is None
    assert not [key for key in redis.keys("session:*") if b"~" not in key]


def test_a_remembered_user_is_logged_in_under_a_new_id_and_has_proven_nothing(redis: Redis) -> None:
    client = application(redis)
    client.post("/in/momo")
    client.delete_cookie("session")
    sid = cookie_of(client.get("/put/apple")) or ""
    answer = client.get("/account")
    assert answer.text == "momo False"
    logged_in = cookie_of(answer) or ""
    assert logged_in != sid
    # So a page that asks for a fresh login, on the other side too, asks for the password.
    assert record(redis, logged_in)["_login_at"][0] == 0


def test_a_log_out_with_an_id_that_was_renewed_ends_the_session_of_the_user(redis: Redis) -> None:
    client = application(redis)
    old = cookie_of(client.get("/put/apple")) or ""
    client.post("/in/momo")
    late = application(redis)
    late.set_cookie("session", old)
    late.post("/out")
    assert client.get("/put/pear").status_code == 200
    client.delete_cookie("remember_token")
    assert client.get("/account").status_code == 401


def test_the_same_user_who_logs_in_again_gets_a_new_id_and_keeps_the_data(redis: Redis) -> None:
    client = application(redis)
    client.get("/put/apple")
    first = client.post("/in/momo")
    second = client.post("/in/momo")
    ids = [[cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("session=")] for answer in (first, second)]
    assert ids[0] and ids[1] and ids[0] != ids[1]
    assert client.get("/account").text == "momo True"


def test_requests_that_come_with_the_remembered_login_at_once_are_one_session(redis: Redis) -> None:
    client = application(redis)
    client.post("/in/momo")
    client.delete_cookie("session")
    visitor = cookie_of(client.get("/put/apple")) or ""
    remembered = client.get_cookie("remember_token")
    assert remembered is not None

    def ask(_: int) -> int:
        other = application(redis)
        other.set_cookie("session", visitor)
        other.set_cookie("remember_token", remembered.value)
        return other.get("/account").status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [200] * 8
    living = [key for key in redis.keys("session:*") if b"~" not in key]
    # The first one is that of the log-in by a password.
    assert len(living) == 2


def test_a_remembered_login_takes_nobody_into_a_session_that_a_password_has_begun(redis: Redis) -> None:
    client = application(redis)
    client.post("/in/momo")
    remembered = client.get_cookie("remember_token")
    client.delete_cookie("session")
    client.delete_cookie("remember_token")
    visitor = cookie_of(client.get("/put/apple")) or ""
    client.post("/in/momo")
    assert remembered is not None
    # Somebody who has the old id and the cookie, and no password.
    other = application(redis)
    other.set_cookie("session", visitor)
    other.set_cookie("remember_token", remembered.value)
    answer = other.get("/account")
    assert answer.text == "momo False" and cookie_of(answer) is None
    assert "apple" not in other.get("/cart").text


def test_a_log_in_by_a_password_does_not_share_the_session_of_a_remembered_login(redis: Redis) -> None:
    client = application(redis)
    client.post("/in/momo")
    client.delete_cookie("session")
    visitor = cookie_of(client.get("/put/apple")) or ""
    recalled = cookie_of(client.get("/account"))
    other = application(redis)
    other.set_cookie("session", visitor)
    proven = next(
        cookie for cookie in other.post("/in/momo").headers.getlist("Set-Cookie") if cookie.startswith("session=")
    )
    assert recalled is not None and recalled not in proven
    assert other.get("/account").text == "momo True"
    assert client.get("/account").text == "momo False"


def test_a_request_that_comes_with_the_old_id_after_a_log_out_is_not_logged_in_again_by_its_cookie(
    redis: Redis,
) -> None:
    client = application(redis)
    client.get("/put/apple")
    client.post("/in/momo")
    session_cookie, remembered = client.get_cookie("session"), client.get_cookie("remember_token")
    assert session_cookie is not None and remembered is not None
    client.post("/out")
    late = application(redis)
    late.set_cookie("session", session_cookie.value)
    late.set_cookie("remember_token", remembered.value)
    assert cookie_of(late.get("/account")) is None
    assert late.post("/put/pear").status_code == 409
    assert not [key for key in redis.keys("session:*") if b"~" not in key]
