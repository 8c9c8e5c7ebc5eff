"""memcached."""

from __future__ import annotations

from .process import Process, answers, free_port
from .server import Server


class Memcached(Server):
    """A server."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(free_port())
        self._arguments = arguments
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        # It does not run as root; another user's name is ignored if it is not.
        command = ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", self.port]
        self.process = Process([*command, *self._arguments], "apt-get install -y memcached")
        self.process.wait_until("ready", lambda: answers(self.port))
