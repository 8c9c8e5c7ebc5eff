"""What all servers of tests have in common."""

from __future__ import annotations

import signal
from typing import Optional

from .process import Folder, Process


class Server:
    """A server on a port of its own. ``restart`` starts it anew there, with what it keeps in its folder."""

    process: Process
    #: The signal that ends it in the middle of whatever it does.
    KILLED_BY = signal.SIGKILL

    def __init__(self, port: int, folder: Optional[Folder] = None) -> None:
        self.port = port
        self._folder = folder

    def start(self) -> None:
        """Starts it, and waits until it is ready."""
        raise NotImplementedError

    def kill(self) -> None:
        self.process.kill(self.KILLED_BY)

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        """Ends it, and removes what it has kept."""
        self.kill()
        if self._folder is not None:
            self._folder.remove()


class DatabaseServer(Server):
    """A server of databases, which tests make."""

    _shared: Optional[str] = None

    def url(self, database: str) -> str:
        """Returns the address of a database, as SQLAlchemy spells it."""
        raise NotImplementedError

    def query(self, statement: str) -> str:
        """Returns the result of a statement: a line for each row, ``|`` between columns."""
        raise NotImplementedError

    def create(self, database: str) -> str:
        """Creates a database, and returns its address."""
        self.query(f"CREATE DATABASE {database}")
        return self.url(database)

    def shared(self) -> str:
        """Returns the address of the database that tests share which have keys of their own."""
        if self._shared is None:
            self._shared = self.create("shared")
        return self._shared

    def answers(self) -> bool:
        """Tells whether it is ready."""
        try:
            return self.query("SELECT 1") == "1\n"
        except AssertionError:
            return False
