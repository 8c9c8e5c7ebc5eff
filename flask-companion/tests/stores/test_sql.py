"""What is special about databases: the application's own work, Flask-Session's table, and errors."""

from __future__ import annotations

import os
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import flask_session
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, event, inspect, text
from sqlalchemy.engine import Engine

from flask_session_swap import clock
from flask_session_swap.settings import ConfigurationError
from flask_session_swap.stores.sql import SqlStore, connections, open_sql
from flask_session_swap.stores.store import Conflict, Done, Loaded, StoreError
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import PATIENCE, until

from . import at_sql
from .failure import failure
from .place import app_with
from .test_every_store import count

HOUR = 3600
KINDS: Dict[str, Callable[[pytest.FixtureRequest], str]] = {
    "sqlite": at_sql.sqlite,
    "postgresql": at_sql.postgres,
    "mariadb": at_sql.mariadb,
}


@pytest.fixture(params=sorted(KINDS))
def address(request: pytest.FixtureRequest) -> str:
    return KINDS[request.param](request)


@pytest.fixture(params=["postgresql", "mariadb"])
def server_address(request: pytest.FixtureRequest) -> str:
    return KINDS[request.param](request)


def key() -> str:
    return "session:" + secrets.token_urlsafe(32)


def application(address: str, **config: Any) -> Tuple[Flask, SQLAlchemy]:
    """Returns an application with a database object, which is configured as that of its sessions."""
    app = app_with(SQLALCHEMY_DATABASE_URI=address, **config)
    db = SQLAlchemy(app)
    app.config["SESSION_SQLALCHEMY"] = db
    return app, db


def with_flask_session(address: str) -> Tuple[Flask, Any]:
    """Returns an application as it is with Flask-Session, and its session interface."""
    app, _ = application(address, SESSION_TYPE="sqlalchemy")
    flask_session.Session(app)
    return app, app.session_interface


def rows(address: str, query: str) -> List[Tuple[Any, ...]]:
    app, db = application(address)
    with app.app_context(), db.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def change(address: str, statement: str, **values: object) -> None:
    app, db = application(address)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)


def put(store: SqlStore, sid: str, record: bytes, lifetime: int = HOUR) -> None:
    assert isinstance(store.swap(sid, None, record, lifetime, clock.now()), Done)


# The application's own work


def test_unfinished_work_of_the_application_is_neither_committed_nor_undone(server_address: str) -> None:
    app, db = application(server_address)
    store, sid = open_sql(app), key()
    change(server_address, "CREATE TABLE ledger (amount INTEGER)")
    with app.app_context():
        for ends in (db.session.rollback, db.session.commit):
            db.session.execute(text("INSERT INTO ledger VALUES (1)"))
            loaded = store.load(sid, clock.now())
            assert isinstance(store.swap(sid, loaded, b"x", HOUR, clock.now()), Done)
            assert rows(server_address, "SELECT * FROM ledger") == [], "the work was committed"
            seen = db.session.execute(text("SELECT * FROM ledger")).all()
            assert seen == [(1,)], "the work was rolled back"
            ends()
    assert rows(server_address, "SELECT * FROM ledger") == [(1,)]
    loaded = store.load(sid, clock.now())
    assert loaded is not None and loaded.record == b"x"


def test_unfinished_work_in_a_sqlite_file_keeps_sessions_from_being_written_and_nothing_else(
    tmp_path: Path,
) -> None:
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    app, db = application(address, SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.1}})
    store, sid = open_sql(app), key()
    put(store, sid, b"x")
    change(address, "CREATE TABLE ledger (amount INTEGER)")
    loaded = store.load(sid, clock.now())
    with app.app_context():
        db.session.execute(text("INSERT INTO ledger VALUES (1)"))
        assert store.load(sid, clock.now()) == loaded
        with pytest.raises(StoreError, match="the application's own") as error:
            store.swap(sid, loaded, b"y", HOUR, clock.now())
        assert not error.value.is_open
        db.session.commit()
    assert rows(address, "SELECT * FROM ledger") == [(1,)]
    assert isinstance(store.swap(sid, loaded, b"y", HOUR, clock.now()), Done)


