"""PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from .process import Folder, Process, free_port, run
from .server import DatabaseServer

INSTALL = "apt-get install -y postgresql"


class Postgres(DatabaseServer):
    """A server, whose databases are made by ``create``."""

    # SIGKILL would end one process of many; at this signal all of them drop everything.
    KILLED_BY = signal.SIGQUIT

    def __init__(self) -> None:
        folder = Folder()
        super().__init__(free_port(), folder)
        self._path = folder.path
        if os.geteuid() == 0:
            shutil.chown(self._path, "postgres")
        self._data = self._path / "data"
        run([
            *_program("initdb"), "--pgdata", self._data, "--username", "flask", "--auth", "trust",
            "--encoding", "UTF8", "--no-locale", "--no-sync",
        ])
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Returns the address of a database, as SQLAlchemy spells it."""
        return f"postgresql+psycopg2://flask@127.0.0.1:{self.port}/{database}"

    def query(self, statement: str, database: str = "postgres") -> str:
        """Returns the result of a statement: a line for each row, ``|`` between columns."""
        client = ["psql", "-h", "127.0.0.1", "-p", self.port, "-U", "flask", "-d", database, "--no-psqlrc"]
        client += ["--quiet", "--no-align", "--tuples-only", "-v", "ON_ERROR_STOP=1"]
        return run([*client, "-c", statement])

    def start(self) -> None:
        command = [*_program("postgres"), "-D", self._data, "-p", self.port]
        settings = ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=16MB"]
        for setting in [*settings, f"unix_socket_directories={self._data}"]:
            command += ["-c", setting]
        self.process = Process(command, INSTALL)
        self.process.wait_until("ready", self.answers)


def _program(name: str) -> "list[str]":
    """Returns a program of the server, which refuses to run as root."""
    # Debian keeps them, by version, where nobody looks for programs.
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(versions[-1]) if versions else name
    if os.geteuid() != 0:
        return [program]
    user = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return ["setpriv", *user, "--pdeathsig", "KILL", program]
