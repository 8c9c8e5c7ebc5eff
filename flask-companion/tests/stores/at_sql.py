"""How a test opens a store in a database."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from flask_session_swap.stores.sql import SqlStore, open_sql

from .place import Place, app_with


def at(address: str) -> SqlStore:
    """Opens the table of a database, as an application with a database object of its own."""
    app = app_with(SQLALCHEMY_DATABASE_URI=address)
    app.config["SESSION_SQLALCHEMY"] = db = SQLAlchemy(app)
    store = open_sql(app)
    if address.startswith("sqlite:"):
        with app.app_context():
            event.listen(db.engine, "connect", _survives_no_power_cut)
    return store


def _survives_no_power_cut(connection: Any, _: object) -> None:
    """Saves the time that a test would wait for the disk."""
    connection.execute("PRAGMA synchronous = OFF")


def sqlite(request: pytest.FixtureRequest) -> str:
    folder: Path = request.getfixturevalue("tmp_path")
    return f"sqlite:///{folder / 'sessions.db'}"


def postgres(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_server").create("sessions_" + secrets.token_hex(8)))


def mariadb(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("mariadb_server").create("sessions_" + secrets.token_hex(8)))


IN_SQLITE = Place(sqlite, at)
IN_POSTGRES = Place(lambda request: str(request.getfixturevalue("postgres_server").shared()), at)
IN_MARIADB = Place(lambda request: str(request.getfixturevalue("mariadb_server").shared()), at, fits=65_535)
