"""Connections of the store's own to the application's database, and statements on them."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Mapping, Optional, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Row, Table, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.sql import Executable

from ..store import StoreError
from .answers import Answers, code_of

_Result = TypeVar("_Result")

#: The number of attempts at a statement that the database has undone, so that others could go on.
_ATTEMPTS = 5

#: The age in seconds from which an unused connection is asked for a sign of life first.
_QUIET = 1.0

#: The time in seconds that a thread waits for the others of this process to write to a SQLite file.
_TURN = 5.0


class Connections:
    """Connections to the database of an engine, by its settings, in a pool beside its own.

    Each statement is a transaction of its own, and the application's are none of its business. None ever
    waits for a connection that a request of the application's keeps until its end: were both in one pool, as
    many such requests as it has connections would wait for each other.
    """

    def __init__(self, engine: Engine, table: Table) -> None:
        self.kind = engine.dialect.name
        self._of_application = engine
        self._table = table
        self._answers = Answers.of(self.kind)
        self._engine: Optional[Engine] = None
        self._opening = threading.Lock()
        self._opened_by = 0
        self._turn = threading.Lock()
        event.listen(engine, "engine_disposed", self._dispose)

    def fetch(self, query: Executable, values: Mapping[str, object]) -> List[Row[Any]]:
        """Returns the rows that a query finds.

        :raises StoreError: never an open one.
        """
        return self._run(lambda connection: list(connection.execute(query, values)), writes=False)

    def change(self, statement: Executable, values: Mapping[str, object]) -> int:
        """Runs a statement, and returns how many rows it has found to change.

        An insertion that meets another row with its key has changed none.

        :raises StoreError: it is open if the statement may have been done.
        """

        def run(connection: Connection) -> int:
            try:
                result = connection.execute(statement, values)
            except IntegrityError as error:
                if code_of(self.kind, error.orig) in self._answers.duplicate:
                    return 0
                raise
            assert isinstance(result, CursorResult)
            # It is done already, unless a listener of the application's has begun a transaction.
            connection.commit()
            return result.rowcount

        return self._run(run, writes=True)

    def _run(self, work: Callable[[Connection], _Result], *, writes: bool) -> _Result:
        attempt = 0
        uncreated: Optional[Exception] = None
        while True:
            attempt += 1
            with self._connected(writes) as connection:
                try:
                    return work(connection)
                except DBAPIError as error:
                    code = code_of(self.kind, error.orig)
                    kind, lost = type(error.orig).__name__, error.connection_invalidated
                    self._part_with(connection, code)
                except Exception as error:
                    # The driver's refusal of a value, which it may quote.
                    text = f"the database driver failed ({type(error).__name__})"
                    raise StoreError(text, is_open=writes) from None
            lacks_table = code in self._answers.no_table
            # Nothing has happened in each of these cases, so trying again repeats nothing.
            if attempt < _ATTEMPTS and (code in self._answers.gave_way or (lost and not writes)):
                continue
            if attempt == 1 and lacks_table:
                uncreated = self._create_table()
                continue
            text = f"{self._answers.describe(code)} ({kind})"
            if lacks_table and uncreated is not None:
                # Nothing of a session is in the statement that has failed there.
                raise StoreError(f"{text}, and can't be created", is_open=False) from uncreated
            # The cause quotes statements, with the ids and records in them.
            raise StoreError(text, is_open=writes and (lost or self._answers.is_open(code))) from None

    def _part_with(self, connection: Connection, code: str) -> None:
        """Closes a connection that met an error: its server may only read since it has failed over."""
        is_ours = code in self._answers.gave_way or code in self._answers.no_table
        if self.kind != "sqlite" and not is_ours:
            connection.invalidate()

    def _create_table(self) -> Optional[Exception]:
        """Creates the table as Flask-Session does.

        :return: why not: another process may have been faster, which databases answer with all kinds of
            errors.
        """
        with self._connected(writes=True) as connection:
            try:
                self._table.create(connection, checkfirst=True)
                connection.commit()
            except DBAPIError as error:
                return error
        return None

    @contextmanager
    def _connected(self, writes: bool) -> Iterator[Connection]:
        engine = self._opened()
        # A SQLite file has one writer at a time. Here they wait in turn; at its lock, the luckiest would win.
        # What all threads share is a connection to a database in memory.
        in_turn = self.kind == "sqlite" and (writes or isinstance(engine.pool, StaticPool))
        if in_turn and not self._turn.acquire(timeout=_TURN):
            raise StoreError("other threads have held the file's lock for too long", is_open=False)
        try:
            try:
                connection = engine.connect()
            except Exception as error:
                raise StoreError("there is no connection to the database", is_open=False) from error
            with connection:
                yield connection
        finally:
            if in_turn:
                self._turn.release()

    def _opened(self) -> Engine:
        # When it is first needed: the application may still set up its engine after it has attached sessions.
        with self._opening:
            if self._engine is not None and self._opened_by != os.getpid():
                # Those of the process from which this one was forked: their answers are its answers.
                self._engine.dispose(close=False)
                self._engine = None
            if self._engine is None:
                self._engine = _engine_beside(self._of_application)
                self._opened_by = os.getpid()
            return self._engine

    def _dispose(self, _: Engine) -> None:
        """Closes all connections when the application closes its own: before it drops a database, or in a fork."""
        with self._opening:
            engine, self._engine = self._engine, None
        if engine is not None:
            # Those of the process that was forked are not this one's to close.
            engine.dispose(close=self._opened_by == os.getpid())


def _engine_beside(engine: Engine) -> Engine:
    """Returns an engine of the same database with a pool of its own, of connections without transactions."""
    beside = create_engine(
        engine.url, pool=engine.pool.recreate(), isolation_level="AUTOCOMMIT", hide_parameters=True
    )
    if engine.dialect.name != "sqlite":
        _ask_for_signs_of_life(beside)
    return beside


def _ask_for_signs_of_life(engine: Engine) -> None:
    """Replaces connections that have ended while nobody used them, before a statement gets lost on them."""

    @event.listens_for(engine, "checkin")
    def note(connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, entry: ConnectionPoolEntry, proxy: Any) -> None:
        now = time.monotonic()
        if now - entry.info.get("used", now) < _QUIET:
            return
        try:
            is_alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            is_alive = False
        if not is_alive:
            # The others may be as dead.
            raise InvalidatePoolError()