def test_a_database_in_memory_is_one_for_the_application_and_another_for_its_sessions() -> None:
    app, db = application("sqlite://")
    store, sid = open_sql(app), key()
    with app.app_context():
        db.session.execute(text("CREATE TABLE ledger (amount INTEGER)"))
        db.session.commit()
        db.session.execute(text("INSERT INTO ledger VALUES (1)"))
        with ThreadPoolExecutor(8) as pool:
            for counted in [pool.submit(count, store, sid, 50) for _ in range(8)]:
                counted.result(PATIENCE)
        db.session.rollback()
        assert db.session.execute(text("SELECT * FROM ledger")).all() == [], "the work was committed"
    loaded = store.load(sid, clock.now())
    assert loaded is not None and loaded.record == b"400"


def test_requests_that_keep_all_connections_do_not_wait_for_each_other(server_address: str) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": PATIENCE}
    app, db = application(server_address, SQLALCHEMY_ENGINE_OPTIONS=options)
    store, sid = open_sql(app), key()
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        with ThreadPoolExecutor(4) as pool:
            for counted in [pool.submit(count, store, sid, 5) for _ in range(4)]:
                counted.result(PATIENCE / 2)


def test_a_listener_that_begins_transactions_does_not_undo_what_is_written(tmp_path: Path) -> None:
    # SQLAlchemy's manual has it for SQLite.
    address = f"sqlite:///{tmp_path / 'sessions.db'}"

    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(Engine, "begin", begin)
    try:
        put(at_sql.at(address), "session:x", b"x")
    finally:
        event.remove(Engine, "begin", begin)
    assert at_sql.at(address).load("session:x", clock.now()) is not None


def test_nothing_is_lost_where_transactions_are_serializable(server_address: str) -> None:
    app, _ = application(server_address, SQLALCHEMY_ENGINE_OPTIONS={"isolation_level": "SERIALIZABLE"})
    store, sid = open_sql(app), key()
    with ThreadPoolExecutor(4) as pool:
        for counted in [pool.submit(count, store, sid, 25) for _ in range(4)]:
            counted.result(PATIENCE)
    loaded = store.load(sid, clock.now())
    assert loaded is not None and loaded.record == b"100"


# Flask-Session's table


def test_rows_of_flask_session_are_read_and_rows_written_here_are_read_by_flask_session(address: str) -> None:
    app, theirs = with_flask_session(address)
    store, sid = at_sql.at(address), key()
    session = theirs.session_class({"cart": [1, 2]}, sid="x")
    with app.app_context():
        theirs._upsert_session(timedelta(seconds=90), session, sid)
        now = clock.now()
        loaded = store.load(sid, now)
        assert loaded is not None and loaded.record == theirs.serializer.encode(session)
        assert loaded.expires is not None and 85 < loaded.expires - now <= 91
        assert isinstance(store.swap(sid, loaded, theirs.serializer.encode({"cart": [3]}), HOUR, now), Done)
        theirs.client.session.rollback()
        assert theirs._retrieve_session_data(sid) == {"cart": [3]}
        mine = key()
        put(store, mine, theirs.serializer.encode({"new": True}))
        theirs.client.session.rollback()
        assert theirs._retrieve_session_data(mine) == {"new": True}
        assert store.delete(mine, clock.now())
        theirs.client.session.rollback()
        assert theirs._retrieve_session_data(mine) is None


def test_the_table_is_the_one_that_flask_session_makes(request: pytest.FixtureRequest, address: str) -> None:
    at_sql.at(address).load(key(), clock.now())
    theirs = KINDS[str(request.node.callspec.params["address"])](request).replace("sessions.db", "other.db")
    with_flask_session(theirs)

    def shape(address: str) -> object:
        app, db = application(address)
        with app.app_context():
            found = inspect(db.engine)
            columns = [{**column, "type": str(column["type"])} for column in found.get_columns("sessions")]
            return columns, found.get_unique_constraints("sessions"), found.get_indexes("sessions")

    assert shape(address) == shape(theirs)


def test_many_that_find_the_table_missing_at_once_all_go_on(address: str) -> None:
    stores = [at_sql.at(address) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(put, store, key(), b"x") for store in stores]:
            made.result(PATIENCE)
    assert rows(address, "SELECT COUNT(*) FROM sessions") == [(8,)]


