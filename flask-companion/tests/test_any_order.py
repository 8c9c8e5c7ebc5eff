"""What holds in any order of the store calls of several requests."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Set

import pytest
from flask import Flask, request, session

import flask_session_swap.extension
from flask_session_swap import Session
from flask_session_swap.records import Msgspec
from answers import cookie_of
from memory_store import MemoryStore
from schedule import run

ORDERS = 4_000 if os.environ.get("SESSION_TESTS_LONG") else 120
PREFIX = "session:"
RECORDS = Msgspec("msgpack")


class Answer(NamedTuple):
    status: int
    #: The id in the answer's cookie; empty for one that deletes it.
    cookie: Optional[str]


def application(store: Any, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """One of many processes: each has an application of its own."""
    app = Flask(__name__)
    app.config.update(
        SESSION_TYPE="redis", SESSION_LOGIN_KEY="user", SESSION_MERGE={"count": "add", "cart": "union"}
    )
    monkeypatch.setattr(flask_session_swap.extension, "open_store", lambda kind, app: store)
    Session(app)

    @app.post("/<action>")
    def act(action: str) -> str:
        value = request.args.get("v", "")
        if action == "log-in":
            session["user"] = value
        elif action == "log-out":
            session.pop("user", None)
        elif action == "clear":
            session.clear()
        elif action == "renew":
            session.get("user")
            app.session_interface.regenerate(session)  # type: ignore[attr-defined]
        elif action == "set":
            session[value] = value
        elif action == "count":
            session["count"] = session.get("count", 0) + 1
        elif action == "put":
            session.setdefault("cart", []).append(value)
        elif action == "read":
            session.get("user")
        return "done"

    return app


class World:
    """A store with one browser's session in it, and what its requests did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **data: Any) -> None:
        self._monkeypatch = monkeypatch
        self.store = MemoryStore()
        self.sid: Optional[str] = None
        for key, value in data.items():
            path = f"log-in?v={value}" if key == "user" else f"{'put' if key == 'cart' else 'set'}?v={value}"
            self.sid = self.send(path, self.store).cookie or self.sid

    def send(self, path: str, store: Any, sid: Optional[str] = None) -> Answer:
        app = application(store, self._monkeypatch)
        cookie = {"Cookie": f"session={sid or self.sid}"} if sid or self.sid else {}
        answer = app.test_client(use_cookies=False).post("/" + path, headers=cookie)
        return Answer(answer.status_code, cookie_of(answer))

    def all_at_once(self, seed: int, *paths: str) -> List[Answer]:
        self.answers = run(self.store, [lambda gate, path=path: self.send(path, gate) for path in paths], seed)  # type: ignore[misc]
        assert all(answer.status in (200, 409) for answer in self.answers), self.answers
        return self.answers

    def sessions(self) -> Dict[str, Dict[str, Any]]:
        """All that live, by id."""
        return {
            key[len(PREFIX) :]: RECORDS.decode(loaded.record) or {}
            for key, loaded in self.store.records.items()
            if not key.startswith(PREFIX + "~")
        }

    def known_to_browser(self) -> Set[str]:
        """The ids of all cookies that the browser may have, in whatever order the answers arrive."""
        return {answer.cookie for answer in self.answers if answer.cookie is not None} or {self.sid or ""}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def in_any_order() -> range:
    return range(ORDERS)


def test_every_cookie_leads_to_the_user_after_a_log_in_beside_writes_which_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, cart="apple")
        answers = world.all_at_once(seed, "log-in?v=momo", "set?v=a", "put?v=pear", "read")
        sessions = world.sessions()
        for cookie in world.known_to_browser():
            held = sessions[cookie]
            assert held["user"] == "momo", seed
            assert "apple" in held["cart"], seed
            assert answers[1].status != 200 or held["a"] == "a", seed
            assert answers[2].status != 200 or "pear" in held["cart"], seed
        assert answers[0].status == answers[3].status == 200, seed


def test_a_double_click_on_the_log_in_is_one_session_with_all_that_the_visitor_has_collected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, cart="apple")
        world.all_at_once(seed, "log-in?v=momo", "log-in?v=momo", "log-in?v=momo")
        (held,) = world.sessions().values()
        assert held["user"] == "momo" and held["cart"] == ["apple"], seed
        assert world.known_to_browser() == set(world.sessions()), seed


@pytest.mark.parametrize("end", ["log-out", "clear"])
def test_nobody_is_logged_in_after_a_log_out_beside_anything_but_a_log_in(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, cart="apple", user="momo")
        answers = world.all_at_once(seed, end, "set?v=a", "renew", "count")
        assert answers[0].status == 200, seed
        assert all("user" not in held and "cart" not in held for held in world.sessions().values()), seed


def test_nothing_of_one_user_reaches_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, user="momo", cart="apple")
        world.all_at_once(seed, "log-in?v=kiki", "put?v=pear", "set?v=a", "renew")
        for held in world.sessions().values():
            if held.get("user") == "kiki":
                assert "cart" not in held and "a" not in held, seed
        assert any(held.get("user") == "kiki" for held in world.sessions().values()), seed


def test_two_users_who_log_in_at_once_have_two_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, cart="apple")
        world.all_at_once(seed, "log-in?v=momo", "log-in?v=kiki", "put?v=pear")
        sessions = world.sessions()
        users = sorted(str(held.get("user")) for held in sessions.values())
        assert users == ["kiki", "momo"], (seed, sessions)
        # What the visitor had collected goes with one of them.
        assert sum("apple" in held.get("cart", []) for held in sessions.values()) <= 1, seed


def test_no_increment_is_lost_beside_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, user="momo", a="a")
        answers = world.all_at_once(seed, "count", "count", "renew", "count")
        (held,) = world.sessions().values()
        counted = [answers[0], answers[1], answers[3]]
        # One that comes after the renewal, with the old id, is told that it does not count.
        assert held.get("count", 0) == sum(answer.status == 200 for answer in counted), (seed, answers)


def test_a_session_that_was_cleared_keeps_what_others_have_put_in_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, cart="apple")
        answers = world.all_at_once(seed, "clear", "set?v=a")
        sessions = world.sessions()
        assert all("cart" not in held for held in sessions.values()), seed
        if answers[1].status == 200 and sessions:
            (held,) = sessions.values()
            assert held.get("a") == "a", seed


def test_a_user_who_logs_in_again_keeps_the_data_or_is_told_that_the_session_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in in_any_order():
        world = World(monkeypatch, user="momo", cart="apple")
        answers = world.all_at_once(seed, "log-in?v=momo", "renew", "put?v=pear")
        (held,) = world.sessions().values()
        assert held["user"] == "momo" and "apple" in held["cart"], seed
        assert answers[2].status != 200 or "pear" in held["cart"], seed


def test_the_scheduler_meets_orders_in_which_requests_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that never interleaves would prove nothing."""
    swaps = {"conflicts": 0}
    swap = MemoryStore.swap

    def counted(self: MemoryStore, *arguments: Any) -> Any:
        swapped = swap(self, *arguments)
        swaps["conflicts"] += hasattr(swapped, "current")
        return swapped

    monkeypatch.setattr(MemoryStore, "swap", counted)
    for seed in range(50):
        World(monkeypatch, a="a").all_at_once(seed, "count", "count")
    assert swaps["conflicts"] > 5
