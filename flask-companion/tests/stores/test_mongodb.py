"""What is special about MongoDB: Flask-Session's documents, the index that it lacks, and errors."""

from __future__ import annotations

import secrets
import traceback
from datetime import timedelta
from typing import Any, Callable

import flask_session
import pytest
from bson.binary import Binary
from bson.datetime_ms import DatetimeMS
from flask import Flask
from pymongo import MongoClient, monitoring

from flask_session_swap import clock
from flask_session_swap.settings import ConfigurationError
from flask_session_swap.stores.mongodb import LARGEST_RECORD, open_mongodb
from flask_session_swap.stores.store import Conflict, Done, Loaded, StoreError
from servers.mongodb import MongoDb
from servers.process import free_port, until

from .failure import failure
from .place import app_with

HOUR = 3600


@pytest.fixture
def place(mongodb_server: MongoDb) -> Flask:
    """An application with a database of its own."""
    return app_with(
        SESSION_TYPE="mongodb",
        SESSION_MONGODB=MongoClient(mongodb_server.url),
        SESSION_MONGODB_DB="shop_" + secrets.token_hex(8),
    )


def documents(app: Flask) -> Any:
    return app.config["SESSION_MONGODB"][app.config["SESSION_MONGODB_DB"]]["sessions"]


def test_documents_of_flask_session_are_read_here_and_those_of_here_there(place: Flask) -> None:
    flask_session.Session(place)
    theirs: Any = place.session_interface
    store = open_mongodb(place)
    session = theirs.session_class({"cart": [1, 2]}, sid="x")
    theirs._upsert_session(timedelta(seconds=90), session, "session:theirs")
    now = clock.now()
    loaded = store.load("session:theirs", now)
    assert loaded is not None and loaded.record == theirs.serializer.encode(session)
    assert loaded.expires is not None and 85 < loaded.expires - now <= 91
    changed = theirs.serializer.encode({"cart": [3]})
    assert isinstance(store.swap("session:theirs", loaded, changed, HOUR, now), Done)
    assert theirs._retrieve_session_data("session:theirs") == {"cart": [3]}
    record = theirs.serializer.encode({"new": True})
    assert isinstance(store.swap("session:mine", None, record, HOUR, now), Done)
    assert theirs._retrieve_session_data("session:mine") == {"new": True}
    assert set(documents(place).find_one({"id": "session:mine"})) == {"_id", "id", "val", "expiration"}


def test_the_indexes_are_those_of_rust_beside_flask_sessions_own(place: Flask) -> None:
    flask_session.Session(place)
    open_mongodb(place)
    indexes = documents(place).index_information()
    assert sorted(indexes) == ["_id_", "expiration_1", "id_1"]
    assert indexes["id_1"]["unique"] and indexes["expiration_1"]["expireAfterSeconds"] == 0


def test_a_moment_is_cut_to_milliseconds_and_is_the_end(place: Flask) -> None:
    store = open_mongodb(place)
    # Far in the future of the server's clock, so that its own task removes nothing.
    begin = 4_000_000_000.678901
    assert isinstance(store.swap("session:x", None, b"x", 60, begin), Done)
    written = documents(place).find_one({"id": "session:x"})
    assert DatetimeMS(written["expiration"]) == DatetimeMS(4_000_000_060_678)
    loaded = store.load("session:x", begin + 59.9)
    assert loaded is not None and loaded.expires == 4_000_000_060.678
    assert store.load("session:x", 4_000_000_060.678) is None
    # It is there until MongoDB's task comes.
    ended = begin + 60
    for new in (b"y", None):
        assert store.swap("session:x", loaded, new, 60, ended) == Conflict(None)
    assert store.delete("session:x", ended) is False
    assert isinstance(store.swap("session:x", None, b"x", 60, begin), Done)
    assert isinstance(store.swap("session:x", None, b"z", 60, ended), Done)
    assert documents(place).count_documents({"id": "session:x"}) == 1


def test_a_record_in_another_form_is_read_and_swapped_for_one_in_flasks(place: Flask) -> None:
    store = open_mongodb(place)
    for form in ("text", Binary(b"text", 0x80)):
        end = DatetimeMS(int((clock.now() + HOUR) * 1000))
        documents(place).insert_one({"id": "session:x", "val": form, "expiration": end})
        loaded = store.load("session:x", clock.now())
        assert loaded is not None and type(loaded.record) is bytes and loaded.record == b"text"
        assert isinstance(store.swap("session:x", loaded, b"new", HOUR, clock.now()), Done)
        assert store.swap("session:x", loaded, b"late", HOUR, clock.now()) != Done()
        assert documents(place).find_one({"id": "session:x"})["val"] == b"new"
        assert store.delete("session:x", clock.now()) is True


