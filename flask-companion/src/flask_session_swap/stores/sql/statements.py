"""The statements of a store, as one kind of database wants them."""

from __future__ import annotations

from typing import Any, Mapping

from sqlalchemy import DateTime, LargeBinary, String, Table, Text
from sqlalchemy import and_, bindparam, cast, delete, func, insert, or_, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.sql import ColumnElement, Delete, Executable, Select, Update

#: The kinds of databases, by SQLAlchemy's names, whose statements are known.
KINDS = ("sqlite", "postgresql", "mysql", "mariadb")

#: Rows that are deleted at a time: few enough for no request to wait long, enough for few round trips.
BATCH = 500


class Statements:
    """Statements on a table, and in their comments the names of their values."""

    def __init__(self, table: Table, kind: str) -> None:
        columns = table.c
        data: ColumnElement[Any] = columns.data
        expiry: ColumnElement[Any] = columns.expiry
        end: ColumnElement[Any] = columns.expiry
        now: ColumnElement[Any] = bindparam("now", type_=DateTime)
        this: ColumnElement[bool] = columns.session_id == bindparam("key", type_=String)
        if kind == "sqlite":
            # Rows of others may have a text for the record, and a `T` in the time, or a time that only they
            # can read.
            data = cast(data, LargeBinary)
            expiry = func.replace(expiry, "T", " ", type_=DateTime())
            end = cast(columns.expiry, Text)
        elif kind in ("mysql", "mariadb"):
            # By the index, which ignores case and trailing spaces, then byte by byte.
            key_bytes = bindparam("key_bytes", type_=LargeBinary)
            this = and_(this, cast(columns.session_id, LargeBinary) == key_bytes)
            # The columns have whole seconds; a moment that is compared with them has a fraction.
            now = cast(now, mysql.DATETIME(fsp=6))
        alive, is_over = expiry > now, expiry <= now
        unchanged = and_(this, data == bindparam("expected", type_=LargeBinary), alive)
        record = {"data": bindparam("record", type_=LargeBinary)}
        with_end = {**record, "expiry": bindparam("end", type_=DateTime)}
        new_key = {"session_id": bindparam("new_key", type_=String)}
        self._knows_key_as_bytes = kind in ("mysql", "mariadb")

        #: The columns ``data`` and ``expiry``. Values: key, now.
        self.load: Select[Any] = select(data.label("data"), end.label("expiry")).where(this, alive)
        #: Inserts unless there is a row, expired or not. Values: new_key, record, end.
        self.insert: Executable = _insert(table, kind, {**new_key, **with_end})
        #: Makes an expired row a new one. Values: key, record, end, now.
        self.take_over: Update = update(table).where(this, or_(expiry.is_(None), is_over)).values(with_end)
        #: Values: key, expected, record, end, now.
        self.replace: Update = update(table).where(unchanged).values(with_end)
        #: Values: key, expected, record, now.
        self.replace_only: Update = update(table).where(unchanged).values(record)
        #: Values: key, expected, now.
        self.remove: Delete = delete(table).where(unchanged)
        #: Values: key, now.
        self.delete_living: Delete = delete(table).where(this, alive)
        #: Values: key.
        self.delete_any: Delete = delete(table).where(this)
        #: The ids of at most ``BATCH`` expired rows. Values: now.
        self.find_expired: Select[Any] = select(columns.id).where(is_over).limit(BATCH)
        #: Deletes those of these rows that are still expired. Values: ids, now.
        self.purge: Delete = delete(table).where(columns.id.in_(bindparam("ids", expanding=True)), is_over)

    def values(self, key: str, **others: object) -> Mapping[str, object]:
        """Returns the values of a statement that looks for the row of a key."""
        if self._knows_key_as_bytes:
            return {"key": key, "key_bytes": key.encode(), **others}
        return {"key": key, **others}


def _insert(table: Table, kind: str, values: Mapping[str, Any]) -> Executable:
    """Returns an insertion that does nothing where a row is; MySQL's answers an error then."""
    if kind == "sqlite":
        into_file = sqlite.insert(table).inline().values(values)
        return into_file.on_conflict_do_nothing(index_elements=["session_id"])
    if kind == "postgresql":
        into_server = postgresql.insert(table).inline().values(values)
        return into_server.on_conflict_do_nothing(index_elements=["session_id"])
    return insert(table).inline().values(values)
