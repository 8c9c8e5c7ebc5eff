"""The store that an application's configuration describes."""

from __future__ import annotations

import math
import warnings
from typing import Any, Mapping, Optional

from flask import Flask
from flask_session.defaults import Defaults
from flask_sqlalchemy import SQLAlchemy

from ...settings import ConfigurationError
from .statements import KINDS
from .store import SqlStore
from .table import session_table


#: The characters of Flask-Session's key column. PostgreSQL would refuse a longer key at the first log-in.
_LONGEST_KEY = 255

#: Those of the key of a user's list behind the prefix.
_LIST_CHARACTERS = len("~user:") + 64


def open_sql(app: Flask) -> SqlStore:
    """Opens the table of ``SESSION_SQLALCHEMY``, by Flask-Session's keys. Nothing is connected yet.

    :raises ConfigurationError: the database object is none, is not attached, or is one of a kind of databases
        that has no store here.
    """
    config = app.config
    db = _database(app)
    bind_key = _name(config, "SESSION_SQLALCHEMY_BIND_KEY")
    name = _name(config, "SESSION_SQLALCHEMY_TABLE")
    if name is None:
        raise ConfigurationError("SESSION_SQLALCHEMY_TABLE is the name of a table")
    if app.extensions.get("sqlalchemy") is not db:
        raise ConfigurationError(
            "SESSION_SQLALCHEMY is not attached to the application: call its init_app(app) before Session's"
        )
    with app.app_context():
        engine = db.engines.get(bind_key)
    if engine is None:
        missing = "SQLALCHEMY_DATABASE_URI" if bind_key is None else f"{bind_key!r} in SQLALCHEMY_BINDS"
        raise ConfigurationError(f"SESSION_SQLALCHEMY_BIND_KEY is {bind_key!r}, and there is no {missing}")
    if engine.dialect.name not in KINDS:
        raise ConfigurationError(
            f"SESSION_SQLALCHEMY is a database of {engine.dialect.name}: sessions are kept in SQLite, "
            "PostgreSQL, MySQL or MariaDB; name another one by SESSION_SQLALCHEMY_BIND_KEY"
        )
    _check_keys(config)
    schema = _name(config, "SESSION_SQLALCHEMY_SCHEMA")
    sequence = _name(config, "SESSION_SQLALCHEMY_SEQUENCE")
    return SqlStore(engine, session_table(db, name, schema, sequence, bind_key))


def _database(app: Flask) -> SQLAlchemy:
    db = app.config.get("SESSION_SQLALCHEMY", Defaults.SESSION_SQLALCHEMY)
    if isinstance(db, SQLAlchemy):
        return db
    if db is not None:
        kind = type(db).__name__
        raise ConfigurationError(f"SESSION_SQLALCHEMY is Flask-SQLAlchemy's object, not a {kind}")
    if "sqlalchemy" in app.extensions:
        raise ConfigurationError(
            "SESSION_SQLALCHEMY is not set, and the application has a database: "
            'write app.config["SESSION_SQLALCHEMY"] = db'
        )
    text = "SESSION_SQLALCHEMY is not set: sessions have a database object of their own"
    warnings.warn(text, RuntimeWarning, stacklevel=4)
    return SQLAlchemy(app)


def _check_keys(config: Mapping[str, Any]) -> None:
    prefix = config.get("SESSION_KEY_PREFIX", Defaults.SESSION_KEY_PREFIX)
    bytes_of_id = config.get("SESSION_ID_LENGTH", Defaults.SESSION_ID_LENGTH) or Defaults.SESSION_ID_LENGTH
    characters = max(math.ceil(bytes_of_id * 4 / 3), _LIST_CHARACTERS)
    if len(prefix) + characters > _LONGEST_KEY:
        raise ConfigurationError(
            f"SESSION_KEY_PREFIX and what follows it in a key, up to {characters} characters by SESSION_ID_LENGTH "
            f"or of the list of a user's sessions, must have at most {_LONGEST_KEY} together in a SQL table"
        )


def _name(config: Mapping[str, Any], key: str) -> Optional[str]:
    value = config.get(key, getattr(Defaults, key))
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{key} is a name")
    return value or None
