"""MariaDB."""

from __future__ import annotations

from .process import Folder, Process, free_port, run
from .server import DatabaseServer

INSTALL = "apt-get install -y mariadb-server"

#: The user of the tests, who may do everything.
START = (
    "CREATE USER IF NOT EXISTS flask@'127.0.0.1' IDENTIFIED BY 'pass/word';\n"
    "GRANT ALL ON *.* TO flask@'127.0.0.1' WITH GRANT OPTION;\n"
)


class MariaDb(DatabaseServer):
    """A server, whose databases are made by ``create``."""

    def __init__(self) -> None:
        folder = Folder()
        super().__init__(free_port(), folder)
        self._path = folder.path
        (self._path / "start.sql").write_text(START)
        # Servers that run side by side would give their temporary tables the same names.
        self._environment = {"TMPDIR": str(self._path)}
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={self._path / 'data'}"]
        install += ["--user=root", "--skip-test-db", "--auth-root-authentication-method=normal"]
        run(install, self._environment)
        self.start()

    def url(self, database: str) -> str:
        """Returns the address of a database, as SQLAlchemy spells it."""
        return f"mysql+pymysql://flask:pass%2Fword@127.0.0.1:{self.port}/{database}"

    def query(self, statement: str, database: str = "mysql") -> str:
        """Returns the result of a statement: a line for each row, ``|`` between columns."""
        client = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--port", self.port]
        client += ["--user=flask", "--password=pass/word", "--batch", "--skip-column-names"]
        return run([*client, "-e", statement, database]).replace("\t", "|")

    def start(self) -> None:
        folder = self._path
        command = ["mariadbd", "--no-defaults", "--user=root", "--bind-address=127.0.0.1"]
        command += ["--skip-name-resolve"]
        command += [f"--port={self.port}", f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}"]
        command += [f"--pid-file={folder / 'pid'}", f"--init-file={folder / 'start.sql'}"]
        # What was acknowledged survives a kill, though not a power cut.
        self.process = Process([*command, "--innodb-flush-log-at-trx-commit=2"], INSTALL, self._environment)
        self.process.wait_until("ready", self.answers)
