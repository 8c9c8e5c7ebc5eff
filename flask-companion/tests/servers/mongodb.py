"""A server that speaks MongoDB's protocol."""

from __future__ import annotations

from pathlib import Path

from .process import Folder, Process, answers, free_port
from .server import Server

PROGRAM = Path(__file__).resolve().parents[3] / "tests/.venv-mongodb/bin/secantusd-py"


class MongoDb(Server):
    """A server. What was acknowledged survives ``kill`` and ``restart``."""

    def __init__(self) -> None:
        folder = Folder()
        super().__init__(free_port(), folder)
        self._path = folder.path
        self.start()

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [PROGRAM, "--standalone", "--host", "127.0.0.1", "--log-level", "ERROR", "--sync-on-commit"]
        command += ["--port", self.port, "--storage-path", self._path / "data"]
        self.process = Process(command, "scripts/install.sh")
        self.process.wait_until("ready", lambda: answers(self.port))