def test_two_applications_may_share_a_database_object_and_migrations_know_the_table(address: str) -> None:
    db = SQLAlchemy()
    stores = []
    for _ in range(2):
        app = app_with(SQLALCHEMY_DATABASE_URI=address, SESSION_SQLALCHEMY_TABLE="visits")
        app.config["SESSION_SQLALCHEMY"] = db
        db.init_app(app)
        stores.append(open_sql(app))
    assert list(db.metadata.tables) == ["visits"]
    sid = key()
    put(stores[0], sid, b"x")
    assert stores[1].load(sid, clock.now()) is not None


def test_a_table_that_was_dropped_is_made_again(address: str) -> None:
    store = at_sql.at(address)
    put(store, key(), b"x")
    change(address, "DROP TABLE sessions")
    put(store, key(), b"x")
    assert rows(address, "SELECT COUNT(*) FROM sessions") == [(1,)]


def test_a_bind_has_sessions_of_its_own(tmp_path: Path) -> None:
    first, second = f"sqlite:///{tmp_path / 'first.db'}", f"sqlite:///{tmp_path / 'second.db'}"
    app, _ = application(first, SQLALCHEMY_BINDS={"web": second}, SESSION_SQLALCHEMY_BIND_KEY="web")
    put(open_sql(app), key(), b"x")
    assert rows(second, "SELECT COUNT(*) FROM sessions") == [(1,)]
    assert rows(first, "SELECT name FROM sqlite_master") == []


def test_schema_and_sequence_are_those_of_the_configuration(request: pytest.FixtureRequest) -> None:
    address = at_sql.postgres(request)
    change(address, "CREATE SCHEMA web")
    app, _ = application(address, SESSION_SQLALCHEMY_SCHEMA="web", SESSION_SQLALCHEMY_SEQUENCE="numbers")
    store, sid = open_sql(app), key()
    put(store, sid, b"x")
    put(store, key(), b"x")
    assert rows(address, "SELECT id FROM web.sessions ORDER BY id") == [(1,), (2,)]
    assert rows(address, "SELECT last_value FROM numbers") == [(2,)]


def test_a_row_that_has_expired_or_has_no_expiry_is_absent_and_makes_room(address: str) -> None:
    store = at_sql.at(address)
    set_expiry = "UPDATE sessions SET expiry = :expiry WHERE session_id = :sid"
    for expiry in (None, datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(seconds=2)):
        sid, now = key(), clock.now()
        put(store, sid, b"old")
        change(address, set_expiry, expiry=expiry, sid=sid)
        old = Loaded(b"old")
        assert store.load(sid, now) is None
        assert store.swap(sid, old, b"late", HOUR, now) == Conflict(None)
        assert store.swap(sid, old, None, None, now) == Conflict(None)
        assert isinstance(store.swap(sid, None, b"new", HOUR, now), Done)
        loaded = store.load(sid, now)
        assert loaded is not None and loaded.record == b"new"
        # A process whose clock is behind would take it for a living one.
        change(address, set_expiry, expiry=expiry, sid=sid)
        assert store.delete(sid, now) is False
        assert rows(address, f"SELECT * FROM sessions WHERE session_id = '{sid}'") == []


def test_a_swap_that_changes_nothing_is_done(address: str) -> None:
    store, sid, now = at_sql.at(address), key(), clock.now()
    assert isinstance(store.swap(sid, None, b"x", HOUR, now), Done)
    for _ in range(2):
        assert isinstance(store.swap(sid, Loaded(b"x"), b"x", HOUR, now), Done)
        assert isinstance(store.swap(sid, Loaded(b"x"), b"x", None, now), Done)


def test_moments_in_sqlite_have_flask_sessions_form_and_are_read_in_others(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'sessions.db'}"
    store, sid = at_sql.at(address), key()
    now = 1_706_875_445.678901
    assert isinstance(store.swap(sid, None, b"x", HOUR, now), Done)
    assert rows(address, "SELECT expiry FROM sessions") == [("2024-02-02 13:04:05.678901",)]
    for form in ("2024-02-02T13:04:05.678901", "2024-02-02 13:04:05", "2024-02-02 13:04:05.678"):
        change(address, "UPDATE sessions SET expiry = :form", form=form)
        loaded = store.load(sid, now)
        assert loaded is not None and loaded.expires is not None
        assert int(loaded.expires) == int(now) + HOUR
        assert store.load(sid, now + HOUR) is None
    change(address, "UPDATE sessions SET expiry = '2024-02-02 13:04:05Q'")
    loaded = store.load(sid, now)
    assert loaded is not None and loaded.expires is None
    # The library keeps a text as one, in whatever column.
    change(address, "UPDATE sessions SET data = 'text'")
    loaded = store.load(sid, now)
    assert loaded is not None and loaded.record == b"text"
    assert isinstance(store.swap(sid, loaded, b"y", HOUR, now), Done)


