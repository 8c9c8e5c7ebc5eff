"""An application's pages: who sees and ends which sessions."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, login_user, logout_user

from flask_session_swap import ConfigurationError, Session, sessions_of, user_sessions
from memory_store import MemoryStore

from .application import Device, application
from .conftest import Clock
from .world import PREFIX, World


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def app(store: MemoryStore, moved_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Flask:
    return application(store, monkeypatch)


def labels(device: Device) -> Any:
    return [(line["label"], line["current"]) for line in device.devices()]


def test_a_page_shows_all_devices_of_the_user_and_says_which_one_asks(app: Flask) -> None:
    telephone, laptop, of_ann = Device(app, "a telephone"), Device(app, "a laptop"), Device(app, "a tablet")
    for device, user in ((telephone, "momo"), (laptop, "momo"), (of_ann, "ann")):
        device.log_in(user)
    assert labels(telephone) == [("a laptop", False), ("a telephone", True)]
    assert labels(of_ann) == [("a tablet", True)]
    assert set(telephone.devices()[0]) == {"handle", "created", "last_seen", "label", "current"}


def test_a_visitor_is_told_to_log_in(app: Flask) -> None:
    for answer in (Device(app).get("/devices"), Device(app).post("/end-all")):
        assert answer.status_code == 401


def test_a_device_is_ended_by_another(app: Flask) -> None:
    telephone, laptop, of_ann = Device(app), Device(app), Device(app)
    telephone.log_in()
    laptop.log_in()
    of_ann.log_in("ann")
    handle = telephone.devices()[0]["handle"]
    assert of_ann.post(f"/end/{handle}").json is False
    assert telephone.post(f"/end/{handle}").json is True
    assert (telephone.user, laptop.user, of_ann.user) == ("momo", "", "ann")


def test_all_others_are_ended(app: Flask) -> None:
    devices = [Device(app) for _ in range(4)]
    for device in devices:
        device.log_in()
    assert devices[1].post("/end-others").json == 3
    assert [device.user for device in devices] == ["", "momo", "", ""]


def test_all_are_ended_with_the_one_that_asks_whose_cookie_goes(app: Flask, store: MemoryStore) -> None:
    devices = [Device(app) for _ in range(3)]
    for device in devices:
        device.log_in()
    assert devices[1].post("/end-all").json == 3
    assert devices[1].sid == ""
    assert [device.user for device in devices] == ["", "", ""]
    assert store.records == {}


def test_what_is_set_after_the_end_is_of_a_new_session(app: Flask, store: MemoryStore) -> None:
    device = Device(app)
    device.log_in()
    device.post("/set/cart/tea")
    before = device.sid
    assert device.post("/end-all-and-flash").json == 1
    assert device.sid not in ("", before)
    assert (device.user, list(store.records)) == ("", [PREFIX + device.sid])
    assert World(store).data(device.sid) == {"_permanent": True, "bye": 1}


def test_an_administrator_without_a_session_ends_all_of_a_user(app: Flask) -> None:
    devices = [Device(app) for _ in range(2)]
    for device in devices:
        device.log_in()
    administrator = Device(app)
    assert administrator.post("/admin/end/ann").json == 0
    assert administrator.post("/admin/end/momo").json == 2
    assert [device.user for device in devices] == ["", ""]
    assert administrator.sid == ""


def test_a_job_ends_sessions_with_the_context_of_the_application(app: Flask) -> None:
    device = Device(app, "a telephone")
    device.log_in()
    with app.app_context():
        assert [session.label for session in sessions_of("momo").list()] == ["a telephone"]
        assert sessions_of("momo").end_all() == 1
    assert device.user == ""


def test_a_log_out_leaves_the_list(app: Flask) -> None:
    first, second = Device(app), Device(app)
    first.log_in()
    second.log_in()
    first.post("/log-out")
    assert len(second.devices()) == 1
    second.post("/log-out")
    assert Device(app).post("/admin/end/momo").json == 0


def test_a_new_id_and_a_log_in_again_keep_the_entry(app: Flask, store: MemoryStore) -> None:
    device = Device(app, "a telephone")
    device.log_in()
    (before,) = device.devices()
    ids = {device.sid}
    for path in ("/renew", "/log-in/momo"):
        device.name = "another name"
        device.post(path)
        ids.add(device.sid)
        assert device.devices() == [before]
    assert len(ids) == 3
    assert World(store).listed("momo") == [device.sid]


def test_another_user_is_in_another_list(app: Flask, store: MemoryStore) -> None:
    device = Device(app)
    device.log_in("momo")
    device.log_in("ann")
    assert len(device.devices()) == 1
    assert World(store).listed("momo") == []
    assert Device(app).post("/admin/end/momo").json == 0
    assert device.user == "ann"


def test_a_session_of_a_program_without_lists_is_entered_by_a_page_that_reads(
    app: Flask, store: MemoryStore
) -> None:
    visitor, other = Device(app, "a tablet"), Device(app)
    visitor.post("/set/cart/tea")
    World(store).change(visitor.sid, user="momo")
    other.log_in()
    assert len(other.devices()) == 1
    calls = store.calls
    assert visitor.user == "momo"
    assert store.calls > calls + 1
    assert sorted(labels(other)) == [("a browser", True), ("a tablet", False)]
    # It is sealed, so that the next page asks nothing of the list.
    calls = store.calls
    assert visitor.user == "momo" and store.calls == calls + 1


def test_a_page_that_only_reads_asks_nothing_of_the_list(app: Flask, store: MemoryStore) -> None:
    device = Device(app)
    device.log_in()
    for path, asked in (("/who", 1), ("/set/cart/tea", 2)):
        calls = store.calls
        assert (device.get(path) if path == "/who" else device.post(path)).status_code == 200
        assert store.calls - calls == asked, path


class User(UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


def test_flask_login_says_whose_sessions_they_are(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(store, monkeypatch, SESSION_LOGIN_KEY=None, SECRET_KEY="for its remembered cookies")
    LoginManager(app).user_loader(User)
    app.add_url_rule("/in", "in", view_func=lambda: str(login_user(User("7"))), methods=["POST"])
    app.add_url_rule("/out", "out", view_func=lambda: str(logout_user()), methods=["POST"])
    first, second = Device(app, "a telephone"), Device(app, "a laptop")
    for device in (first, second):
        assert device.post("/in").text == "True"
    assert labels(first) == [("a laptop", False), ("a telephone", True)]
    first.post("/out")
    assert labels(second) == [("a laptop", True)]
    with app.app_context():
        assert sessions_of("7").end_all() == 1
    assert second.get("/devices").status_code == 401


def test_the_mark_of_a_session_that_was_not_to_begin_is_no_session(
    app: Flask, store: MemoryStore, moved_clock: Clock
) -> None:
    device = Device(app)
    device.post("/set/cart/tea")
    sid, there = device.sid, store.records[PREFIX + device.sid]
    store.swap(PREFIX + sid, there, b"\x80", 100, moved_clock.time)
    assert device.user == ""
    device.post("/set/cart/coffee")
    assert device.sid != sid and World(store).data(device.sid)["cart"] == "coffee"
    assert store.records[PREFIX + sid].record == b"\x80"


class TestLabel:
    def test_it_is_the_user_agent_cut_without_what_nobody_sees(self, app: Flask) -> None:
        for sent, kept in (
            (" Firefox\x7f 140 ", "Firefox 140"),
            ("x" * 300, "x" * 200),
            ("é".encode().decode("latin-1") * 150, "é" * 100),
            ("a\xe2\x80\xaeb", "ab"),
            ("", ""),
        ):
            device = Device(app, sent)
            device.log_in(f"user of {kept[:5]}")
            assert labels(device) == [(kept, True)]

    def test_an_application_sets_another_which_stays(self, app: Flask) -> None:
        device = Device(app, "Firefox")
        device.post("/log-in/momo?label=a telephone")
        device.post("/log-in/momo")
        assert labels(device) == [("a telephone", True)]
        assert device.post("/label/a%20tablet\u202e").text == "momo"
        assert labels(device) == [("a tablet", True)]

    def test_a_label_is_written_once(self, app: Flask, store: MemoryStore) -> None:
        device = Device(app)
        device.log_in()
        device.post("/label/one")
        calls = store.calls
        assert device.user == "momo" and store.calls == calls + 1


class TestLimit:
    def test_a_log_in_beyond_it_is_refused_with_409_and_changes_nothing(
        self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = application(store, monkeypatch, SESSION_MAX_PER_USER=1, SESSION_WHEN_FULL="refuse")
        first, second = Device(app), Device(app)
        first.log_in()
        second.post("/set/cart/tea")
        before = dict(store.records)
        assert second.post("/log-in/momo").status_code == 409
        assert store.records == before and second.user == "" and first.user == "momo"

    def test_the_oldest_session_is_ended(self, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
        app = application(store, monkeypatch, SESSION_MAX_PER_USER=2)
        devices = [Device(app) for _ in range(3)]
        for device in devices:
            device.log_in()
        assert [device.user for device in devices] == ["", "momo", "momo"]


class TestFailures:
    def test_a_store_that_fails_is_a_503(self, app: Flask, store: MemoryStore) -> None:
        device = Device(app)
        device.log_in()
        for failing in range(2, 5):
            store.failing = [store.calls + failing]
            answer = device.post("/end-all")
            assert answer.status_code == 503, failing
            store.failing = []
            device.log_in()

    @pytest.mark.parametrize(
        ("config", "told"),
        [({"SESSION_LISTED": False}, "SESSION_LISTED"), ({"SESSION_LOGIN_KEY": None}, "SESSION_LOGIN_KEY")],
    )
    def test_whoever_asks_for_a_list_that_there_is_not_is_told_what_to_write(
        self, monkeypatch: pytest.MonkeyPatch, config: Any, told: str
    ) -> None:
        app = application(MemoryStore(), monkeypatch, **config)
        with app.test_request_context():
            for ask in (user_sessions, lambda: sessions_of("momo")):
                with pytest.raises(ConfigurationError, match=told):
                    ask()

    def test_lists_without_a_login_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "flask_login", None)
        with pytest.raises(ConfigurationError, match="SESSION_LOGIN_KEY"):
            application(MemoryStore(), monkeypatch, SESSION_LOGIN_KEY=None)

    def test_sessions_of_another_kind_have_no_lists(self) -> None:
        with Flask(__name__).app_context(), pytest.raises(ConfigurationError, match="flask_session_swap"):
            sessions_of("momo")

    @pytest.mark.parametrize(
        ("config", "told"),
        [
            ({"SESSION_LISTED": "yes"}, "SESSION_LISTED"),
            ({"SESSION_LISTED": True, "SESSION_MAX_PER_USER": 101}, "at most 100"),
            ({"SESSION_LISTED": True, "SESSION_MAX_PER_USER": -1}, "SESSION_MAX_PER_USER"),
            ({"SESSION_MAX_PER_USER": 3}, "SESSION_LISTED = True"),
            ({"SESSION_LISTED": True, "SESSION_WHEN_FULL": "newest"}, "SESSION_WHEN_FULL"),
        ],
    )
    def test_settings_that_can_not_be_are_refused(self, config: Any, told: str) -> None:
        app = Flask(__name__)
        app.config.update({"SESSION_TYPE": "redis", "SESSION_LOGIN_KEY": "user", **config})
        with pytest.raises(ConfigurationError, match=told):
            Session(app)
