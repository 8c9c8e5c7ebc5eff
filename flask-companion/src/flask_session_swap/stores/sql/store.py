"""Records as rows of a table: the store's calls as statements, the same for every kind of database."""

from __future__ import annotations

from typing import Optional

from sqlalchemy import Engine, Table

from ..store import Conflict, Done, Loaded, StoreError, Swapped
from .connections import Connections
from .moments import moment, unix_time
from .statements import BATCH, Statements

#: The longest record in bytes that MySQL's ``BLOB`` holds: depending on its mode, the server cuts off the
#: rest without a word.
_LARGEST_IN_MYSQL = 65_535


class SqlStore:
    """Sessions in SQLite, PostgreSQL, MySQL or MariaDB, in Flask-Session's own table.

    The table is created when a statement finds it missing. A load is one statement. A swap is one conditional
    statement on the data that was loaded; where it meets a conflict, another one reads what is there now. The
    time that a call is given decides what has expired, never the database's clock. Expired rows are absent at
    once, as rows without an expiry are; ``purge`` deletes them.

    None of it goes through the application's database session: work of the application's that is not
    committed yet is neither committed nor rolled back.
    """

    pickles = False

    def __init__(self, engine: Engine, table: Table) -> None:
        self._connections = Connections(engine, table)
        self._statements = Statements(table, self._connections.kind)
        self._largest = _LARGEST_IN_MYSQL if self._connections.kind in ("mysql", "mariadb") else None

    def load(self, key: str, now: float) -> Optional[Loaded]:
        """Returns the record under a key."""
        statements = self._statements
        rows = self._connections.fetch(statements.load, statements.values(key, now=moment(now)))
        if not rows:
            return None
        row = rows[0]
        if row.data is None:
            raise StoreError("a row of the sessions' table has no data", is_open=False)
        return Loaded(bytes(row.data), unix_time(row.expiry))

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        """Replaces the record under a key, if it is still the one that is expected."""
        if new is not None and self._largest is not None and len(new) > self._largest:
            text = f"a record of {len(new)} bytes is too large: the table holds at most {self._largest}"
            raise StoreError(text, is_open=False)
        if new is None:
            done = expected is not None and self._remove(key, expected, now)
        elif expected is None:
            done = self._create(key, new, lifetime, now)
        else:
            done = self._replace(key, expected, new, lifetime, now)
        if done:
            return Done()
        current = self.load(key, now)
        return Done() if current is None and expected is None and new is None else Conflict(current)

    def delete(self, key: str, now: float) -> bool:
        """Removes the record under a key, whatever it is.

        A row that has expired goes, too: to another process, whose clock is behind, it may be alive.
        """
        statements = self._statements
        values = statements.values(key, now=moment(now))
        if self._connections.change(statements.delete_living, values) > 0:
            return True
        self._connections.change(statements.delete_any, statements.values(key))
        return False

    def purge(self, now: float) -> int:
        """Deletes the rows that have expired, and returns how many they were."""
        removed = 0
        while True:
            rows = self._connections.fetch(self._statements.find_expired, {"now": moment(now)})
            if rows:
                ids = [row.id for row in rows]
                removed += self._connections.change(self._statements.purge, {"ids": ids, "now": moment(now)})
            if len(rows) < BATCH:
                return removed

    def _create(self, key: str, new: bytes, lifetime: Optional[int], now: float) -> bool:
        """Writes a record where no living one is. A row that has expired is made a new one."""
        statements, end = self._statements, moment(now, lifetime or 0)
        if self._connections.change(statements.insert, {"new_key": key, "record": new, "end": end}) > 0:
            return True
        values = statements.values(key, record=new, end=end, now=moment(now))
        return self._connections.change(statements.take_over, values) > 0

    def _replace(self, key: str, expected: Loaded, new: bytes, lifetime: Optional[int], now: float) -> bool:
        statements = self._statements
        values = statements.values(key, record=new, expected=expected.record, now=moment(now))
        if lifetime is None:
            return self._connections.change(statements.replace_only, values) > 0
        values = {**values, "end": moment(now, lifetime)}
        return self._connections.change(statements.replace, values) > 0

    def _remove(self, key: str, expected: Loaded, now: float) -> bool:
        statements = self._statements
        values = statements.values(key, expected=expected.record, now=moment(now))
        return self._connections.change(statements.remove, values) > 0
