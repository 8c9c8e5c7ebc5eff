"""Flask-Session's table, as the application's Flask-SQLAlchemy object knows it."""

from __future__ import annotations

from typing import Optional

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, DateTime, Integer, LargeBinary, Sequence, String, Table

from ...settings import ConfigurationError

_COLUMNS = frozenset({"id", "session_id", "data", "expiry"})


def session_table(
    db: SQLAlchemy, name: str, schema: Optional[str], sequence: Optional[str], bind_key: Optional[str]
) -> Table:
    """Returns the table, which is made known to the database object unless it is already.

    Migrations look there for the tables that are to exist: one that is not known they would drop.

    :raises ConfigurationError: another table has the name.
    """
    metadata = db.metadatas.get(bind_key)
    if metadata is not None:
        within = schema or metadata.schema
        known = metadata.tables.get(f"{within}.{name}" if within else name)
        if known is not None and not _COLUMNS <= set(known.columns.keys()):
            raise ConfigurationError(f"SESSION_SQLALCHEMY_TABLE is {name!r}, which is another table")
        if known is not None:
            return known
    table: Table = db.Table(
        name,
        Column("id", Integer, *([Sequence(sequence)] if sequence else []), primary_key=True),
        Column("session_id", String(255), unique=True),
        Column("data", LargeBinary),
        Column("expiry", DateTime),
        bind_key=bind_key,
        # Without a schema of its own it has that of the metadata, if there is one.
        **({"schema": schema} if schema else {}),
    )
    return table