def test_keys_that_differ_in_case_alone_are_two_in_mariadb(request: pytest.FixtureRequest) -> None:
    address = at_sql.mariadb(request)
    store = at_sql.at(address)
    put(store, "session:Abc", b"x")
    assert store.load("session:abc", clock.now()) is None
    assert store.swap("session:abc", Loaded(b"x"), b"y", HOUR, clock.now()) == Conflict(None)
    assert store.delete("session:abc", clock.now()) is False
    loaded = store.load("session:Abc", clock.now())
    assert loaded is not None and loaded.record == b"x"


def test_purge_removes_what_has_expired_and_nothing_else(address: str) -> None:
    store, now = at_sql.at(address), clock.now()
    living, expired = key(), [key() for _ in range(1_001)]
    put(store, living, b"x")
    end = datetime.fromtimestamp(now, timezone.utc).replace(tzinfo=None) - timedelta(seconds=2)
    app, db = application(address)
    with app.app_context(), db.engine.begin() as connection:
        insert = text("INSERT INTO sessions (session_id, data, expiry) VALUES (:sid, :data, :end)")
        connection.execute(insert, [{"sid": sid, "data": b"x", "end": end} for sid in expired])
    assert store.purge(now) == 1_001
    assert store.purge(now) == 0
    assert rows(address, "SELECT session_id FROM sessions") == [(living,)]


def test_connections_go_with_those_of_the_application(
    request: pytest.FixtureRequest, postgres_server: Postgres
) -> None:
    address = at_sql.postgres(request)
    app, db = application(address)
    store = open_sql(app)
    put(store, "session:x", b"x")
    with app.app_context():
        db.engine.dispose()
    # The server refuses while anybody is connected.
    database = address.rpartition("/")[2]
    postgres_server.query(f"ALTER DATABASE {database} RENAME TO {database}_moved")
    postgres_server.query(f"ALTER DATABASE {database}_moved RENAME TO {database}")
    assert store.load("session:x", clock.now()) is not None


def test_a_server_that_has_become_read_only_is_left_for_the_one_that_writes(
    request: pytest.FixtureRequest, postgres_server: Postgres
) -> None:
    address = at_sql.postgres(request)
    store = at_sql.at(address)
    put(store, "session:x", b"x")
    # New connections get to a server that writes, as after a failover.
    store._connections.fetch(text("SET default_transaction_read_only = on; SELECT 1"), {})
    error = failure(lambda: store.swap("session:x", Loaded(b"x"), b"y", HOUR, clock.now()))
    assert "read-only" in str(error) and not error.is_open
    assert isinstance(store.swap("session:x", Loaded(b"x"), b"y", HOUR, clock.now()), Done)


# Errors


def test_a_statement_that_the_database_refuses_has_written_nothing_and_quotes_nothing(address: str) -> None:
    store, sid = at_sql.at(address), key()
    put(store, sid, b"x")
    change(address, "ALTER TABLE sessions RENAME COLUMN data TO other")
    loaded = Loaded(b"secret of theirs")
    for call in (
        lambda: store.load(sid, clock.now()),
        lambda: store.swap(sid, None, b"secret of mine", HOUR, clock.now()),
        lambda: store.swap(sid, loaded, b"secret of mine", HOUR, clock.now()),
    ):
        assert not failure(call, sid, "secret").is_open or address.startswith("sqlite")


def test_a_connection_that_is_lost_in_a_statement_leaves_open_whether_it_was_done(
    request: pytest.FixtureRequest, postgres_server: Postgres
) -> None:
    address = at_sql.postgres(request)
    store, sid = at_sql.at(address), key()
    put(store, sid, b"x")
    database = address.rpartition("/")[2]
    waiting = f"FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    app, db = application(address)
    with app.app_context(), ThreadPoolExecutor(1) as pool:
        db.session.execute(text("SELECT * FROM sessions FOR UPDATE"))
        swapped = pool.submit(store.swap, sid, Loaded(b"x"), b"y", HOUR, clock.now())
        until(lambda: postgres_server.query(f"SELECT COUNT(*) {waiting}") == "1\n", "waiting for the row")
        postgres_server.query(f"SELECT pg_terminate_backend(pid) {waiting}")
        assert failure(lambda: swapped.result(PATIENCE), sid).is_open


