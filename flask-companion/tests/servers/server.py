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