def test_a_call_is_one_command_and_a_conflict_one_more(place: Flask, mongodb_server: MongoDb) -> None:
    sent: "list[str]" = []

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            sent.append(event.command_name)

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

        def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    place.config["SESSION_MONGODB"] = MongoClient(mongodb_server.url, event_listeners=[Listener()])
    store = open_mongodb(place)
    now = clock.now()

    def commands(call: Callable[[], object]) -> "list[str]":
        sent.clear()
        call()
        return list(sent)

    assert commands(lambda: store.swap("session:x", None, b"1", HOUR, now)) == ["update"]
    assert commands(lambda: store.load("session:x", now)) == ["find"]
    assert commands(lambda: store.swap("session:x", Loaded(b"1"), b"2", None, now)) == ["update"]
    assert commands(lambda: store.swap("session:x", Loaded(b"1"), b"3", None, now)) == ["update", "find"]
    assert commands(lambda: store.swap("session:x", Loaded(b"2"), None, None, now)) == ["delete"]
    assert commands(lambda: store.delete("session:x", now)) == ["findAndModify"]


def test_two_documents_of_one_id_are_told_of_when_sessions_are_attached(place: Flask) -> None:
    documents(place).insert_many([{"id": "session:secret", "val": val} for val in (b"1", b"2")])
    with pytest.raises(ConfigurationError, match="two documents have one id") as error:
        open_mongodb(place)
    told = "".join(traceback.format_exception(error.type, error.value, None))
    assert "secret" not in told


def test_an_index_that_stands_in_the_way_is_told_of(place: Flask) -> None:
    documents(place).create_index("id")
    with pytest.raises(ConfigurationError, match="with other options"):
        open_mongodb(place)


def client_of_nobody() -> MongoClient[Any]:
    return MongoClient(f"mongodb://127.0.0.1:{free_port()}", serverSelectionTimeoutMS=50)


def test_a_server_that_is_away_is_left_to_the_requests_and_nothing_is_written() -> None:
    store = open_mongodb(app_with(SESSION_MONGODB=client_of_nobody()))
    assert not failure(lambda: store.load("session:secret", clock.now()), "secret").is_open
    now = clock.now()
    assert not failure(lambda: store.swap("session:secret", None, b"secret", HOUR, now), "secret").is_open


def test_an_answer_that_does_not_come_leaves_open_what_was_written(
    place: Flask, mongodb_server: MongoDb
) -> None:
    # The server has been asked for everything that it is asked for once, by somebody who is patient.
    assert open_mongodb(place).load("session:secret", clock.now()) is None
    place.config["SESSION_MONGODB"] = MongoClient(mongodb_server.url, socketTimeoutMS=500)
    store = open_mongodb(place)

    def is_connected() -> bool:
        try:
            return store.load("session:secret", clock.now()) is None
        except StoreError:
            return False

    until(is_connected, "connected")
    mongodb_server.process.pause()
    try:
        now = clock.now()
        assert failure(lambda: store.swap("session:secret", None, b"secret", HOUR, now), "secret").is_open
        assert not failure(lambda: store.load("session:secret", clock.now()), "secret").is_open
    finally:
        mongodb_server.process.resume()


def test_what_was_written_survives_an_outage_and_the_indexes_are_made_when_the_server_is_there() -> None:
    server = MongoDb()
    try:
        server.kill()
        client: MongoClient[Any] = MongoClient(server.url, serverSelectionTimeoutMS=3_000)
        app = app_with(SESSION_MONGODB=client, SESSION_MONGODB_DB="shop")
        store = open_mongodb(app)
        server.restart()
        assert isinstance(store.swap("session:x", None, b"x", HOUR, clock.now()), Done)
        assert "id_1" in documents(app).index_information()
        server.restart()
        loaded = store.load("session:x", clock.now())
        assert loaded is not None and loaded.record == b"x"
    finally:
        server.stop()


def test_a_record_that_a_command_can_not_hold_is_refused(place: Flask) -> None:
    store = open_mongodb(place)
    too_long = bytes(LARGEST_RECORD + 1)
    assert not failure(lambda: store.swap("session:x", None, too_long, HOUR, clock.now())).is_open
    assert isinstance(store.swap("session:x", None, bytes(LARGEST_RECORD), HOUR, clock.now()), Done)
    loaded = store.load("session:x", clock.now())
    assert isinstance(store.swap("session:x", loaded, b"1" * LARGEST_RECORD, HOUR, clock.now()), Done)


@pytest.mark.parametrize(
    "config, told",
    [
        ({"SESSION_MONGODB": "mongodb://127.0.0.1"}, "MongoClient"),
        ({"SESSION_MONGODB": MongoClient("mongodb://127.0.0.1", w=0, connect=False)}, "w=0"),
        ({"SESSION_MONGODB_DB": "a/b"}, "SESSION_MONGODB_DB"),
        ({"SESSION_MONGODB_COLLECT": ""}, "SESSION_MONGODB_COLLECT"),
    ],
)
def test_what_can_not_be_a_collection_of_sessions_is_refused(config: "dict[str, object]", told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        open_mongodb(app_with(**{"SESSION_MONGODB": client_of_nobody(), **config}))