def test_connections_that_have_ended_meanwhile_are_replaced_and_an_outage_has_written_nothing(
    request: pytest.FixtureRequest, mariadb_server: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sid = at_sql.at(at_sql.mariadb(request)), key()
    put(store, sid, b"1")
    try:
        mariadb_server.restart()
        loaded = store.load(sid, clock.now())
        assert loaded is not None and loaded.record == b"1"
        # A write can't be repeated, so a connection that was quiet is asked first.
        monkeypatch.setattr(connections, "_QUIET", 0.0)
        mariadb_server.restart()
        assert isinstance(store.swap(sid, loaded, b"2", HOUR, clock.now()), Done)
        mariadb_server.kill()
        assert not failure(lambda: store.load(sid, clock.now()), sid).is_open
        assert not failure(lambda: store.swap(sid, Loaded(b"2"), b"3", HOUR, clock.now()), sid).is_open
    finally:
        mariadb_server.restart()
    loaded = store.load(sid, clock.now())
    assert loaded is not None and loaded.record == b"2"


def test_a_lock_on_the_file_is_waited_for_and_is_an_error_in_the_end(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'sessions.db'}"
    app, _ = application(address, SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.1}})
    impatient, patient, sid = open_sql(app), at_sql.at(address), key()
    put(patient, sid, b"x")
    other = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(patient.swap, sid, Loaded(b"x"), b"y", HOUR, clock.now())
        assert not failure(lambda: impatient.swap(sid, Loaded(b"x"), b"z", HOUR, clock.now()), sid).is_open
        other.execute("COMMIT")
        assert isinstance(waiting.result(PATIENCE), Done)
    other.close()


def test_a_record_that_mariadb_would_cut_off_is_refused(request: pytest.FixtureRequest) -> None:
    store, sid = at_sql.at(at_sql.mariadb(request)), key()
    put(store, sid, b"x")
    error = failure(lambda: store.swap(sid, Loaded(b"x"), b"y" * 65_536, HOUR, clock.now()), sid)
    assert "65536 bytes" in str(error) and not error.is_open


# Configuration


def test_a_forked_process_has_connections_of_its_own(server_address: str) -> None:
    app, _ = application(server_address)
    store = open_sql(app)
    put(store, key(), b"x")
    number = {"postgresql": "SELECT pg_backend_pid()"}.get(store._connections.kind, "SELECT connection_id()")

    def connection() -> int:
        return int(store._connections.fetch(text(number), {})[0][0])

    ours, (reading, writing) = connection(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(connection()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 100)) != ours
    assert connection() == ours


def refused(app: Flask) -> str:
    with pytest.raises(ConfigurationError) as error:
        open_sql(app)
    return str(error.value)


def test_what_can_not_be_a_table_of_sessions_is_refused_with_what_to_write() -> None:
    app, db = application("sqlite://")
    app.config["SESSION_SQLALCHEMY"] = "sqlite://"
    assert "not a str" in refused(app)
    del app.config["SESSION_SQLALCHEMY"]
    assert 'app.config["SESSION_SQLALCHEMY"] = db' in refused(app)
    assert "init_app" in refused(app_with(SESSION_SQLALCHEMY=SQLAlchemy()))
    app, db = application("sqlite://", SESSION_SQLALCHEMY_BIND_KEY="web")
    assert "SQLALCHEMY_BINDS" in refused(app)
    app, db = application("sqlite://", SESSION_SQLALCHEMY_TABLE="users")
    db.Table("users", Column("id", Integer, primary_key=True))
    assert "'users'" in refused(app)
    app, db = application("sqlite://", SESSION_KEY_PREFIX="p" * 186)
    assert "SESSION_KEY_PREFIX" in refused(app)
    app, db = application("sqlite://", SESSION_SQLALCHEMY_TABLE="")
    assert "the name of a table" in refused(app)


def test_without_a_database_object_there_is_one_as_flask_session_makes_it() -> None:
    app = app_with(SQLALCHEMY_DATABASE_URI="sqlite://")
    with pytest.warns(RuntimeWarning, match="SESSION_SQLALCHEMY"):
        put(open_sql(app), key(), b"x")
